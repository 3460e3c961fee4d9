// Starting the other CPUs.
#pragma once
#include "core/result.hh"

namespace sprout::arch {

// The page below 1 MiB where secondary CPUs begin; declared to mm/ as reserved.
inline constexpr u64 trampoline_address = 0x8000;

// Starts the CPUs that ACPI lists, `limit` in all at most (0: all), one after another; each becomes its idle thread.
// A CPU that does not come up is left out. Precondition: the scheduler runs on the boot CPU.
void start_secondary_cpus(u32 limit);

} // namespace sprout::arch
