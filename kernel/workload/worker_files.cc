// Writers and readers: they fight for the locks of a few shared files.
#include "core/print.hh"
#include "workload/worker.hh"

namespace sprout::workload {

namespace {

constexpr usize piece_bytes = Files::piece_words * sizeof(u64);

Result<void> all_of(Result<usize> done, usize wanted)
{
    if (done.is_error())
        return done.error();
    return done.value() == wanted ? Result<void>() : Error::io;
}

} // namespace

Result<void> Worker::do_writing()
{
    auto& files = workload_.files;
    auto const choice = random_.below(8);
    auto const first = random_.below(files.shared_count());
    if (choice == 0 && files.private_count() > 0) {
        char path[64];
        Files::private_path(random_.below(files.private_count()), path);
        return write_private_file(path, 1 + random_.below(sizeof(buffer_)));
    }
    if (choice < 4 && first > 0)
        return copy_shared_file(files.shared(random_.below(first)), files.shared(first));
    return write_shared_file(files.shared(first), random_.next());
}

// Fills the file with one word. Others see all of it or nothing: the vnode's lock is held from the first piece to the
// last.
Result<void> Worker::write_shared_file(SharedFile& shared, u64 word)
{
    for (auto& place : buffer_)
        place = word;
    TruthfulLock lock(truth_, 0, shared.lock(), LockMode::exclusive, shared.path);
    for (usize piece = 0; piece < Files::pieces; ++piece) {
        TRY(all_of(vfs_write_locked(*shared.file, piece * piece_bytes, buffer_, piece_bytes), piece_bytes));
        hold_on();
    }
    return {};
}

// Two locks at once. Everybody takes the file with the lower number first, so nobody waits in a circle, but chains of
// waiting come up: who waits for `to` keeps those waiting who want `from`.
Result<void> Worker::copy_shared_file(SharedFile& from, SharedFile& to)
{
    TruthfulLock from_lock(truth_, 0, from.lock(), LockMode::shared, from.path);
    TruthfulLock to_lock(truth_, 1, to.lock(), LockMode::exclusive, to.path);
    for (usize piece = 0; piece < Files::pieces; ++piece) {
        TRY(all_of(vfs_read_locked(*from.file, piece * piece_bytes, buffer_, piece_bytes), piece_bytes));
        TRY(all_of(vfs_write_locked(*to.file, piece * piece_bytes, buffer_, piece_bytes), piece_bytes));
        hold_on();
    }
    return {};
}

// The way of a program: by path, with the locks left to the VFS.
Result<void> Worker::write_private_file(char const* path, usize bytes)
{
    TruthfulCall call(truth_);
    auto* file = TRY(vfs_open(path, open_read | open_write));
    auto written = vfs_write_at(*file, random_.below(4 * 4096), buffer_, bytes);
    vfs_close(file);
    return all_of(std::move(written), bytes);
}

Result<void> Worker::do_reading()
{
    auto& files = workload_.files;
    if (random_.below(16) == 0)
        return list_directory("/data");
    return read_shared_file(files.shared(random_.below(files.shared_count())));
}

// Checks that the file is whole: all its words are equal.
Result<void> Worker::read_shared_file(SharedFile& shared)
{
    TruthfulLock lock(truth_, 0, shared.lock(), LockMode::shared, shared.path);
    u64 expected = 0;
    for (usize piece = 0; piece < Files::pieces; ++piece) {
        TRY(all_of(vfs_read_locked(*shared.file, piece * piece_bytes, buffer_, piece_bytes), piece_bytes));
        if (piece == 0)
            expected = buffer_[0];
        for (auto const word : buffer_) {
            if (word != expected) {
                workload_.fail("a file was read while it was being written", shared.path);
                return {};
            }
        }
        if (piece == Files::pieces / 2)
            hold_on();
    }
    return {};
}

Result<void> Worker::list_directory(char const* path)
{
    TruthfulCall call(truth_);
    auto* directory = TRY(vfs_open(path, open_directory));
    u64 entries = 0;
    Result<void> result;
    for (;; ++entries) {
        DirectoryEntry entry;
        auto found = vfs_read_directory(*directory, entry);
        if (found.is_error())
            result = found.error();
        if (found.is_error() || !found.value())
            break;
    }
    vfs_close(directory);
    if (!result.is_error() && entries < workload_.files.shared_count())
        workload_.fail("a directory lost entries", path);
    return result;
}

} // namespace sprout::workload
