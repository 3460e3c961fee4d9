// Files in memory: pages in a radix tree, directories by name and by cookie. The root file system, and any mount that
// asks.
//   mount("ramfs", "64M", "/small") makes one that holds 64 MiB of file pages at most; "" is as large as memory.
#pragma once
#include "fs/mount.hh"
#include "fs/page_tree.hh"

namespace sprout {

extern FileSystem g_ramfs;

// What Mount::data points to.
struct RamfsMount {
    u64 page_limit = ~0ull;     // file pages that it may hold
    std::atomic<u64> pages = 0; // file pages that it holds
};

struct RamfsEntry {
    RamfsEntry* next_in_bucket = nullptr;
    Vnode* vnode = nullptr; // the link's reference
    u64 cookie = 0;
    u32 hash = 0;
    u32 length = 0;
    char name[]; // not terminated
};

struct RamfsFile : Vnode {
    PageTree pages; // each PageKind::file, its owner this vnode, its value the index
};

struct RamfsDirectory : Vnode {
    RamfsEntry** buckets = nullptr; // by hash; a power of two, null while empty
    usize bucket_count = 0;
    RadixTree<RamfsEntry> by_cookie;
    u64 next_cookie = 1; // never used twice
};

// ramfs_file.cc
extern VnodeOperations const g_ramfs_file_operations;
// ramfs_directory.cc
extern VnodeOperations const g_ramfs_directory_operations;
Result<RamfsDirectory*> ramfs_make_directory(Mount&);

} // namespace sprout
