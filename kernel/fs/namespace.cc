#include "fs/namespace.hh"
#include "fs/mount.hh"
#include "fs/ramfs.hh"
#include "fs/vfs.hh"

namespace sprout {

FileStatus vnode_status(Vnode& vnode)
{
    SharedLock lock(vnode.lock);
    trace_vnode(vnode, VnodeOperation::status);
    return { vnode.number, vnode.type, vnode.size, vnode.links, vnode.modified };
}

Result<VnodeReference> create_entry(Vnode& directory, char const* name, usize length, VnodeType type, bool exclusive)
{
    if (length > max_name)
        return Error::name_too_long;
    auto* dentry = TRY(dentry_create(name, length)); // first, so that nothing is to be undone when there is no memory
    auto result = [&]() -> Result<VnodeReference> {
        ExclusiveLock lock(directory.lock);
        auto found = look_up_locked(directory, name, length);
        if (found && exclusive)
            return Error::exists;
        if (found || found.error() != Error::no_entry)
            return found;
        if (!dentry_is_linked(directory))
            return Error::no_entry; // removed since the path was walked
        if (!directory.operations->create)
            return Error::read_only;
        trace_vnode(directory, VnodeOperation::create);
        auto* vnode = TRY(directory.operations->create(directory, name, length, type));
        dentry_attach(*std::exchange(dentry, nullptr), &directory, *vnode);
        return VnodeReference(vnode);
    }();
    if (dentry)
        dentry_destroy(dentry);
    return cross_mounts(TRY(std::move(result)));
}

Result<void> check_removable(Vnode& child, VnodeType wanted)
{
    if (child.type != wanted)
        return wanted == VnodeType::directory ? Error::not_a_directory : Error::is_a_directory;
    if (child.mounted_here.load(std::memory_order_relaxed))
        return Error::busy;
    if (child.type == VnodeType::directory && !child.operations->is_empty(child))
        return Error::not_empty;
    return {};
}

void drop_link(Vnode& child)
{
    dentry_detach(child);
    child.links = 0;
    child.references.fetch_sub(1, std::memory_order_acq_rel); // never the last: the caller has one
}

namespace {

Result<void> remove_entry(char const* path, VnodeType wanted)
{
    auto parent = TRY(walk_to_parent(path));
    auto& directory = *parent.directory;
    VnodeReference child; // outlives the locks: its end may release the vnode
    {
        ExclusiveLock lock(directory.lock);
        child = TRY(look_up_locked(directory, parent.name, parent.length));
        if (parent.must_be_directory && child->type != VnodeType::directory)
            return Error::not_a_directory;
        ExclusiveLock child_lock(child->lock);
        TRY(check_removable(*child, wanted));
        if (!directory.operations->remove)
            return Error::read_only;
        trace_vnode(directory, VnodeOperation::remove);
        TRY(directory.operations->remove(directory, parent.name, parent.length, *child));
        drop_link(*child);
    }
    return {};
}

} // namespace

Result<FileStatus> vfs_status(char const* path) { return vnode_status(*TRY(walk(path))); }

Result<void> vfs_make_directory(char const* path)
{
    auto parent = walk_to_parent(path);
    if (parent.is_error()) // the root, "." and ".." exist
        return parent.error() == Error::invalid ? Error::exists : parent.error();
    auto const& [directory, name, length, slashes] = parent.value();
    TRY(create_entry(*directory, name, length, VnodeType::directory, true));
    return {};
}

Result<void> vfs_remove_directory(char const* path) { return remove_entry(path, VnodeType::directory); }

Result<void> vfs_unlink(char const* path) { return remove_entry(path, VnodeType::regular); }

Result<void> vfs_initialize()
{
    TRY(register_file_system(g_ramfs));
    return mount("ramfs", "", "/");
}

} // namespace sprout
