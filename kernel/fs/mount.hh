// File systems register here; nothing else in the kernel knows one by name (roadmap O1).
#pragma once
#include "core/list.hh"
#include "core/result.hh"
#include "fs/dentry.hh"
#include "fs/vnode.hh"
#include "sched/mutex.hh"

namespace sprout {

struct FileSystem {
    ListNode link;
    char const* name = "";
    // Makes the root vnode: one link, one reference (the link's). `source` is the device or whatever the file system
    // understands, "" when there is nothing to say.
    Result<Vnode*> (*mount)(Mount&, char const* source) = nullptr;
    // Frees what mount() made, once no vnode of the mount is in use.
    void (*unmount)(Mount&) = nullptr;
};

struct Mount {
    ListNode link; // in g_mounts.list
    FileSystem const* file_system = nullptr;
    Vnode* root = nullptr;
    Dentry* covered = nullptr; // where it is mounted; null for the root mount
    u64 next_number = 1;
    void* data = nullptr; // the file system's own
};

struct MountTable {
    Mutex lock { "mounts", LockRank::mount };
    List<Mount, &Mount::link> list;
    List<FileSystem, &FileSystem::link> file_systems;
};
extern MountTable g_mounts;

// See vnode.hh.
extern Mutex g_rename_lock;

// `file_system` lives as long as the kernel. A name that is taken: Error::exists.
Result<void> register_file_system(FileSystem&);
// Covers the directory `path` with a new file system; the first mount is that of "/".
Result<void> mount(char const* file_system, char const* source, char const* path);

} // namespace sprout
