#pragma once
#include "sched/mutex.hh"

namespace sprout {

struct ConditionVariable : WaitQueue {
    constexpr explicit ConditionVariable(char const* condition_name = "condition")
        : WaitQueue(WaitKind::condition, condition_name)
    {
    }
    // Precondition: the current thread holds `mutex`; it holds it again on return.
    void wait(Mutex& mutex);
    // False when `deadline` passed first.
    bool wait_until(Mutex& mutex, Nanoseconds deadline);
    void notify_one();
    void notify_all();
};

} // namespace sprout
