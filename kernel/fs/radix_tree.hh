// A map from a number to a pointer: 64 slots a node, as high as the largest number asks for. Sparse maps cost what they
// hold. Contract: the caller holds whatever lock protects the tree. Pure but for malloc; tested on the host.
#pragma once
#include "core/result.hh"
#include "core/types.hh"

namespace sprout {

// Untyped, so that there is one copy of the code. Use RadixTree<T>.
struct RadixTreeBase {
    static constexpr u32 bits = 6;
    static constexpr usize slots_per_node = 1 << bits;
    static constexpr u32 max_height = (64 + bits - 1) / bits;

    struct Node {
        void* slots[slots_per_node] = {}; // at height 1 what the tree holds, above it nodes
    };

    // Height 0: what index 0 holds, so that a tree of one needs no node. Height h: a node, and 64^h indices.
    void* root = nullptr;
    u32 height = 0;
    u64 count = 0; // pointers held

    void* get(u64 index) const;
    // Precondition: nothing is at `index`, `pointer` is not null. Changes nothing on Error::no_memory.
    Result<void> insert(u64 index, void* pointer);
    // What was at `index`, or null. Nodes that become empty are freed.
    void* remove(u64 index);
    // The held index that is the least of those >= `index`; null when there is none.
    void* find_from(u64 index, u64& found) const;

private:
    bool covers(u64 index) const { return height >= max_height || index >> (height * bits) == 0; }
    Result<void> grow_to(u64 index);
    void free_empty_nodes(void** const* path, u32 depth);
};

template<typename T> struct RadixTree : private RadixTreeBase {
    using RadixTreeBase::count;
    using RadixTreeBase::height;
    using RadixTreeBase::root;

    T* get(u64 index) const { return static_cast<T*>(RadixTreeBase::get(index)); }
    Result<void> insert(u64 index, T& value) { return RadixTreeBase::insert(index, &value); }
    T* remove(u64 index) { return static_cast<T*>(RadixTreeBase::remove(index)); }
    T* find_from(u64 index, u64& found) const { return static_cast<T*>(RadixTreeBase::find_from(index, found)); }
};

} // namespace sprout
