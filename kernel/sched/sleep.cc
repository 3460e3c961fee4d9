#include "sched/wait.hh"

namespace sprout {

// Those that sleep, in no order: each is woken by its own timer. One queue for each CPU, so that their guards are not
// fought for.
static constinit PerCpu<WaitQueue> g_sleepers;

void thread_sleep_until(Nanoseconds deadline)
{
    auto& self = current_thread();
    if (deadline <= now()) {
        thread_yield();
        return;
    }
    {
        InterruptsOff off;
        auto& queue = g_sleepers.local();
        queue.guard.lock();
        queue.kind = WaitKind::sleep;
        queue.name = "sleep";
        wait_begin(self, queue, LockMode::exclusive);
        wait_timer_start(self, deadline);
        queue.guard.unlock();
        wait_until_woken();
    }
    wait_timer_stop(self);
}

void thread_sleep(Nanoseconds duration)
{
    auto const start = now();
    thread_sleep_until(duration < ~0ull - start ? start + duration : ~0ull);
}

} // namespace sprout
