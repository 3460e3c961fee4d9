// A name in the tree: what the path of a vnode is made of.
#pragma once
#include "core/list.hh"
#include "core/types.hh"

namespace sprout {

struct Vnode;

struct Dentry {
    ListNode sibling_link;    // in the parent's children
    Dentry* parent = nullptr; // null for the root of all
    Vnode* vnode = nullptr;
    char* name = nullptr;     // terminated, allocated; "/" for the root of all
    u32 name_length = 0;
    List<Dentry, &Dentry::sibling_link> children;
};

} // namespace sprout
