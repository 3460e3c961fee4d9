// File systems register here; nothing else in the kernel knows one by name (roadmap O1).
#pragma once
#include "core/list.hh"
#include "core/result.hh"
#include "fs/dentry.hh"
#include "fs/vnode.hh"

namespace sprout {

struct FileSystem {
    ListNode link;
    char const* name;
    // Makes the root vnode; `source` is the device or whatever the file system understands.
    Result<Vnode*> (*mount)(Mount&, char const* source);
    void (*unmount)(Mount&);
};

struct Mount {
    ListNode link; // in g_mounts.list
    FileSystem const* file_system = nullptr;
    Vnode* root = nullptr;
    Dentry* covered = nullptr; // where it is mounted; null for the root mount
    u64 next_number = 1;
    void* data = nullptr;
};

struct MountTable {
    Mutex lock { "mounts", LockRank::mount };
    List<Mount, &Mount::link> list;
    List<FileSystem, &FileSystem::link> file_systems;
};
extern MountTable g_mounts;

void register_file_system(FileSystem&);
Result<void> mount(char const* file_system, char const* source, char const* path);

} // namespace sprout
