// Waiting on a WaitQueue: the steps that locks, conditions, joins and sleeps are made of. Private to sched/.
#pragma once
#include "arch/x64/interrupts.hh"
#include "sched/preemption.hh"
#include "sched/scheduler.hh"

namespace sprout {

// Interrupts off for a scope; at its end the thread is preempted if it has woken a better one.
class InterruptsOff {
public:
    InterruptsOff()
        : state_(arch::disable_interrupts())
    {
    }
    ~InterruptsOff()
    {
        arch::restore_interrupts(state_);
        preempt_if_wanted();
    }
    InterruptsOff(InterruptsOff const&) = delete;
    InterruptsOff& operator=(InterruptsOff const&) = delete;

private:
    arch::InterruptState state_;
};

// Threads that were taken out of a queue and not woken yet, linked through their Wait.
using WokenList = List<Wait, &Wait::link>;

// Puts the current thread at the end of `queue`; it is then "waiting", and calls wait_until_woken() once the guard is
// free. Precondition: interrupts are off until then, `queue.guard` is held.
void wait_begin(Thread& self, WaitQueue& queue, LockMode mode);
// Parks the current thread until another takes it out of its queue and wakes it. Precondition: no guard is held.
inline void wait_until_woken() { schedule(); }

// Takes a waiting thread out of `queue`, whose guard the caller holds; it is woken by wake_all(), without the guard:
// a thread that runs again may free the queue. Precondition: interrupts are off until wake_all() has returned.
void wait_end(Wait& wait, WokenList& woken);
void wake_all(WokenList& woken);

// Arms the thread's timer so that it leaves its queue at `deadline`, with `timed_out` set. The guard may be held.
void wait_timer_start(Thread& self, Nanoseconds deadline);
// After it the timer's callback does not run. Precondition: no guard is held.
void wait_timer_stop(Thread& self);

} // namespace sprout
