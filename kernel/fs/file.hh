// Open files.
#pragma once
#include "core/list.hh"
#include "fs/vfs.hh"
#include "sched/mutex.hh"

namespace sprout {

struct File {
    ListNode table_link;    // in g_files.list
    Vnode* vnode = nullptr; // with a reference
    u32 flags = 0;          // OpenFlags
    Mutex lock { "file position", LockRank::file };
    u64 position = 0; // of a directory: the cookie of the entry read last
};

struct FileTable {
    Spinlock lock;
    List<File, &File::table_link> list; // every open file
    u64 count = 0;
};
extern FileTable g_files;

} // namespace sprout
