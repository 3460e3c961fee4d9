// RAMFS directories: entries in a hash table by name, and in a radix tree by cookie for readdir (roadmap L2).
#include "fs/ramfs.hh"
#include "mm/malloc_pool.hh"
#include "sched/clock.hh"
#include <cstring>

namespace sprout {

namespace {

RamfsDirectory& directory_of(Vnode& vnode) { return static_cast<RamfsDirectory&>(vnode); }

// FNV-1a.
u32 hash_name(char const* name, usize length)
{
    u32 hash = 0x811c9dc5;
    for (usize i = 0; i < length; ++i)
        hash = (hash ^ static_cast<u8>(name[i])) * 0x01000193;
    return hash;
}

RamfsEntry** bucket_of(RamfsDirectory& directory, u32 hash)
{
    return &directory.buckets[hash & (directory.bucket_count - 1)];
}

RamfsEntry* find_entry(RamfsDirectory& directory, char const* name, usize length)
{
    if (!directory.bucket_count)
        return nullptr;
    auto const hash = hash_name(name, length);
    for (auto* entry = *bucket_of(directory, hash); entry; entry = entry->next_in_bucket) {
        if (entry->hash == hash && entry->length == length && !memcmp(entry->name, name, length))
            return entry;
    }
    return nullptr;
}

void link_into_bucket(RamfsDirectory& directory, RamfsEntry& entry)
{
    auto** bucket = bucket_of(directory, entry.hash);
    entry.next_in_bucket = *bucket;
    *bucket = &entry;
}

void unlink_from_bucket(RamfsDirectory& directory, RamfsEntry& entry)
{
    auto** place = bucket_of(directory, entry.hash);
    while (*place != &entry)
        place = &(*place)->next_in_bucket;
    *place = entry.next_in_bucket;
}

// Twice as many buckets once there are as many entries. Without memory it stays as it is, only slower.
Result<void> grow_buckets(RamfsDirectory& directory)
{
    if (directory.size < directory.bucket_count)
        return {};
    auto const count = directory.bucket_count ? directory.bucket_count * 2 : 8;
    auto** buckets = static_cast<RamfsEntry**>(malloc_allocate(count * sizeof(RamfsEntry*)));
    if (!buckets)
        return directory.bucket_count ? Result<void>() : Error::no_memory;
    memset(buckets, 0, count * sizeof(RamfsEntry*));
    malloc_free(directory.buckets);
    directory.buckets = buckets;
    directory.bucket_count = count;
    u64 cookie = 0;
    for (auto* entry = directory.by_cookie.find_from(0, cookie); entry;
         entry = directory.by_cookie.find_from(cookie + 1, cookie))
        link_into_bucket(directory, *entry);
    return {};
}

// An entry with a cookie of its own, in both tables. Changes nothing on an error.
Result<void> add_entry(RamfsDirectory& directory, char const* name, usize length, Vnode& vnode)
{
    TRY(grow_buckets(directory));
    auto* memory = malloc_allocate(sizeof(RamfsEntry) + length);
    if (!memory)
        return Error::no_memory;
    auto* entry = new (memory) RamfsEntry;
    entry->vnode = &vnode;
    entry->cookie = directory.next_cookie;
    entry->hash = hash_name(name, length);
    entry->length = static_cast<u32>(length);
    memcpy(entry->name, name, length);
    auto inserted = directory.by_cookie.insert(entry->cookie, *entry);
    if (inserted.is_error()) {
        malloc_free(entry);
        return inserted;
    }
    link_into_bucket(directory, *entry);
    ++directory.next_cookie;
    ++directory.size;
    directory.modified = now();
    return {};
}

void remove_entry(RamfsDirectory& directory, RamfsEntry& entry)
{
    unlink_from_bucket(directory, entry);
    directory.by_cookie.remove(entry.cookie);
    --directory.size;
    directory.modified = now();
    malloc_free(&entry);
}

Result<Vnode*> look_up_in_directory(Vnode& vnode, char const* name, usize length)
{
    auto* entry = find_entry(directory_of(vnode), name, length);
    if (!entry)
        return Error::no_entry;
    vnode_get(*entry->vnode);
    return entry->vnode;
}

Result<Vnode*> make_vnode(Mount& mount, VnodeType type)
{
    if (type == VnodeType::directory)
        return TRY(ramfs_make_directory(mount));
    auto* file = new (std::nothrow) RamfsFile;
    if (!file)
        return Error::no_memory;
    vnode_initialize(*file, mount, type, g_ramfs_file_operations);
    return file;
}

Result<Vnode*> create_in_directory(Vnode& vnode, char const* name, usize length, VnodeType type)
{
    auto* child = TRY(make_vnode(*vnode.mount, type));
    auto added = add_entry(directory_of(vnode), name, length, *child);
    if (added.is_error()) {
        vnode_put(*child);
        return added.error();
    }
    child->links = 1;
    vnode_get(*child); // the link's
    return child;
}

Result<void> remove_from_directory(Vnode& vnode, char const* name, usize length, Vnode&)
{
    auto& directory = directory_of(vnode);
    remove_entry(directory, *find_entry(directory, name, length));
    return {};
}

Result<void> rename_in_directory(Vnode& from_vnode, char const* name, usize length, Vnode& to_vnode,
    char const* new_name, usize new_length, Vnode* replaced)
{
    auto& from = directory_of(from_vnode);
    auto& to = directory_of(to_vnode);
    auto* source = find_entry(from, name, length);
    if (replaced) {
        // The entry that is there keeps its name and cookie, and stands for another vnode.
        find_entry(to, new_name, new_length)->vnode = source->vnode;
        to.modified = now();
    } else {
        TRY(add_entry(to, new_name, new_length, *source->vnode));
    }
    remove_entry(from, *source);
    return {};
}

Result<bool> read_directory(Vnode& vnode, u64 cookie, DirectoryEntry& out)
{
    u64 found = 0;
    auto const* entry = directory_of(vnode).by_cookie.find_from(cookie + 1, found);
    if (!entry)
        return false;
    memcpy(out.name, entry->name, entry->length);
    out.name[entry->length] = 0;
    out.number = entry->vnode->number;
    out.type = entry->vnode->type;
    out.cookie = found;
    return true;
}

bool is_directory_empty(Vnode& vnode) { return vnode.size == 0; }

void release_directory(Vnode& vnode)
{
    auto& directory = directory_of(vnode);
    vnode_forget(directory);
    malloc_free(directory.buckets);
    delete &directory;
}

} // namespace

Result<RamfsDirectory*> ramfs_make_directory(Mount& mount)
{
    auto* directory = new (std::nothrow) RamfsDirectory;
    if (!directory)
        return Error::no_memory;
    vnode_initialize(*directory, mount, VnodeType::directory, g_ramfs_directory_operations);
    return directory;
}

constinit VnodeOperations const g_ramfs_directory_operations {
    .lookup = look_up_in_directory,
    .create = create_in_directory,
    .remove = remove_from_directory,
    .rename = rename_in_directory,
    .read = nullptr,
    .write = nullptr,
    .truncate = nullptr,
    .read_directory = read_directory,
    .is_empty = is_directory_empty,
    .release = release_directory,
};

} // namespace sprout
