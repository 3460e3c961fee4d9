#include "sched/wait.hh"
#include "core/trace.hh"

namespace sprout {

void wait_begin(Thread& self, WaitQueue& queue, LockMode mode)
{
    auto& wait = self.wait;
    wait.thread = &self;
    wait.kind = queue.kind;
    wait.mode = mode;
    wait.since = now();
    wait.timed_out = false;
    __atomic_store_n(&wait.queue, &queue, __ATOMIC_RELEASE);
    queue.waiters.push_back(wait);
    self.state = ThreadState::waiting;
    trace(TraceKind::lock_wait, &queue, static_cast<u64>(queue.kind));
}

void wait_end(Wait& wait, WokenList& woken)
{
    wait.link.unlink();
    __atomic_store_n(&wait.queue, static_cast<WaitQueue*>(nullptr), __ATOMIC_RELEASE);
    wait.kind = WaitKind::none;
    woken.push_back(wait);
}

void wake_all(WokenList& woken)
{
    while (auto* wait = woken.pop_front())
        wake(*wait->thread);
}

// Whoever takes the thread out of its queue, under the queue's guard, is the one to wake it. The queue outlives this
// callback: the thread does not return from its wait before wait_timer_stop().
static void time_out(Timer& timer)
{
    auto& wait = static_cast<Thread*>(timer.argument)->wait;
    auto* queue = __atomic_load_n(&wait.queue, __ATOMIC_ACQUIRE);
    if (!queue)
        return;
    WokenList woken;
    {
        SpinlockGuard guard(queue->guard);
        if (wait.queue != queue)
            return;
        wait.timed_out = true;
        wait_end(wait, woken);
    }
    wake_all(woken);
}

void wait_timer_start(Thread& self, Nanoseconds deadline)
{
    auto& timer = self.sleep_timer;
    timer.name = self.wait.kind == WaitKind::sleep ? "sleep" : "time-out";
    timer.callback = time_out;
    timer.argument = &self;
    timer_start(timer, deadline);
}

void wait_timer_stop(Thread& self) { timer_cancel(self.sleep_timer); }

} // namespace sprout
