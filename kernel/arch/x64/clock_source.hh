// The hardware that tells the time.
#pragma once
#include "core/command_line.hh"
#include "sched/clock.hh"

namespace sprout::arch {

// Chooses the source, calibrates the TSC and the local APIC's timer against it (2 ms, more where the host disturbs it),
// fills g_clock. Once, on the boot CPU, after apic_enable(). `wanted`: what --clock asks for.
void clock_source_initialize(ClockChoice wanted);
// Nanoseconds since clock_source_initialize() as the hardware tells them: may differ between CPUs, may step back.
Nanoseconds read_clock_source();
// How long the source may stay unread before it is lost count of; 0: for ever.
Nanoseconds longest_time_between_clock_readings();

} // namespace sprout::arch
