// A name in the tree: what the path of a vnode is made of.
#pragma once
#include "core/list.hh"
#include "core/result.hh"
#include "core/spinlock.hh"
#include "core/types.hh"

namespace sprout {

struct Vnode;

struct Dentry {
    ListNode sibling_link;    // in the parent's children
    Dentry* parent = nullptr; // null for the root of all; for the root of a mount: where the covered directory is
    Vnode* vnode = nullptr;
    char* name = nullptr; // terminated, allocated; "/" for the root of all
    u32 name_length = 0;
    List<Dentry, &Dentry::sibling_link> children;
};

// The lock protects every Dentry and Vnode::dentry. A linked vnode has one; a parent outlives its children, because
// only an empty directory can be removed.
struct DentryTree {
    Spinlock lock;
    Dentry* root = nullptr;
    u64 count = 0;
};
extern DentryTree g_dentries;

// A name apart from any tree. Error::no_memory.
Result<Dentry*> dentry_create(char const* name, usize length);
// Only for one that never came into the tree.
void dentry_destroy(Dentry*);
// Makes `dentry` the name of `child` in `parent` (null: the root of all).
void dentry_attach(Dentry& dentry, Vnode* parent, Vnode& child);
// The name of a mount's root: that of the directory which it covers, without being its parent's child.
void dentry_attach_mount_root(Dentry& dentry, Vnode& covered, Vnode& root);
// `child` has no name any more. Precondition: it has no children.
void dentry_detach(Vnode& child);
// `child` is called what `fresh` is called, in `parent`; its own Dentry stays. `fresh` is used up.
void dentry_move(Vnode& child, Vnode& parent, Dentry& fresh);

// Whether `ancestor` is `vnode` or above it, mounts included. Only lasting while the rename lock is held.
bool dentry_is_ancestor(Vnode const& ancestor, Vnode const& vnode);
bool dentry_is_linked(Vnode const&);
// The directory above, with a reference more; the root of all is above itself. Null when `vnode` is unlinked.
Vnode* dentry_parent(Vnode& vnode);

// The path of `vnode`, terminated, into `buffer`; false when it is unlinked or `size` is too small, and then the buffer
// holds an empty string. size > 0.
bool vnode_path(Vnode const& vnode, char* buffer, usize size);

} // namespace sprout
