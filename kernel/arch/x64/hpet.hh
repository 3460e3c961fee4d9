// The high precision event timer's main counter (IA-PC HPET specification 1.0a).
#pragma once
#include "core/types.hh"

namespace sprout::arch {

enum class HpetMode : u8 {
    whole,
    wrapping, // as if it had 32 bits, and wraps soon after boot: a test of what hardware does once in minutes
};

// False when there is none at `physical` (0: none), or none that is sound.
bool hpet_initialize(u64 physical, HpetMode mode);
// Whole even where a hypervisor splits a 64-bit read into two; a 32-bit counter is made 64 bits wide.
u64 read_hpet();
// A counter of 32 bits must be read at least this often; 0: no matter.
Nanoseconds longest_time_between_hpet_readings();
// Length of one tick in femtoseconds, at most 100 ns.
u64 hpet_period();

} // namespace sprout::arch
