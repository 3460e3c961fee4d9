// Who allocated what: off by default, and one predictable branch when off. `--track-allocations` turns it on.
#pragma once
#include "core/result.hh"
#include "core/spinlock.hh"
#include "core/types.hh"
#include "sched/clock.hh"

namespace sprout {

inline constexpr usize tracked_callers = 8;
// In TrackedAllocation::address: a record was here; probing goes on past it.
inline constexpr u64 tombstone_address = 1;

struct TrackedAllocation {
    void* address = nullptr; // null: empty; tombstone_address: removed
    u32 requested = 0;       // bytes, saturated
    u32 thread = 0;
    Nanoseconds time = 0;
    u64 callers[tracked_callers] = {}; // return addresses, innermost first, 0-terminated
};

// Open addressing, linear probing, by address.
struct AllocationTracking {
    bool enabled = false;
    Spinlock lock;
    TrackedAllocation* records = nullptr;
    u64 capacity = 0; // slots, a power of two
    u64 count = 0;    // live records
    u64 dropped = 0;  // not recorded for want of room
};
extern AllocationTracking g_allocation_tracking;

// Room for `capacity` live allocations or more, in a table at most half full; 0: what a sixteenth of RAM holds, up to
// 65,536. What was allocated before is not known. Called once; Error::no_memory when the table does not fit.
Result<void> allocation_tracking_start(u64 capacity);

// Called by malloc while enabled. `frame` is malloc's own frame pointer: the callers are found from it on.
void allocation_tracking_add(void* address, usize requested, void* frame);
void allocation_tracking_remove(void* address);

} // namespace sprout
