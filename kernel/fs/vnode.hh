// Files and directories, behind one interface; each has a reader-writer lock of its own (roadmap L4).
//
// Who locks what, in the order of ranks; nothing is ever taken against the order:
//   mount     g_mounts.lock    the mount table, the registered file systems; held for a whole mount()
//   rename    g_rename_lock    held for each rename that moves something to another directory, or moves a directory,
//   and
//                              for a mount: whose ancestor is who cannot change under it
//   vnode     Vnode::lock      contents, size, times; of a directory: its entries, and `links` of the vnodes that they
//   name.
//                              A path is walked with one lock at a time, shared. Two at once: an ancestor before what
//                              is below it; two that are unrelated only with the rename lock, by address.
//   file      File::lock       an open file's position; taken after the vnode's, so that nobody holds it while waiting
//   long (spinlocks) g_dentries.lock: names, parents and Vnode::dentry, always last; g_vnodes.lock: the table of all
// Why this cannot deadlock: a thread that waits for a vnode while it holds another waits for one further down, or has
// the rename lock; so a circle of waiting would have to go down for ever, or to have two holders of the rename lock.
#pragma once
#include "core/list.hh"
#include "core/result.hh"
#include "core/trace.hh"
#include "core/types.hh"
#include "sched/reader_writer_lock.hh"
#include <atomic>
#include <utility>

namespace sprout {

struct Mount;
struct Vnode;
struct Dentry;

enum class VnodeType : u8 { regular, directory };

// The value of TraceKind::vnode_operation.
enum class VnodeOperation : u8 {
    none,
    open,
    close,
    lookup,
    create,
    remove,
    rename, // of an entry of this directory
    read,
    write,
    truncate,
    read_directory,
    status,
};

struct FileStatus {
    u64 number;
    VnodeType type;
    u64 size; // bytes; of a directory: entries
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

// Each operation states the lock that the caller holds. A null pointer: the file system cannot do it (Error::read_only
// for what changes something).
struct VnodeOperations {
    // Shared. The vnode has a reference more, for the caller.
    Result<Vnode*> (*lookup)(Vnode& directory, char const* name, usize length);
    // Exclusive. The name is new. The vnode has one link, and two references: the link's and the caller's.
    Result<Vnode*> (*create)(Vnode& directory, char const* name, usize length, VnodeType);
    // Exclusive, both. `child` is what the name stands for; a directory with entries is not_empty. The caller drops the
    // link.
    Result<void> (*remove)(Vnode& directory, char const* name, usize length, Vnode& child);
    // Exclusive, both directories, and `replaced` (null: the new name is free), which is of the same type, and empty
    // when it is a directory. All or nothing. The caller drops the link of `replaced`.
    Result<void> (*rename)(Vnode& from, char const* name, usize length, Vnode& to, char const* new_name,
        usize new_length, Vnode* replaced);
    // Shared. Fewer bytes only at the end of the file.
    Result<usize> (*read)(Vnode&, u64 offset, void* buffer, usize bytes);
    // Exclusive. Fewer bytes only when room or memory ran out on the way; an error when nothing could be written.
    Result<usize> (*write)(Vnode&, u64 offset, void const* buffer, usize bytes);
    // Exclusive.
    Result<void> (*truncate)(Vnode&, u64 size);
    // Shared. False at the end. `cookie` 0 is the beginning.
    Result<bool> (*read_directory)(Vnode& directory, u64 cookie, DirectoryEntry&);
    // Shared or exclusive. Whether the directory has no entry.
    bool (*is_empty)(Vnode& directory);
    // No lock: the last reference is gone, so nobody else knows the vnode. Frees it, after vnode_forget().
    void (*release)(Vnode&);
};

struct Vnode {
    ListNode table_link; // in g_vnodes.list
    u64 number = 0;      // inode number, unique in its mount
    Mount* mount = nullptr;
    VnodeType type = VnodeType::regular;
    // Open files and whoever uses it just now, and one for having a link. At 0 it is released.
    std::atomic<u32> references = 0;
    u32 links = 0; // names; 0 once unlinked, when it lives on for its references alone
    u64 size = 0;  // bytes; of a directory: entries
    Nanoseconds modified = 0;
    ReaderWriterLock lock { "vnode", LockRank::vnode };
    VnodeOperations const* operations = nullptr;
    Dentry* dentry = nullptr; // its name in the tree; null once unlinked. The path is the chain of Dentry::parent.
    std::atomic<Mount*> mounted_here = nullptr; // what covers this directory
    void* data = nullptr;                       // the file system's own
};

struct VnodeTable {
    Spinlock lock;
    List<Vnode, &Vnode::table_link> list; // every vnode in memory
    u64 count = 0;
};
extern VnodeTable g_vnodes;

// For file systems: enters a vnode into the table, numbered, with `references` at 1 (the caller's) and no link.
void vnode_initialize(Vnode&, Mount&, VnodeType, VnodeOperations const&);
// For VnodeOperations::release: takes it out of the table.
void vnode_forget(Vnode&);

// Precondition: the caller knows that the vnode has a reference: its own, or a link that cannot go (its directory is
// locked).
inline void vnode_get(Vnode& vnode) { vnode.references.fetch_add(1, std::memory_order_relaxed); }
// Gives one reference back; the last one releases the vnode. Precondition: its lock is not held by the caller.
void vnode_put(Vnode&);

inline void trace_vnode(Vnode const& vnode, VnodeOperation operation)
{
    trace(TraceKind::vnode_operation, &vnode, static_cast<u64>(operation));
}

// Owns one reference.
class VnodeReference {
public:
    VnodeReference() = default;
    // Takes over a reference that the caller has.
    explicit VnodeReference(Vnode* vnode)
        : vnode_(vnode)
    {
    }
    VnodeReference(VnodeReference&& other)
        : vnode_(std::exchange(other.vnode_, nullptr))
    {
    }
    VnodeReference& operator=(VnodeReference&& other)
    {
        std::swap(vnode_, other.vnode_);
        return *this;
    }
    ~VnodeReference()
    {
        if (vnode_)
            vnode_put(*vnode_);
    }
    Vnode& operator*() const { return *vnode_; }
    Vnode* operator->() const { return vnode_; }
    Vnode* get() const { return vnode_; }
    explicit operator bool() const { return vnode_; }
    Vnode* release() { return std::exchange(vnode_, nullptr); }

private:
    Vnode* vnode_ = nullptr;
};

} // namespace sprout
