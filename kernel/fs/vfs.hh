// Files by path and by handle: what programs and modules call.
#pragma once
#include "core/result.hh"
#include "core/types.hh"
#include "fs/vnode.hh"

namespace sprout {

inline constexpr usize max_path = 4096;
inline constexpr usize max_name = 255;

enum OpenFlags : u32 { open_read = 1, open_write = 2, open_create = 4, open_exclusive = 8, open_truncate = 16, open_append = 32, open_directory = 64 };
enum class SeekFrom : u8 { start, current, end };

struct File; // an open file; its position has a lock of its own

Result<void> vfs_initialize(); // mounts RAMFS at /
Result<File*> vfs_open(char const* path, u32 flags);
void vfs_close(File*);
Result<usize> vfs_read(File&, void* buffer, usize bytes);
Result<usize> vfs_write(File&, void const* buffer, usize bytes);
Result<usize> vfs_read_at(File&, u64 offset, void* buffer, usize bytes);
Result<usize> vfs_write_at(File&, u64 offset, void const* buffer, usize bytes);
Result<u64> vfs_seek(File&, i64 offset, SeekFrom from);
Result<void> vfs_truncate(File&, u64 size);
Result<bool> vfs_read_directory(File&, DirectoryEntry&);
Result<FileStatus> vfs_status(char const* path);
Result<FileStatus> vfs_status(File&);
Result<void> vfs_make_directory(char const* path);
Result<void> vfs_remove_directory(char const* path);
Result<void> vfs_unlink(char const* path);
Result<void> vfs_rename(char const* from, char const* to);
Vnode& vfs_vnode(File&);

} // namespace sprout
