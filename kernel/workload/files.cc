#include "workload/files.hh"
#include "core/print.hh"

namespace sprout::workload {

namespace {

constexpr char const* renamers_directories[] = { "/data/names/left", "/data/names/right", "/data/names" };

void directory_path(u64 number, char (&path)[64])
{
    format_string(path, sizeof(path), "/data/d%llu", static_cast<unsigned long long>(number));
}

// An operation that finds its work done already.
Result<void> accept(Result<void> result, Error harmless)
{
    return result.is_error() && result.error() == harmless ? Result<void>() : result;
}

} // namespace

Result<void> ensure_directory(char const* path) { return accept(vfs_make_directory(path), Error::exists); }

Result<File*> make_file(char const* path)
{
    return vfs_open(path, open_read | open_write | open_create | open_truncate);
}

Result<void> remove_directory_with_files(char const* path)
{
    auto directory = vfs_open(path, open_directory);
    if (directory.is_error())
        return accept(directory.error(), Error::no_entry);
    Result<void> result;
    // One entry at a time; what is unlinked while we read makes us skip nothing.
    for (;;) {
        DirectoryEntry entry;
        auto found = vfs_read_directory(*directory.value(), entry);
        if (found.is_error() || !found.value())
            break;
        char file[sizeof(DirectoryEntry::name) + 64];
        format_string(file, sizeof(file), "%s/%s", path, entry.name);
        result = vfs_unlink(file);
        if (result.is_error())
            break;
    }
    vfs_close(directory.value());
    TRY(result);
    return vfs_remove_directory(path);
}

void Files::private_path(u64 index, char (&path)[64])
{
    auto const number = static_cast<unsigned long long>(index + max_shared);
    format_string(path, sizeof(path), "/data/d%llu/file-%llu", number / files_per_directory, number);
}

Result<void> Files::create_shared(SharedFile& shared, usize index)
{
    format_string(shared.path, sizeof(shared.path), "/data/shared-%zu", index);
    shared.file = TRY(make_file(shared.path));
    shared_count_ = index + 1;
    ++count_;
    u64 const zeros[piece_words] = {};
    for (usize piece = 0; piece < pieces; ++piece)
        TRY(vfs_write(*shared.file, zeros, sizeof(zeros)));
    return {};
}

Result<void> Files::create(u64 count)
{
    TRY(ensure_directory("/data"));
    TRY(ensure_directory("/data/names"));
    TRY(ensure_directory("/data/names/left"));
    TRY(ensure_directory("/data/names/right"));
    for (usize index = 0; index < count && index < max_shared; ++index)
        TRY(create_shared(shared_[index], index));
    char path[64];
    for (u64 index = 0; count_ < count; ++index) {
        auto const number = index + max_shared;
        if (index == 0 || number % files_per_directory == 0) {
            directory_path(number / files_per_directory, path);
            TRY(ensure_directory(path));
        }
        private_path(index, path);
        vfs_close(TRY(make_file(path)));
        ++count_;
    }
    return {};
}

Result<void> Files::destroy()
{
    for (usize index = 0; index < shared_count_; ++index) {
        vfs_close(shared_[index].file);
        TRY(vfs_unlink(shared_[index].path));
    }
    char path[64];
    for (u64 number = 0; number <= (private_count() + max_shared) / files_per_directory; ++number) {
        directory_path(number, path);
        TRY(remove_directory_with_files(path));
    }
    for (auto const* directory : renamers_directories)
        TRY(remove_directory_with_files(directory));
    shared_count_ = 0;
    count_ = 0;
    return {};
}

} // namespace sprout::workload
