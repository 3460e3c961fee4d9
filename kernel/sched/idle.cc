// The scheduler's start, and the threads that run when no other does.
#include "arch/x64/interrupt_stacks.hh"
#include "arch/x64/interrupts.hh"
#include "mm/stack_area.hh"
#include "sched/balance.hh"
#include "sched/switch.hh"

namespace sprout {

static constinit Thread g_main_thread;
static constinit Thread g_idle_threads[max_cpus];

static constexpr usize idle_stack_size = 16 * 1024;

static Thread& prepare_idle_thread(u32 cpu, ThreadStack const& stack)
{
    // gcc 12 zeroes an array of objects with self-pointers, constinit or not: constructed here.
    auto& idle = *new (&g_idle_threads[cpu]) Thread;
    idle.priority = static_cast<u8>(Priority::idle);
    idle.cpu = cpu;
    idle.pinned_cpu = cpu;
    idle.stack = stack;
    idle.entry = idle_loop;
    stack_give(stack, idle);
    arch::own_interrupt_stacks(arch::g_cpus[cpu], idle);
    char name[] = "idle-0";
    name[5] = static_cast<char>('0' + cpu);
    thread_register(idle, name);
    return idle;
}

// Makes the caller the thread that runs on this CPU. Precondition: interrupts are off.
static void adopt_caller(Thread& thread)
{
    auto& queue = g_run_queues.local();
    thread.state = ThreadState::running;
    thread.running_since = now();
    thread.switches = 1;
    queue.slice_end = thread.running_since + time_slice;
    arch::this_cpu().current = &thread;
}

Result<void> scheduler_initialize(ThreadStack boot_stack)
{
    auto const stack = TRY(stack_allocate(idle_stack_size, nullptr));
    auto const interrupts = arch::disable_interrupts();
    g_main_thread.stack = boot_stack;
    stack_give(boot_stack, g_main_thread);
    thread_register(g_main_thread, "main");
    adopt_caller(g_main_thread);
    auto& idle = prepare_idle_thread(0, stack);
    idle.stack_pointer = arch::prepare_initial_stack(stack.base + stack.size, thread_begin, &idle);
    auto& queue = g_run_queues.on(0);
    queue.lock.lock();
    queue.enqueue(idle, now(), false);
    queue.idle = &idle;
    queue.lock.unlock();
    arch::restore_interrupts(interrupts);
    return {};
}

void scheduler_start_secondary(ThreadStack boot_stack)
{
    auto& idle = prepare_idle_thread(arch::cpu_index(), boot_stack);
    adopt_caller(idle);
    auto& queue = g_run_queues.local();
    queue.lock.lock();
    __atomic_store_n(&queue.idle, &idle, __ATOMIC_RELEASE);
    queue.lock.unlock();
    idle_loop(nullptr);
}

void idle_loop(void*)
{
    for (;;) {
        reap_threads();
        arch::disable_interrupts();
        g_idle_cpus.fetch_or(1u << arch::cpu_index());
        // Looked at with interrupts off: who makes a thread ready from now on sends an interrupt, which ends the wait.
        if (g_run_queues.local().ready_count || is_work_elsewhere()) {
            schedule();
            arch::enable_interrupts();
        } else {
            arch::wait_for_interrupt();
        }
    }
}

} // namespace sprout
