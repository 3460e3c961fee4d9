#include "sched/clock.hh"
#include "arch/x64/clock_source.hh"
#include "sched/monotonic.hh"
#include "sched/timer.hh"

namespace sprout {

constinit Clock g_clock;
constinit PerCpu<std::atomic<Nanoseconds>> g_cpu_time;

static constinit Timer g_keeper;

void clock_keep_going()
{
    auto const period = arch::longest_time_between_clock_readings();
    if (!period)
        return;
    g_keeper.name = "clock keeper";
    g_keeper.callback = [](Timer&) {}; // the timer interrupt reads the clock
    timer_start_for(nullptr, g_keeper, now() + period, period);
}

Nanoseconds now()
{
    auto const time = advance_clock(g_clock, arch::read_clock_source);
    // A thread that migrates right here writes another CPU's slot: a lower bound for now all the same.
    g_cpu_time.local().store(time, std::memory_order_relaxed);
    return time;
}

} // namespace sprout
