#include "core/panic.hh"
#include "sched/scheduler.hh"

namespace sprout {

constinit PerCpu<RunQueue> g_run_queues;

void RunQueue::enqueue(Thread& thread, Nanoseconds time, bool at_front)
{
    auto& level = levels[thread.priority];
    thread.ready_since = time;
    if (at_front)
        level.push_front(thread);
    else
        level.push_back(thread);
    thread.state = ThreadState::ready;
    ready_levels |= 1u << thread.priority;
    ++ready_count;
    if (thread.pinned_cpu == any_cpu)
        ++stealable_count;
}

void RunQueue::dequeue(Thread& thread)
{
    auto& level = levels[thread.priority];
    level.remove(thread);
    if (level.is_empty())
        ready_levels &= ~(1u << thread.priority);
    --ready_count;
    if (thread.pinned_cpu == any_cpu)
        --stealable_count;
}

} // namespace sprout
