// Files by path and by handle: what programs and modules call. Every function may wait; none may be called from an
// interrupt.
#pragma once
#include "core/result.hh"
#include "core/types.hh"
#include "fs/vnode.hh"
#include "sched/mutex.hh"

namespace sprout {

inline constexpr usize max_path = 4096; // with the terminating zero
inline constexpr usize max_name = 255;

enum OpenFlags : u32 {
    open_read = 1,
    open_write = 2,
    open_create = 4,
    open_exclusive = 8, // with open_create: Error::exists when there is one
    open_truncate = 16,
    open_append = 32,    // each vfs_write goes to the end, whole
    open_directory = 64, // Error::not_a_directory for anything else
};
enum class SeekFrom : u8 { start, current, end };

struct File;

// Mounts RAMFS at /. Once, on a thread.
Result<void> vfs_initialize();

// Neither read nor write is asked of a directory. Paths are taken from the root.
Result<File*> vfs_open(char const* path, u32 flags);
void vfs_close(File*);

// From the position on, which moves. 0 bytes: the end. Calls on one File follow one another.
Result<usize> vfs_read(File&, void* buffer, usize bytes);
// Fewer than `bytes` are written only when room or memory runs out; an error when none could be.
Result<usize> vfs_write(File&, void const* buffer, usize bytes);
// At an offset, beside the position.
Result<usize> vfs_read_at(File&, u64 offset, void* buffer, usize bytes);
Result<usize> vfs_write_at(File&, u64 offset, void const* buffer, usize bytes);
// The new position. It may lie behind the end; a write there leaves a hole of zeros.
Result<u64> vfs_seek(File&, i64 offset, SeekFrom from);
Result<void> vfs_truncate(File&, u64 size);
// False at the end. What is added or removed meanwhile is seen or not; everything else is seen once.
Result<bool> vfs_read_directory(File&, DirectoryEntry&);

Result<FileStatus> vfs_status(char const* path);
Result<FileStatus> vfs_status(File&);
Result<void> vfs_make_directory(char const* path);
Result<void> vfs_remove_directory(char const* path);
// The data lives until the last File of it is closed.
Result<void> vfs_unlink(char const* path);
// Takes the place of what is at `to`, at once: a file that of a file, a directory that of an empty directory.
Result<void> vfs_rename(char const* from, char const* to);

// For those who hold the vnode's lock by themselves, around several operations:
//   SharedLock lock(vfs_vnode(file).lock); vfs_read_locked(file, …); vfs_read_locked(file, …);
Vnode& vfs_vnode(File&);
// Precondition: the lock of vfs_vnode(file) is held, in either mode.
Result<usize> vfs_read_locked(File&, u64 offset, void* buffer, usize bytes);
// Precondition: the lock of vfs_vnode(file) is held, exclusive.
Result<usize> vfs_write_locked(File&, u64 offset, void const* buffer, usize bytes);

} // namespace sprout
