// Bump allocation before the page allocator exists (roadmap M1). Nothing is freed; what is left goes to the page
// allocator.
#pragma once
#include "core/result.hh"
#include "core/types.hh"

namespace sprout {

struct EarlyArena {
    uptr begin = 0;
    uptr position = 0;
    uptr end = 0;
    u64 requested = 0; // bytes asked for; (position - begin) / requested is M1's figure
    bool closed = false;
};
extern EarlyArena g_early_arena;

// The RAM that the arena may use, in the linear map; the boot code chooses it. At handover the unused pages become
// free.
void early_arena_open(PhysicalAddress begin, PhysicalAddress end);
// Zeroed memory; `alignment` is a power of two. Error::no_memory when the arena is full or closed.
Result<void*> early_allocate(usize bytes, usize alignment = 8);

} // namespace sprout
