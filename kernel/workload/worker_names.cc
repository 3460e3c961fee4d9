// Renamers: names come, move and go; a vnode lives on without one while it is open.
#include "core/print.hh"
#include "workload/worker.hh"

namespace sprout::workload {

Result<void> Worker::do_renaming()
{
    TruthfulCall call(truth_);
    char left[64];
    char right[64];
    format_string(left, sizeof(left), "/data/names/left/%s", name_);
    format_string(right, sizeof(right), "/data/names/right/%s", name_);
    switch (random_.below(3)) {
    case 0:
        return move_to_and_fro(left, right);
    case 1:
        return replace_by_rename(left);
    default:
        return unlink_open_file(right);
    }
}

Result<void> Worker::move_to_and_fro(char const* left, char const* right)
{
    vfs_close(TRY(make_file(left)));
    auto const number = TRY(vfs_status(left)).number;
    TRY(vfs_rename(left, right));
    if (TRY(vfs_status(right)).number != number)
        workload_.fail("a renamed file is another", right);
    TRY(vfs_rename(right, left));
    return vfs_unlink(left);
}

// How a careful program replaces a file: the new contents get the name at once.
Result<void> Worker::replace_by_rename(char const* path)
{
    char draft[80];
    format_string(draft, sizeof(draft), "%s.new", path);
    vfs_close(TRY(make_file(path)));
    auto* file = TRY(make_file(draft));
    auto written = vfs_write(*file, path, 1);
    vfs_close(file);
    TRY(written);
    TRY(vfs_rename(draft, path));
    if (TRY(vfs_status(path)).size != 1)
        workload_.fail("a file was not replaced", path);
    return vfs_unlink(path);
}

// The data outlives the name until the file is closed.
Result<void> Worker::unlink_open_file(char const* path)
{
    auto* file = TRY(make_file(path));
    auto const word = random_.next();
    auto written = vfs_write_at(*file, 5000, &word, sizeof(word));
    auto unlinked = vfs_unlink(path);
    u64 read_back = 0;
    auto read = vfs_read_at(*file, 5000, &read_back, sizeof(read_back));
    vfs_close(file);
    TRY(written);
    TRY(unlinked);
    TRY(read);
    if (read_back != word)
        workload_.fail("an unlinked file lost its data", path);
    return {};
}

} // namespace sprout::workload
