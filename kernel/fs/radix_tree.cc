#include "fs/radix_tree.hh"

namespace sprout {

namespace {

using Node = RadixTreeBase::Node;

usize slot_of(u64 index, u32 level)
{
    return (index >> ((level - 1) * RadixTreeBase::bits)) & (RadixTreeBase::slots_per_node - 1);
}

bool holds_nothing(Node const& node)
{
    for (auto const* slot : node.slots) {
        if (slot)
            return false;
    }
    return true;
}

// Least held index >= `index` under `node`; `level` is the node's height.
void* find_in(Node const& node, u32 level, u64 index, u64& found)
{
    for (usize slot = slot_of(index, level); slot < RadixTreeBase::slots_per_node; ++slot) {
        auto* child = node.slots[slot];
        if (child && level == 1) {
            found = index;
            return child;
        }
        if (child) {
            if (auto* result = find_in(*static_cast<Node*>(child), level - 1, index, found))
                return result;
        }
        // The first index under the next slot.
        auto const below = (level - 1) * RadixTreeBase::bits;
        index = ((index >> below) + 1) << below;
    }
    return nullptr;
}

} // namespace

void* RadixTreeBase::get(u64 index) const
{
    if (!covers(index))
        return nullptr;
    auto* pointer = root;
    for (u32 level = height; pointer && level > 0; --level)
        pointer = static_cast<Node*>(pointer)->slots[slot_of(index, level)];
    return pointer;
}

Result<void> RadixTreeBase::grow_to(u64 index)
{
    while (!covers(index)) {
        // An empty tree needs no chain of nodes above nothing.
        if (root) {
            auto* node = new (std::nothrow) Node;
            if (!node)
                return Error::no_memory;
            node->slots[0] = root;
            root = node;
        }
        ++height;
    }
    return {};
}

// `path[depth]` is the lowest place that was looked at: frees the nodes above it that hold nothing.
void RadixTreeBase::free_empty_nodes(void** const* path, u32 depth)
{
    for (; depth > 0; --depth) {
        auto* node = static_cast<Node*>(*path[depth - 1]);
        if (!holds_nothing(*node))
            return;
        *path[depth - 1] = nullptr;
        delete node;
    }
    height = 0;
}

Result<void> RadixTreeBase::insert(u64 index, void* pointer)
{
    TRY(grow_to(index)); // a taller tree holds the same, should memory run out below
    void** path[max_height + 1] = { &root };
    u32 depth = 0;
    for (u32 level = height; level > 0; --level, ++depth) {
        if (!*path[depth])
            *path[depth] = new (std::nothrow) Node;
        if (!*path[depth]) {
            free_empty_nodes(path, depth);
            return Error::no_memory;
        }
        path[depth + 1] = &static_cast<Node*>(*path[depth])->slots[slot_of(index, level)];
    }
    *path[depth] = pointer;
    ++count;
    return {};
}

void* RadixTreeBase::remove(u64 index)
{
    if (!covers(index))
        return nullptr;
    void** path[max_height + 1] = { &root };
    for (u32 level = height, depth = 0; level > 0; --level, ++depth) {
        if (!*path[depth])
            return nullptr;
        path[depth + 1] = &static_cast<Node*>(*path[depth])->slots[slot_of(index, level)];
    }
    auto* const pointer = *path[height];
    if (!pointer)
        return nullptr;
    *path[height] = nullptr;
    --count;
    free_empty_nodes(path, height);
    return pointer;
}

void* RadixTreeBase::find_from(u64 index, u64& found) const
{
    if (!root || !covers(index))
        return nullptr;
    if (height == 0) {
        found = 0;
        return root;
    }
    return find_in(*static_cast<Node*>(root), height, index, found);
}

} // namespace sprout
