// Do the structures of mm/ agree with each other? For tests, and for a doubtful moment under a debugger.
#pragma once
#include "mm/page.hh"

namespace sprout {

// Pages of each kind. Exact when nobody allocates; no lock is taken.
struct MemoryAccount {
    u64 pages[page_kind_count] = {};
    u64 ram = 0; // all but absent: what e820 calls usable
    u64 of(PageKind kind) const { return pages[static_cast<usize>(kind)]; }
    // Handed out by the page allocator and not cached.
    u64 in_use() const;
};
MemoryAccount memory_account();

struct MemoryFault {
    char text[160] = {};
};

// Checks with every lock of mm/ held, so that it may run while other CPUs allocate. False: `fault` says what is wrong
// first.
// - every list: its length, its members' kind, order, CPU and owner
// - free blocks: aligned, whole, no two free buddies apart
// - slabs: each in the list where it belongs; free list = capacity - live; live objects = allocations - frees
// - sums: managed = free + cached + in use by kind; RAM = managed + what boot took
bool memory_verify(MemoryFault& fault);

} // namespace sprout
