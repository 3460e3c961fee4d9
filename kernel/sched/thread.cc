// Threads come and go.
#include "sched/thread.hh"
#include "core/panic.hh"
#include "core/trace.hh"
#include "mm/malloc_pool.hh"
#include "mm/stack_area.hh"
#include "sched/scheduler.hh"
#include "sched/switch.hh"
#include "sched/wait.hh"

namespace sprout {

constinit ThreadList g_threads;

// Detached threads that are gone; an idle thread or the next thread_create() frees them.
struct ReapList {
    Spinlock lock;
    List<Thread, &Thread::queue_link> list;
    std::atomic<u32> count = 0;
};
static constinit ReapList g_threads_to_reap;

Thread& current_thread() { return *arch::current_thread_pointer(); }

static void set_name(Thread& thread, char const* name)
{
    usize length = 0;
    for (; name[length] && length < sizeof(thread.name) - 1; ++length)
        thread.name[length] = name[length];
    thread.name[length] = 0;
}

void thread_register(Thread& thread, char const* name)
{
    set_name(thread, name);
    thread.wait.thread = &thread;
    thread.joiners.kind = WaitKind::join;
    thread.joiners.name = thread.name;
    SpinlockGuard guard(g_threads.lock);
    thread.id = g_threads.next_id++;
    g_threads.list.push_back(thread);
    ++g_threads.count;
}

static void destroy(Thread& thread)
{
    {
        SpinlockGuard guard(g_threads.lock);
        g_threads.list.remove(thread);
        --g_threads.count;
    }
    stack_free(thread.stack);
    thread.~Thread();
    malloc_free(&thread);
}

void reap_threads()
{
    while (g_threads_to_reap.count.load(std::memory_order_relaxed)) {
        Thread* thread;
        {
            SpinlockGuard guard(g_threads_to_reap.lock);
            thread = g_threads_to_reap.list.pop_front();
            if (thread)
                --g_threads_to_reap.count;
        }
        if (thread)
            destroy(*thread);
    }
}

static void hand_to_reaper(Thread& thread)
{
    SpinlockGuard guard(g_threads_to_reap.lock);
    g_threads_to_reap.list.push_back(thread);
    ++g_threads_to_reap.count;
}

void thread_begin(void* argument)
{
    finish_switch();
    auto& thread = *static_cast<Thread*>(argument);
    trace(TraceKind::thread_start, &thread, thread.id);
    arch::enable_interrupts();
    preempt_if_wanted();
    thread.entry(thread.argument);
    thread_exit();
}

Result<Thread*> thread_create(ThreadOptions const& options, void (*entry)(void*), void* argument)
{
    if (options.stack_size == 0 || options.stack_size % page_size || options.stack_size >= stack_slot_size)
        return Error::invalid;
    if (options.pinned_cpu != any_cpu && (options.pinned_cpu >= max_cpus || !g_run_queues.on(options.pinned_cpu).idle))
        return Error::invalid;
    reap_threads();
    auto* memory = malloc_allocate(sizeof(Thread));
    if (!memory)
        return Error::no_memory;
    auto& thread = *new (memory) Thread;
    auto stack = stack_allocate(options.stack_size, &thread);
    if (stack.is_error()) {
        malloc_free(memory);
        return stack.error();
    }
    thread.stack = stack.value();
    // Level 0 is the idle threads' own.
    thread.priority = options.priority == Priority::idle ? 1 : static_cast<u8>(options.priority);
    thread.pinned_cpu = options.pinned_cpu;
    thread.cpu = options.pinned_cpu == any_cpu ? arch::cpu_index() : options.pinned_cpu;
    thread.detached = options.detached;
    thread.entry = entry;
    thread.argument = argument;
    thread.stack_pointer = arch::prepare_initial_stack(thread.stack.base + thread.stack.size, thread_begin, &thread);
    thread_register(thread, options.name);
    wake(thread);
    return &thread;
}

void thread_exit()
{
    auto& thread = current_thread();
    if (thread.held_count)
        panic("thread \"%s\" ends while it holds %u locks", thread.name, thread.held_count);
    trace(TraceKind::thread_exit, &thread, thread.id);
    arch::disable_interrupts();
    thread.state = ThreadState::finished;
    schedule();
    panic("thread \"%s\" runs after its end", thread.name);
}

void thread_is_gone(Thread& thread)
{
    WokenList woken;
    bool detached;
    {
        SpinlockGuard guard(thread.joiners.guard);
        thread.gone = true;
        detached = thread.detached;
        while (auto* wait = thread.joiners.waiters.first())
            wait_end(*wait, woken);
    }
    // From here on the thread may be freed by who joins it.
    if (detached)
        hand_to_reaper(thread);
    wake_all(woken);
}

void thread_join(Thread& thread)
{
    auto& self = current_thread();
    if (&self == &thread)
        panic("thread \"%s\" joins itself", self.name);
    {
        InterruptsOff off;
        thread.joiners.guard.lock();
        if (thread.detached || !thread.joiners.waiters.is_empty())
            panic("thread \"%s\" joins thread \"%s\", which is %s", self.name, thread.name,
                thread.detached ? "detached" : "being joined");
        if (thread.gone) {
            thread.joiners.guard.unlock();
        } else {
            wait_begin(self, thread.joiners, LockMode::exclusive);
            thread.joiners.guard.unlock();
            wait_until_woken();
        }
    }
    destroy(thread);
}

void thread_detach(Thread& thread)
{
    bool gone;
    {
        SpinlockGuard guard(thread.joiners.guard);
        thread.detached = true;
        gone = thread.gone;
    }
    if (gone)
        destroy(thread);
}

void thread_yield()
{
    InterruptsOff off;
    schedule();
}

} // namespace sprout
