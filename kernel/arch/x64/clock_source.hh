// The hardware that tells the time.
#pragma once
#include "sched/clock.hh"

namespace sprout::arch {

// Chooses the source, calibrates the TSC and the local APIC's timer against it (2 ms), fills g_clock. Once, on the boot
// CPU, after apic_enable(). `allowed`: what --clock asks for.
void clock_source_initialize(ClockSource wanted);
// Nanoseconds since clock_source_initialize() as the hardware tells them: may differ between CPUs, may step back.
Nanoseconds read_clock_source();

} // namespace sprout::arch
