// The files that the workload works on:
//   /data/shared-0 …      few, open all the time, fought for by everybody
//   /data/d0/file-4 …     the rest of the `vnodes`, 256 in a directory
//   /data/names/left, …   where renamers move their own files to and fro
#pragma once
#include "fs/vfs.hh"

namespace sprout::workload {

struct SharedFile {
    char path[32] = {};
    File* file = nullptr;

    ReaderWriterLock& lock() const { return vfs_vnode(*file).lock; }
};

class Files {
public:
    static constexpr usize max_shared = 4;
    static constexpr usize files_per_directory = 256;
    // A shared file is this long, and all its words are equal whenever nobody holds its lock exclusively.
    static constexpr usize piece_words = 64;
    static constexpr usize pieces = 4;

    // `count` files, of which the first max_shared are shared. On an error what was made stays for destroy().
    Result<void> create(u64 count);
    // Takes away what create() made, and what renamers left.
    Result<void> destroy();

    usize shared_count() const { return shared_count_; }
    SharedFile& shared(usize index) { return shared_[index]; }
    u64 private_count() const { return count_ - shared_count_; }
    // The path of a file that is not shared, `index` below private_count().
    static void private_path(u64 index, char (&path)[64]);

private:
    Result<void> create_shared(SharedFile&, usize index);

    SharedFile shared_[max_shared];
    usize shared_count_ = 0;
    u64 count_ = 0;
};

// Makes a directory unless there is one.
Result<void> ensure_directory(char const* path);
// Makes an empty file, open for reading and writing.
Result<File*> make_file(char const* path);
// Takes away a directory with the files in it; nothing to do when there is none.
Result<void> remove_directory_with_files(char const* path);

} // namespace sprout::workload
