#include "sched/condition_variable.hh"
#include "core/panic.hh"
#include "sched/thread.hh"
#include "sched/wait.hh"

namespace sprout {

static constexpr Nanoseconds no_deadline = ~0ull;

static bool wait_on(ConditionVariable& condition, Mutex& mutex, Nanoseconds deadline)
{
    auto& self = current_thread();
    {
        InterruptsOff off;
        condition.guard.lock();
        wait_begin(self, condition, LockMode::exclusive);
        if (deadline != no_deadline)
            wait_timer_start(self, deadline);
        condition.guard.unlock();
        // In the queue before the mutex is free: a notification that comes as soon as it is free finds this thread.
        mutex.unlock();
        wait_until_woken();
    }
    if (deadline != no_deadline)
        wait_timer_stop(self);
    bool const was_notified = !self.wait.timed_out;
    mutex.lock();
    return was_notified;
}

void ConditionVariable::wait(Mutex& mutex) { wait_on(*this, mutex, no_deadline); }

bool ConditionVariable::wait_until(Mutex& mutex, Nanoseconds deadline) { return wait_on(*this, mutex, deadline); }

void ConditionVariable::notify_one()
{
    InterruptsOff off;
    WokenList woken;
    {
        SpinlockGuard guarded(guard);
        if (auto* wait = waiters.first())
            wait_end(*wait, woken);
    }
    wake_all(woken);
}

void ConditionVariable::notify_all()
{
    InterruptsOff off;
    WokenList woken;
    {
        SpinlockGuard guarded(guard);
        while (auto* wait = waiters.first())
            wait_end(*wait, woken);
    }
    wake_all(woken);
}

} // namespace sprout
