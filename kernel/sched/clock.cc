#include "sched/clock.hh"
#include "arch/x64/clock_source.hh"
#include "sched/monotonic.hh"

namespace sprout {

constinit Clock g_clock;
constinit PerCpu<std::atomic<Nanoseconds>> g_cpu_time;

Nanoseconds now()
{
    auto const time = advance_clock(g_clock, arch::read_clock_source);
    // A thread that migrates right here writes another CPU's slot: a lower bound for now all the same.
    g_cpu_time.local().store(time, std::memory_order_relaxed);
    return time;
}

} // namespace sprout
