// Per-CPU run queues, preemption, balancing.
#pragma once
#include "core/per_cpu.hh"
#include "sched/thread.hh"

namespace sprout {

struct RunQueue {
    static constexpr usize priority_levels = 32;

    Spinlock lock;
    List<Thread, &Thread::queue_link> levels[priority_levels];
    u32 ready_levels = 0;   // one bit for each level that is not empty
    u32 ready_count = 0;    // threads on `levels`; the idle thread is one of them while another thread runs
    Thread* idle = nullptr; // null until the scheduler runs on this CPU
    u64 switches = 0;
    Nanoseconds slice_end = 0; // when the running thread must let its equals run, if there are any
    u32 stealable_count = 0;   // threads on `levels` that another CPU may take: those that are not pinned
    u32 slices_ended = 0;
    Thread* switched_from = nullptr; // during a switch: the thread whose stack is being left

    // The caller holds `lock`.
    void enqueue(Thread&, Nanoseconds time, bool at_front);
    void dequeue(Thread&);
    // The level of the first thread to run; -1 when none is ready.
    int best_level() const { return 31 - __builtin_clz(ready_levels | 1) - (ready_levels == 0); }
    // Null when none is ready.
    Thread* best() const { return ready_levels ? levels[best_level()].first() : nullptr; }
};
extern PerCpu<RunQueue> g_run_queues;
// One bit for each CPU that runs its idle thread and was not given a thread since.
extern std::atomic<u32> g_idle_cpus;

// The caller becomes the first thread, "main", on `boot_stack` (the stack that it runs on, nobody's so far); makes CPU
// 0's idle thread. Once, on the boot CPU, when malloc, stacks and the clock work. Interrupts may be on from here on.
Result<void> scheduler_initialize(ThreadStack boot_stack);
// Called on each secondary CPU with interrupts off: the caller becomes its idle thread, on `boot_stack`, nobody's so
// far.
[[noreturn]] void scheduler_start_secondary(ThreadStack boot_stack);

// Gives up the CPU; the caller has set its thread's state. Precondition: interrupts are off, no spinlock is held.
void schedule();
// Makes a waiting thread ready and tells its CPU. Callable from interrupt context.
// Precondition: the caller took the thread's Wait out of its queue: nobody else wakes it.
void wake(Thread& thread);
// End of every interrupt: switches when a reschedule is wanted and allowed. Called with interrupts off, after the
// interrupt was acknowledged, on the interrupted thread's own stack: never on an interrupt stack, which the next
// interrupt would overwrite while this thread is parked.
void preempt_from_interrupt();
// For code that runs with interrupts on and may have woken a thread: switches now if that is wanted and allowed.
void preempt_if_wanted();

} // namespace sprout
