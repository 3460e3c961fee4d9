// Timers on the hardware of each CPU.
#include "sched/timer.hh"
#include "arch/x64/interrupts.hh"
#include "arch/x64/timer.hh"
#include "core/trace.hh"
#include "sched/thread.hh"

namespace sprout {

constinit PerCpu<TimerSet> g_timer_sets;

// Arms this CPU's hardware for the set's earliest deadline unless it is armed for it. The caller holds the set's lock.
// A timer that was removed may leave the hardware armed too early: its interrupt finds nothing due and comes here
// again.
static void arm_hardware(TimerSet& set)
{
    auto const earliest = set.earliest();
    if (earliest >= set.next)
        return;
    set.next = earliest;
    auto const time = now();
    if (arch::arm_timer(earliest > time ? earliest - time : 0))
        ++set.clamped;
}

static Nanoseconds next_in_phase(Timer const& timer, Nanoseconds time)
{
    auto const periods = time < timer.deadline ? 1 : (time - timer.deadline) / timer.period + 1;
    return timer.deadline + periods * timer.period;
}

// Takes `timer` out of whatever set it is in, and waits for its callback to end where it runs on another CPU.
// Precondition: interrupts are off.
static void disarm(Timer& timer)
{
    for (;;) {
        auto const cpu = timer.cpu; // changed by timer_start() alone, which the user serialises with this
        auto& set = g_timer_sets.on(cpu);
        set.lock.lock();
        bool const fires = set.firing == &timer;
        if (timer.state == TimerState::armed)
            set.remove(timer);
        timer.state = TimerState::idle; // one that fires is not armed again by its period
        set.lock.unlock();
        if (!fires || cpu == arch::cpu_index())
            return;
        arch::pause();
    }
}

void timer_start_for(Thread* owner, Timer& timer, Nanoseconds deadline, Nanoseconds period)
{
    auto const interrupts = arch::disable_interrupts();
    disarm(timer);
    auto& set = g_timer_sets.local();
    set.lock.lock();
    timer.deadline = deadline;
    timer.period = period;
    timer.owner = owner;
    timer.cpu = arch::cpu_index();
    set.insert(timer);
    arm_hardware(set);
    set.lock.unlock();
    arch::restore_interrupts(interrupts);
}

void timer_start(Timer& timer, Nanoseconds deadline, Nanoseconds period)
{
    auto const interrupts = arch::disable_interrupts();
    bool const in_callback = g_timer_sets.local().firing != nullptr;
    timer_start_for(in_callback ? timer.owner : arch::current_thread_pointer(), timer, deadline, period);
    arch::restore_interrupts(interrupts);
}

void timer_cancel(Timer& timer)
{
    auto const interrupts = arch::disable_interrupts();
    disarm(timer);
    arch::restore_interrupts(interrupts);
}

// Precondition: `set` is locked; it is not while the callback runs.
static void fire(TimerSet& set, Timer& timer, Nanoseconds time)
{
    timer.state = TimerState::firing;
    set.firing = &timer;
    ++timer.fired;
    ++set.fired;
    set.lock.unlock();
    trace(TraceKind::timer_fire, &timer, time > timer.deadline ? time - timer.deadline : 0);
    timer.callback(timer);
    set.lock.lock();
    // The callback may have armed it again, or another CPU cancelled it.
    if (timer.state == TimerState::firing) {
        timer.state = TimerState::idle;
        if (timer.period) {
            timer.deadline = next_in_phase(timer, time);
            set.insert(timer);
        }
    }
    set.firing = nullptr; // from here on who waits in disarm() may free it
}

void timer_interrupt()
{
    auto& set = g_timer_sets.local();
    set.lock.lock();
    set.next = ~0ull; // the hardware is one-shot
    auto const time = now();
    while (auto* timer = set.expire(time))
        fire(set, *timer, time);
    arm_hardware(set);
    set.lock.unlock();
}

} // namespace sprout
