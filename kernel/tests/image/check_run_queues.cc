#include "tests/image/threads.hh"

namespace sprout::test {

static void check_run_queue(RunQueue& queue, u32 cpu)
{
    SpinlockGuard guard(queue.lock);
    u32 ready = 0;
    u32 stealable = 0;
    for (usize level = 0; level < RunQueue::priority_levels; ++level) {
        CHECK_EQUAL(queue.levels[level].is_empty(), !(queue.ready_levels & (1u << level)));
        for (auto& thread : queue.levels[level]) {
            CHECK(thread.state == ThreadState::ready);
            CHECK_EQUAL(thread.priority, level);
            CHECK_EQUAL(thread.cpu, cpu);
            CHECK(thread.pinned_cpu == any_cpu || thread.pinned_cpu == cpu);
            CHECK(thread.ready_since != 0);
            stealable += thread.pinned_cpu == any_cpu;
            ++ready;
        }
    }
    CHECK_EQUAL(queue.ready_count, ready);
    CHECK_EQUAL(queue.stealable_count, stealable);
    // With the lock held no switch is under way: who is on the CPU runs, or has just been woken on its way to sleep.
    auto const& running = *arch::g_cpus[cpu].current;
    CHECK_EQUAL(running.cpu, cpu);
    CHECK(running.state != ThreadState::created);
}

void check_run_queues()
{
    for (u32 cpu = 0; cpu < arch::g_cpu_count; ++cpu) {
        if (g_run_queues.on(cpu).idle)
            check_run_queue(g_run_queues.on(cpu), cpu);
    }
}

} // namespace sprout::test
