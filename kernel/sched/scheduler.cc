// Switching threads.
//
// The protocol. A run queue's lock is held across the switch of stacks: the thread that leaves takes it, the thread
// that comes lets go of it in finish_switch(). So whoever holds the lock of CPU c sees a thread either as `current` of
// c, or wholly saved on its own stack, never between. A thread can be woken after it left its lock's guard and before
// it has switched: wake() then finds it to be `current` and puts it on the queue of that same CPU, where nobody else
// takes it (find_movable() in balance.cc).
//
// Order of the locks: WaitQueue::guard, RunQueue::lock, TimerSet::lock. A second RunQueue::lock is only tried.
#include "sched/scheduler.hh"
#include "arch/x64/interrupts.hh"
#include "core/panic.hh"
#include "core/trace.hh"
#include "sched/balance.hh"
#include "sched/preemption.hh"
#include "sched/switch.hh"

namespace sprout {

// Armed only while a thread of the running one's level is ready: a CPU without choice takes no ticks.
static constinit PerCpu<Timer> g_slice_timers;

static void slice_ended(Timer&) { request_reschedule(arch::cpu_index()); }

static void start_slice_timer(RunQueue const& queue)
{
    auto& timer = g_slice_timers.local();
    // One that is armed fires before this slice ends, and is then armed again.
    if (timer.state == TimerState::armed)
        return;
    timer.name = "time slice";
    timer.callback = slice_ended;
    timer_start_for(nullptr, timer, queue.slice_end);
}

// Takes the next thread off the queue: at least the idle thread is there.
static Thread& take_next(RunQueue& queue, Nanoseconds time)
{
    auto const idle_bit = 1u << arch::cpu_index();
    if (!(queue.ready_levels & ~1u)) {
        // Said before the other queues are looked at: who makes a thread ready afterwards sees it and calls.
        g_idle_cpus.fetch_or(idle_bit);
        steal_into(queue, time);
    }
    auto& next = *queue.best();
    queue.dequeue(next);
    if (&next != queue.idle && (g_idle_cpus.load(std::memory_order_relaxed) & idle_bit))
        g_idle_cpus.fetch_and(~idle_bit);
    return next;
}

static void account_switch(RunQueue& queue, Thread& previous, Thread& next, Nanoseconds time)
{
    previous.cpu_time += time - previous.running_since;
    previous.running_since = 0;
    next.running_since = time;
    ++next.switches;
    ++queue.switches;
    queue.slice_end = time + time_slice;
}

// Runs the best ready thread. Precondition: `queue`, this CPU's, is locked; the current thread is on it unless it waits
// or has finished. On return the current thread runs again, maybe on another CPU, and no queue is locked by it.
static void switch_to_best(RunQueue& queue, Nanoseconds time)
{
    auto& cpu = arch::this_cpu();
    auto& previous = *cpu.current;
    auto& next = take_next(queue, time);
    next.state = ThreadState::running;
    if (queue.stealable_count)
        kick_idle_cpu();
    if (&next == &previous) {
        queue.lock.unlock();
        return;
    }
    account_switch(queue, previous, next, time);
    // At once, with the time that is accounted: what the rings tell of a thread adds up to its CPU time.
    trace_at(time, TraceKind::thread_switch, &next, next.id);
    if (queue.best_level() == next.priority)
        start_slice_timer(queue);
    queue.switched_from = &previous;
    cpu.current = &next;
    arch::sprout_switch_stacks(&previous.stack_pointer, next.stack_pointer);
    finish_switch();
}

void finish_switch()
{
    auto& queue = g_run_queues.local();
    auto& previous = *queue.switched_from;
    bool const has_finished = previous.state == ThreadState::finished;
    queue.switched_from = nullptr;
    // Whoever reads RAM tells by it a thread that is saved from one that runs, or waits but has not left its CPU yet.
    arch::this_cpu().current->stack_pointer = 0;
    queue.lock.unlock();
    if (has_finished)
        thread_is_gone(previous);
}

// Looks at the queue on behalf of a running thread that would go on: switches to a better thread, or to an equal one
// when the slice is used up. Precondition: interrupts are off.
static void preempt()
{
    auto& cpu = arch::this_cpu();
    auto& queue = g_run_queues.local();
    queue.lock.lock();
    __atomic_store_n(&cpu.reschedule_wanted, 0u, __ATOMIC_RELAXED);
    auto& thread = *cpu.current;
    auto const best = queue.best_level();
    if (best < thread.priority) {
        queue.lock.unlock();
        return;
    }
    auto const time = now();
    bool const slice_is_used = time >= queue.slice_end;
    if (best == thread.priority && !slice_is_used) {
        start_slice_timer(queue);
        queue.lock.unlock();
        return;
    }
    if (slice_is_used)
        balance_from(queue, time);
    ++thread.preemptions;
    queue.enqueue(thread, time, !slice_is_used);
    switch_to_best(queue, time);
}

void preempt_from_interrupt()
{
    if (!arch::this_cpu().current)
        return;
    // A thread that came by this very switch may be wanted off again, and it may be on another CPU after each.
    while (arch::this_cpu().reschedule_wanted && !arch::this_cpu().preemption_depth)
        preempt();
}

void preempt_if_wanted()
{
    if (!arch::this_cpu().reschedule_wanted || !arch::interrupts_enabled())
        return;
    auto const interrupts = arch::disable_interrupts();
    preempt_from_interrupt();
    arch::restore_interrupts(interrupts);
}

void schedule()
{
    auto& cpu = arch::this_cpu();
    auto& thread = *cpu.current;
    if (cpu.preemption_depth)
        panic("thread \"%s\" blocks while preemption is off", thread.name);
    auto& queue = g_run_queues.local();
    queue.lock.lock();
    __atomic_store_n(&cpu.reschedule_wanted, 0u, __ATOMIC_RELAXED);
    auto const time = now();
    if (thread.state == ThreadState::running)
        queue.enqueue(thread, time, false);
    switch_to_best(queue, time);
}

// Precondition: `queue`, of `cpu`, is locked; `thread` was just put on it.
static void tell_cpu(RunQueue const& queue, Thread const& thread, u32 cpu)
{
    auto const& running = *arch::g_cpus[cpu].current;
    if (thread.priority < running.priority || &thread == &running)
        return;
    // An equal waits for the end of the slice; the timer that tells it may be running already.
    bool const slice_is_timed
        = g_slice_timers.on(cpu).state == TimerState::armed && thread.ready_since < queue.slice_end;
    if (thread.priority > running.priority || !slice_is_timed)
        request_reschedule(cpu);
}

void wake(Thread& thread)
{
    auto const interrupts = arch::disable_interrupts();
    auto const time = now();
    auto const home = thread.cpu;
    auto target = home;
    auto* queue = &g_run_queues.on(home);
    queue->lock.lock();
    if (arch::g_cpus[home].current != &thread)
        target = choose_cpu(thread);
    if (target != home) {
        queue->lock.unlock();
        queue = &g_run_queues.on(target);
        queue->lock.lock();
        thread.cpu = target;
        ++thread.migrations;
    }
    queue->enqueue(thread, time, false);
    trace(TraceKind::thread_wake, &thread, target);
    tell_cpu(*queue, thread, target);
    bool const must_queue = arch::g_cpus[target].current != queue->idle && queue->stealable_count;
    queue->lock.unlock();
    if (must_queue)
        kick_idle_cpu();
    arch::restore_interrupts(interrupts);
    preempt_if_wanted();
}

} // namespace sprout
