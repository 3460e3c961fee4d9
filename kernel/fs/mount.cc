#include "fs/mount.hh"
#include "fs/path.hh"
#include "fs/vfs.hh"
#include <cstring>

namespace sprout {

constinit MountTable g_mounts;
constinit Mutex g_rename_lock { "rename", LockRank::rename };

namespace {

// Precondition: g_mounts.lock is held.
FileSystem* find_file_system(char const* name)
{
    for (auto& file_system : g_mounts.file_systems) {
        if (!strcmp(file_system.name, name))
            return &file_system;
    }
    return nullptr;
}

// Puts the mounted root over `covered` (null: it becomes the root of all). Takes over `name` when it succeeds.
Result<void> cover(Mount& mount, Vnode* covered, Dentry& name)
{
    if (!covered) {
        dentry_attach(name, nullptr, *mount.root);
        return {};
    }
    ExclusiveLock lock(covered->lock);
    if (covered->type != VnodeType::directory)
        return Error::not_a_directory;
    if (!dentry_is_linked(*covered))
        return Error::no_entry;
    if (covered->mounted_here.load(std::memory_order_relaxed) || covered == g_dentries.root->vnode)
        return Error::busy;
    dentry_attach_mount_root(name, *covered, *mount.root);
    mount.covered = covered->dentry;
    covered->mounted_here.store(&mount, std::memory_order_release);
    return {};
}

Result<Dentry*> name_of_mount(Vnode* covered)
{
    if (!covered)
        return dentry_create("/", 1);
    // The rename lock keeps the name of a directory as it is; that of another root cannot change at all.
    return covered->dentry ? dentry_create(covered->dentry->name, covered->dentry->name_length) : Error::no_entry;
}

} // namespace

Result<void> register_file_system(FileSystem& file_system)
{
    ScopedLock lock(g_mounts.lock);
    if (find_file_system(file_system.name))
        return Error::exists;
    g_mounts.file_systems.push_back(file_system);
    return {};
}

Result<void> mount(char const* file_system_name, char const* source, char const* path)
{
    ScopedLock lock(g_mounts.lock);
    ScopedLock rename_lock(g_rename_lock);
    auto* file_system = find_file_system(file_system_name);
    if (!file_system)
        return Error::no_device;
    VnodeReference covered;
    if (g_dentries.root)
        covered = TRY(walk(path));
    auto* name = TRY(name_of_mount(covered.get()));
    auto* mount = new (std::nothrow) Mount;
    auto root = mount ? file_system->mount(*mount, source) : Result<Vnode*>(Error::no_memory);
    if (root.is_error()) {
        delete mount;
        dentry_destroy(name);
        return root.error();
    }
    mount->file_system = file_system;
    mount->root = root.value();
    auto covering = cover(*mount, covered.get(), *name);
    if (covering.is_error()) {
        vnode_put(*mount->root);
        file_system->unmount(*mount);
        delete mount;
        dentry_destroy(name);
        return covering;
    }
    g_mounts.list.push_back(*mount);
    covered.release(); // kept for as long as the mount
    return {};
}

} // namespace sprout
