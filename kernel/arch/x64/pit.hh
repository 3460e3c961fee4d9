// The 8254 timer as a stop watch, for machines without an HPET.
#pragma once
#include "core/types.hh"

namespace sprout::arch {

// Waits `duration` nanoseconds (at most 50 ms) and returns how long it was; panics when the PIT does not count.
u64 wait_by_pit(u64 duration);

} // namespace sprout::arch
