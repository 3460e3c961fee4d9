// Time since boot: monotonic across CPUs, whatever the hardware does.
//
// Roadmap X3: a 64-bit HPET read may tear, a source may step back. Sources are read high-low-high, the clock is one
// system-wide atomic maximum, and backward steps are counted, never fatal.
#pragma once
#include "core/per_cpu.hh"
#include "core/types.hh"
#include <atomic>

namespace sprout {

enum class ClockSource : u8 { none, tsc, hpet, acpi_pm, pit };

struct Clock {
    ClockSource source = ClockSource::none;
    u64 tsc_kilohertz = 0;                     // 0: the TSC is not used
    std::atomic<Nanoseconds> latest = 0;       // the largest time ever handed out
    std::atomic<u64> backward_steps = 0;       // readings that were below `latest` by more than cross_cpu_slack
    std::atomic<Nanoseconds> largest_step = 0; // the largest such step
};
extern Clock g_clock;

// What each CPU last read: the debugger's lower bound for "now".
extern PerCpu<std::atomic<Nanoseconds>> g_cpu_time;

// Keeps a counter that wraps from being left unread for too long, by a timer of this CPU. Once, when the scheduler
// runs.
void clock_keep_going();

// Nanoseconds since boot; never less than any value returned before, on any CPU.
Nanoseconds now();

} // namespace sprout
