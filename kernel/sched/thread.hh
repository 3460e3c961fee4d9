// Kernel threads.
#pragma once
#include "core/list.hh"
#include "core/result.hh"
#include "core/spinlock.hh"
#include "core/types.hh"
#include "sched/lock.hh"
#include "sched/timer.hh"

namespace sprout {

enum class ThreadState : u8 {
    created,  // never ran
    ready,    // on a run queue
    running,  // on CPU `cpu`
    waiting,  // for `wait` (sleeping is waiting of kind sleep)
    finished, // waits to be joined or reaped
};

// Higher runs first; equal ones take turns of time_slice.
enum class Priority : u8 { idle = 0, low = 8, normal = 16, high = 24 };
inline constexpr Nanoseconds time_slice = 10'000'000;

// The usable part of a stack slot; the page right below `base` is never mapped.
struct ThreadStack {
    uptr base = 0;
    usize size = 0;
};

inline constexpr usize max_held_locks = 16;
inline constexpr u32 any_cpu = ~0u;

struct Thread {
    ListNode all_link;   // in g_threads.list
    ListNode queue_link; // in a RunQueue while ready; once finished and detached, in the list of those to reap
    u32 id = 0;          // from 1, never used twice
    ThreadState state = ThreadState::created;
    u8 priority = static_cast<u8>(Priority::normal);
    bool detached = false;
    u32 cpu = 0; // runs there, queued there, or ran there last
    u32 pinned_cpu = any_cpu;
    char name[32] = {};
    u64 stack_pointer = 0; // of an arch::SwitchFrame; 0 while its registers are in a CPU
    ThreadStack stack;
    Nanoseconds cpu_time = 0;      // up to running_since
    Nanoseconds running_since = 0; // 0 unless running
    Nanoseconds ready_since = 0;
    u64 switches = 0;
    u64 preemptions = 0;
    u64 migrations = 0;
    Wait wait;
    HeldLock held[max_held_locks];
    u32 held_count = 0;
    Timer sleep_timer;
    void (*entry)(void*) = nullptr;
    void* argument = nullptr;
    WaitQueue joiners;
    bool gone = false; // finished and off its stack for good; under joiners.guard
};

struct ThreadList {
    Spinlock lock;
    List<Thread, &Thread::all_link> list; // every thread that is not reaped, idle threads too
    u64 count = 0;
    u32 next_id = 1;
};
extern ThreadList g_threads;

struct ThreadOptions {
    char const* name = "thread";
    Priority priority = Priority::normal;
    u32 pinned_cpu = any_cpu;
    usize stack_size = 16 * 1024;
    bool detached = false;
};

// Starts a thread that runs entry(argument). Error::no_memory when there is none.
Result<Thread*> thread_create(ThreadOptions const& options, void (*entry)(void*), void* argument);
// Waits until `thread` has finished, then frees it. Precondition: not detached, joined once.
void thread_join(Thread& thread);
// Nobody will join `thread`: it is freed when it has finished. Precondition: neither joined nor detached before.
void thread_detach(Thread& thread);
[[noreturn]] void thread_exit();
void thread_yield();
void thread_sleep_until(Nanoseconds deadline);
void thread_sleep(Nanoseconds duration);
// Precondition: the scheduler runs on this CPU.
Thread& current_thread();

} // namespace sprout
