// Helpers of the scheduler's, locks' and timers' tests.
#pragma once
#include "sched/scheduler.hh"
#include "tests/image/check.hh"
#include <atomic>

namespace sprout::test {

inline constexpr Nanoseconds millisecond = 1'000'000;
// A loaded host can hold a virtual CPU up for long; what has not come by then never comes.
inline constexpr Nanoseconds patience = 60'000 * millisecond;

inline Thread& start(
    char const* name, void (*entry)(void*), void* argument, u32 cpu = any_cpu, Priority priority = Priority::normal)
{
    auto result = thread_create({ .name = name, .priority = priority, .pinned_cpu = cpu }, entry, argument);
    if (result.is_error())
        panic("thread \"%s\" cannot be created: error %d", name, static_cast<int>(result.error()));
    return *result.value();
}

// Sleeps in short steps until `condition()`; panics when it does not come true.
template<typename Condition> void wait_until(char const* what, Condition condition)
{
    auto const deadline = now() + patience;
    while (!condition()) {
        if (now() > deadline)
            panic("still waiting for %s", what);
        thread_sleep(millisecond / 5);
    }
}

// Until `thread` is off its CPU for good: its times and counts are final.
inline void wait_until_gone(Thread& thread)
{
    wait_until("a thread's end", [&] {
        SpinlockGuard guard(thread.joiners.guard);
        return thread.gone;
    });
}

// Uses the CPU for `duration`.
inline void spin(Nanoseconds duration)
{
    auto const end = now() + duration;
    while (now() < end)
        arch::pause();
}

template<typename Condition> void spin_until(char const* what, Condition condition)
{
    auto const deadline = now() + patience;
    while (!condition()) {
        if (now() > deadline)
            panic("still waiting for %s", what);
        arch::pause();
    }
}

inline u32 next_random(u32& seed)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed;
}

// Panics when a run queue's counts, bits and lists do not agree.
void check_run_queues();

} // namespace sprout::test
