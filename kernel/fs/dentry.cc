#include "fs/dentry.hh"
#include "core/panic.hh"
#include "fs/vnode.hh"
#include "mm/malloc_pool.hh"
#include <cstring>

namespace sprout {

constinit DentryTree g_dentries;

Result<Dentry*> dentry_create(char const* name, usize length)
{
    auto* copy = static_cast<char*>(malloc_allocate(length + 1));
    auto* dentry = copy ? new (std::nothrow) Dentry : nullptr;
    if (!dentry) {
        malloc_free(copy);
        return Error::no_memory;
    }
    memcpy(copy, name, length);
    copy[length] = 0;
    dentry->name = copy;
    dentry->name_length = static_cast<u32>(length);
    return dentry;
}

void dentry_destroy(Dentry* dentry)
{
    malloc_free(dentry->name);
    delete dentry;
}

void dentry_attach(Dentry& dentry, Vnode* parent, Vnode& child)
{
    SpinlockGuard guard(g_dentries.lock);
    dentry.vnode = &child;
    if (parent) {
        dentry.parent = parent->dentry;
        dentry.parent->children.push_back(dentry);
    } else {
        g_dentries.root = &dentry;
    }
    child.dentry = &dentry;
    ++g_dentries.count;
}

void dentry_attach_mount_root(Dentry& dentry, Vnode& covered, Vnode& root)
{
    SpinlockGuard guard(g_dentries.lock);
    dentry.vnode = &root;
    dentry.parent = covered.dentry->parent;
    root.dentry = &dentry;
    ++g_dentries.count;
}

void dentry_detach(Vnode& child)
{
    Dentry* dentry;
    {
        SpinlockGuard guard(g_dentries.lock);
        dentry = child.dentry;
        ASSERT(dentry && dentry->children.is_empty());
        dentry->sibling_link.unlink();
        child.dentry = nullptr;
        --g_dentries.count;
    }
    dentry_destroy(dentry);
}

void dentry_move(Vnode& child, Vnode& parent, Dentry& fresh)
{
    {
        SpinlockGuard guard(g_dentries.lock);
        auto& dentry = *child.dentry;
        std::swap(dentry.name, fresh.name);
        std::swap(dentry.name_length, fresh.name_length);
        if (dentry.parent != parent.dentry) {
            dentry.sibling_link.unlink();
            dentry.parent = parent.dentry;
            dentry.parent->children.push_back(dentry);
        }
    }
    dentry_destroy(&fresh);
}

bool dentry_is_ancestor(Vnode const& ancestor, Vnode const& vnode)
{
    SpinlockGuard guard(g_dentries.lock);
    for (auto const* dentry = vnode.dentry; dentry; dentry = dentry->parent) {
        if (dentry->vnode == &ancestor)
            return true;
    }
    return false;
}

bool dentry_is_linked(Vnode const& vnode)
{
    SpinlockGuard guard(g_dentries.lock);
    return vnode.dentry;
}

Vnode* dentry_parent(Vnode& vnode)
{
    SpinlockGuard guard(g_dentries.lock);
    if (!vnode.dentry)
        return nullptr;
    auto* parent = vnode.dentry->parent ? vnode.dentry->parent->vnode : &vnode;
    vnode_get(*parent);
    return parent;
}

bool vnode_path(Vnode const& vnode, char* buffer, usize size)
{
    SpinlockGuard guard(g_dentries.lock);
    buffer[0] = 0;
    if (!vnode.dentry)
        return false;
    usize length = 0;
    for (auto const* dentry = vnode.dentry; dentry->parent; dentry = dentry->parent)
        length += 1 + dentry->name_length;
    if (length == 0)
        length = 1;
    if (length >= size)
        return false;
    buffer[0] = '/';
    buffer[length] = 0;
    for (auto const* dentry = vnode.dentry; dentry->parent; dentry = dentry->parent) {
        length -= dentry->name_length;
        memcpy(buffer + length, dentry->name, dentry->name_length);
        buffer[--length] = '/';
    }
    return true;
}

} // namespace sprout
