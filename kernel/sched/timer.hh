// Timers: one set for each CPU, buckets by the highest bit in which a deadline differs from the set's last time.
#pragma once
#include "core/list.hh"
#include "core/per_cpu.hh"
#include "core/spinlock.hh"
#include "core/types.hh"
#include "sched/clock.hh"

namespace sprout {

struct Thread;

enum class TimerState : u8 { idle, armed, firing };

struct Timer {
    using Callback = void (*)(Timer&); // runs in interrupt context, on the CPU that armed the timer

    ListNode link;            // in a TimerSet's bucket while armed
    Nanoseconds deadline = 0; // absolute
    Nanoseconds period = 0;   // 0: one-shot
    TimerState state = TimerState::idle;
    u32 cpu = 0;             // whose set holds it
    u64 fired = 0;           // times that the callback ran
    Thread* owner = nullptr; // the thread that armed it, null for the kernel itself
    char const* name = "";
    Callback callback = nullptr;
    void* argument = nullptr;
};

struct TimerSet {
    static constexpr usize bucket_count = 64;

    Spinlock lock;
    // Bucket of a deadline: 63 - clz64(deadline ^ last); overdue ones in bucket 0. Unsorted within.
    List<Timer, &Timer::link> buckets[bucket_count];
    u64 non_empty_buckets = 0; // one bit each
    u64 count = 0;             // armed timers
    Nanoseconds last = 0;      // the time that the buckets refer to; never goes back
    Nanoseconds next = ~0ull;  // earliest deadline that the hardware is armed for; ~0: none
    u64 fired = 0;             // callbacks run
    u64 backward_steps = 0;    // times that expire() was called with a time before `last`
    u64 clamped = 0;           // hardware counts clamped to 2^32 - 1
    Timer* firing = nullptr;   // whose callback this CPU runs right now

    // Pure; tested on the host. The caller holds `lock`.
    void insert(Timer&);
    void remove(Timer&);
    // Moves `last` to `now` and returns one due timer taken out of the set, or null: call until null.
    Timer* expire(Nanoseconds now);
    // The earliest deadline, ~0 when empty.
    Nanoseconds earliest() const;
};

extern PerCpu<TimerSet> g_timer_sets;

// Arms `timer` on this CPU; re-arms it when it is armed. period 0 is one-shot. May be called from its own callback.
// A periodic timer keeps its phase: deadlines are deadline + n * period, those that were missed whole are skipped.
// Starting and cancelling one timer is serialised by its user; timer_cancel() comes before its memory is used again.
void timer_start(Timer& timer, Nanoseconds deadline, Nanoseconds period = 0);
// The same with the owner told: timer_start() takes the current thread, in a callback the owner that the timer has.
void timer_start_for(Thread* owner, Timer& timer, Nanoseconds deadline, Nanoseconds period = 0);
// After it returns the callback does not run and will not. Precondition: not called from the callback itself, nor with
// a spinlock held that the callback takes.
void timer_cancel(Timer& timer);

// The timer interrupt of this CPU: runs the callbacks that are due and arms the hardware again. Interrupts are off.
void timer_interrupt();

} // namespace sprout
