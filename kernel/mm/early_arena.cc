#include "mm/early_arena.hh"
#include "arch/x64/memory.hh"
#include "core/panic.hh"
#include <cstring>

namespace sprout {

constinit EarlyArena g_early_arena;

void early_arena_open(PhysicalAddress begin, PhysicalAddress end)
{
    ASSERT(begin < end && !g_early_arena.begin);
    g_early_arena.begin = reinterpret_cast<uptr>(arch::physical_to_virtual(begin));
    g_early_arena.end = reinterpret_cast<uptr>(arch::physical_to_virtual(end));
    g_early_arena.position = g_early_arena.begin;
}

Result<void*> early_allocate(usize bytes, usize alignment)
{
    auto& arena = g_early_arena;
    auto const start = (arena.position + alignment - 1) & ~(alignment - 1);
    if (arena.closed || start < arena.position || start > arena.end || bytes > arena.end - start)
        return Error::no_memory;
    arena.position = start + bytes;
    arena.requested += bytes;
    return memset(reinterpret_cast<void*>(start), 0, bytes);
}

} // namespace sprout
