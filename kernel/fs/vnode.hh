// Files and directories, behind one interface; each has a reader-writer lock of its own (roadmap L4).
#pragma once
#include "core/list.hh"
#include "core/result.hh"
#include "core/types.hh"
#include "sched/reader_writer_lock.hh"
#include <atomic>

namespace sprout {

struct Mount;
struct Vnode;
struct Dentry;

enum class VnodeType : u8 { regular, directory };

struct FileStatus {
    u64 number;
    VnodeType type;
    u64 size;
    u32 links;
    Nanoseconds modified;
};

// What a directory tells of one entry. `cookie` is where to go on: stable whatever is added or removed (roadmap L2).
struct DirectoryEntry {
    char name[256];
    u64 number;
    VnodeType type;
    u64 cookie;
};

// Each operation states the lock that the caller holds.
struct VnodeOperations {
    Result<Vnode*> (*lookup)(Vnode& directory, char const* name, usize length);            // shared
    Result<Vnode*> (*create)(Vnode& directory, char const* name, usize length, VnodeType); // exclusive
    Result<void> (*remove)(Vnode& directory, char const* name, usize length, Vnode& child); // exclusive, both
    Result<void> (*rename)(Vnode& from, char const* name, usize length, Vnode& to, char const* new_name, usize new_length); // exclusive, both
    Result<usize> (*read)(Vnode&, u64 offset, void* buffer, usize bytes);                  // shared
    Result<usize> (*write)(Vnode&, u64 offset, void const* buffer, usize bytes);           // exclusive
    Result<void> (*truncate)(Vnode&, u64 size);                                            // exclusive
    // False at the end. `cookie` 0 is the beginning.
    Result<bool> (*read_directory)(Vnode& directory, u64 cookie, DirectoryEntry&);         // shared
    void (*release)(Vnode&); // the last reference and the last link are gone
};

struct Vnode {
    ListNode table_link; // in g_vnodes.list
    u64 number = 0;      // inode number, unique in its mount
    Mount* mount = nullptr;
    VnodeType type = VnodeType::regular;
    std::atomic<u32> references = 0;
    u32 links = 0;
    u64 size = 0; // bytes
    Nanoseconds modified = 0;
    ReaderWriterLock lock { "vnode", LockRank::vnode };
    VnodeOperations const* operations = nullptr;
    Dentry* dentry = nullptr; // its name in the tree; null once unlinked. The path is the chain of Dentry::parent.
    void* data = nullptr; // the file system's own
};

struct VnodeTable {
    Spinlock lock;
    List<Vnode, &Vnode::table_link> list; // every vnode in memory
    u64 count = 0;
};
extern VnodeTable g_vnodes;

} // namespace sprout
