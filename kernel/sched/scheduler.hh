// Per-CPU run queues, preemption, balancing.
#pragma once
#include "core/per_cpu.hh"
#include "sched/thread.hh"

namespace sprout {

struct RunQueue {
    static constexpr usize priority_levels = 32;

    Spinlock lock;
    List<Thread, &Thread::queue_link> levels[priority_levels];
    u32 ready_levels = 0; // one bit for each level that is not empty
    u32 ready_count = 0;
    Thread* idle = nullptr;
    u64 switches = 0;
    Nanoseconds slice_end = 0;
};
extern PerCpu<RunQueue> g_run_queues;

// Makes the caller's boot stack the first thread ("main") and this CPU's idle thread. Once, on the boot CPU.
Result<void> scheduler_initialize();
// Called on each secondary CPU: becomes its idle thread.
[[noreturn]] void scheduler_start_secondary();

// Gives up the CPU; the caller has set its thread's state. Precondition: interrupts are off, no spinlock is held.
void schedule();
// Makes a waiting thread ready and tells its CPU. Callable from interrupt context.
void wake(Thread& thread);
// End of every interrupt: switches when a reschedule is wanted and allowed.
void preempt_from_interrupt();

} // namespace sprout
