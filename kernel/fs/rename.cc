// vfs_rename: the one operation that holds up to three vnodes. vnode.hh tells why it cannot deadlock.
#include "fs/mount.hh"
#include "fs/namespace.hh"
#include "fs/vfs.hh"

namespace sprout {

namespace {

// Both directories of a rename, locked exclusive in the one order that everybody keeps.
class DirectoryPairLock {
public:
    // Precondition: they are one, or the rename lock is held.
    DirectoryPairLock(Vnode& from, Vnode& to)
    {
        bool const to_is_first = dentry_is_ancestor(to, from) || (!dentry_is_ancestor(from, to) && &to < &from);
        first_ = to_is_first ? &to : &from;
        second_ = to_is_first ? &from : &to;
        first_->lock.lock_exclusive();
        if (second_ != first_)
            second_->lock.lock_exclusive();
    }
    ~DirectoryPairLock()
    {
        if (second_ != first_)
            second_->lock.unlock();
        first_->lock.unlock();
    }
    DirectoryPairLock(DirectoryPairLock const&) = delete;

private:
    Vnode* first_;
    Vnode* second_;
};

struct Rename {
    PathParent& from;
    PathParent& to;
    Dentry*& name; // the new one; null once it is used
    bool has_rename_lock;
    VnodeReference replaced {}; // outlives the locks: its end may release the vnode

    Result<void> run();

private:
    Result<void> check_source(Vnode& source);
    Result<void> check_replaced(Vnode& source);
    Result<void> move(Vnode& source);
};

Result<void> Rename::check_source(Vnode& source)
{
    if (source.type == VnodeType::regular)
        return from.must_be_directory || to.must_be_directory ? Result<void>(Error::not_a_directory) : Result<void>();
    if (!has_rename_lock)
        return Error::try_again;
    if (source.mounted_here.load(std::memory_order_relaxed))
        return Error::busy;
    // Into itself, or into what is below it.
    return dentry_is_ancestor(source, *to.directory) ? Result<void>(Error::invalid) : Result<void>();
}

// Precondition: `replaced` is set, and not the source.
Result<void> Rename::check_replaced(Vnode& source)
{
    // A directory that we have locked already, or one above it: not empty, and must not be locked now.
    if (replaced->type == VnodeType::directory && dentry_is_ancestor(*replaced, *from.directory))
        return source.type == VnodeType::directory ? Error::not_empty : Error::is_a_directory;
    return {};
}

Result<void> Rename::move(Vnode& source)
{
    auto& from_directory = *from.directory;
    auto& to_directory = *to.directory;
    trace_vnode(from_directory, VnodeOperation::rename);
    TRY(from_directory.operations->rename(
        from_directory, from.name, from.length, to_directory, to.name, to.length, replaced.get()));
    if (replaced)
        drop_link(*replaced);
    dentry_move(source, to_directory, *std::exchange(name, nullptr));
    return {};
}

Result<void> Rename::run()
{
    DirectoryPairLock locks(*from.directory, *to.directory);
    if (!from.directory->operations->rename)
        return Error::read_only;
    auto source = TRY(look_up_locked(*from.directory, from.name, from.length));
    TRY(check_source(*source));
    auto target = look_up_locked(*to.directory, to.name, to.length);
    if (target.is_error() && target.error() != Error::no_entry)
        return target.error();
    if (!dentry_is_linked(*to.directory))
        return Error::no_entry; // removed since the path was walked
    if (target.is_error())
        return move(*source);
    if (target.value().get() == source.get())
        return {};
    replaced = target.release_value();
    TRY(check_replaced(*source));
    ExclusiveLock replaced_lock(replaced->lock);
    TRY(check_removable(*replaced, source->type));
    return move(*source);
}

Result<void> rename_with(PathParent& from, PathParent& to, Dentry*& name, bool has_rename_lock)
{
    return Rename { from, to, name, has_rename_lock }.run();
}

} // namespace

Result<void> vfs_rename(char const* from_path, char const* to_path)
{
    auto from = TRY(walk_to_parent(from_path));
    auto to = TRY(walk_to_parent(to_path));
    if (from.directory->mount != to.directory->mount)
        return Error::cross_device;
    auto* name = TRY(dentry_create(to.name, to.length));
    // A file that stays in its directory needs no rename lock; that it is a file shows under the directory's lock.
    auto result = from.directory.get() == to.directory.get() ? rename_with(from, to, name, false)
                                                             : Result<void>(Error::try_again);
    if (result.is_error() && result.error() == Error::try_again) {
        ScopedLock lock(g_rename_lock);
        result = rename_with(from, to, name, true);
    }
    if (name)
        dentry_destroy(name);
    return result;
}

} // namespace sprout
