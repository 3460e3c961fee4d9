#include "fs/path.hh"
#include "fs/mount.hh"
#include "fs/vfs.hh"
#include <cstring>

namespace sprout {

namespace {

struct Component {
    char const* name;
    usize length;

    bool is_dot() const { return length == 1 && name[0] == '.'; }
    bool is_dot_dot() const { return length == 2 && name[0] == '.' && name[1] == '.'; }
};

// Takes the next name off `rest`; length 0 at the end.
Component next_component(char const*& rest)
{
    while (*rest == '/')
        ++rest;
    auto const* begin = rest;
    while (*rest && *rest != '/')
        ++rest;
    return { begin, static_cast<usize>(rest - begin) };
}

// Nothing but slashes follows.
bool is_last(char const* rest)
{
    while (*rest == '/')
        ++rest;
    return !*rest;
}

Result<VnodeReference> begin_at_root(char const* path)
{
    if (!*path)
        return Error::no_entry;
    if (strlen(path) >= max_path)
        return Error::name_too_long;
    auto* root = g_dentries.root; // set once, before anybody walks
    if (!root)
        return Error::no_entry;
    vnode_get(*root->vnode);
    return VnodeReference(root->vnode);
}

Result<VnodeReference> step(VnodeReference directory, Component component)
{
    if (directory->type != VnodeType::directory)
        return Error::not_a_directory;
    if (component.is_dot())
        return directory;
    if (component.is_dot_dot()) {
        auto* parent = dentry_parent(*directory);
        if (!parent)
            return Error::no_entry;
        return VnodeReference(parent);
    }
    return look_up(*directory, component.name, component.length);
}

} // namespace

VnodeReference cross_mounts(VnodeReference vnode)
{
    while (auto* mount = vnode->mounted_here.load(std::memory_order_acquire)) {
        vnode_get(*mount->root);
        vnode = VnodeReference(mount->root);
    }
    return vnode;
}

Result<VnodeReference> look_up_locked(Vnode& directory, char const* name, usize length)
{
    if (directory.type != VnodeType::directory)
        return Error::not_a_directory;
    if (length > max_name)
        return Error::name_too_long;
    trace_vnode(directory, VnodeOperation::lookup);
    return VnodeReference(TRY(directory.operations->lookup(directory, name, length)));
}

Result<VnodeReference> look_up(Vnode& directory, char const* name, usize length)
{
    auto found = [&] {
        SharedLock lock(directory.lock);
        return look_up_locked(directory, name, length);
    }();
    return cross_mounts(TRY(std::move(found)));
}

Result<VnodeReference> walk(char const* path)
{
    auto vnode = TRY(begin_at_root(path));
    auto const* rest = path;
    for (;;) {
        auto const component = next_component(rest);
        if (!component.length)
            break;
        vnode = TRY(step(std::move(vnode), component));
    }
    if (rest[-1] == '/' && vnode->type != VnodeType::directory)
        return Error::not_a_directory;
    return vnode;
}

Result<PathParent> walk_to_parent(char const* path)
{
    auto vnode = TRY(begin_at_root(path));
    auto const* rest = path;
    for (;;) {
        auto const component = next_component(rest);
        if (!component.length)
            return Error::invalid; // the root
        if (!is_last(rest)) {
            vnode = TRY(step(std::move(vnode), component));
            continue;
        }
        if (component.is_dot() || component.is_dot_dot())
            return Error::invalid;
        if (component.length > max_name)
            return Error::name_too_long;
        if (vnode->type != VnodeType::directory)
            return Error::not_a_directory;
        return PathParent { std::move(vnode), component.name, component.length, *rest == '/' };
    }
}

} // namespace sprout
