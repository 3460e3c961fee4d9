// Who allocated what: off by default, and one predictable branch when off. `--track-allocations` turns it on.
#pragma once
#include "core/list.hh"
#include "core/result.hh"
#include "core/types.hh"
#include "sched/clock.hh"

namespace sprout {

inline constexpr usize tracked_callers = 8;

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
    TrackedAllocation* records = nullptr;
    u64 capacity = 0;
    u64 count = 0;
    u64 dropped = 0; // not recorded for want of room
};
extern AllocationTracking g_allocation_tracking;

// Room for `capacity` live allocations (rounded up to a power of two).
Result<void> allocation_tracking_start(u64 capacity);

} // namespace sprout
