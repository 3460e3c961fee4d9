#pragma once
#include "sched/mutex.hh"

namespace sprout {

struct ConditionVariable : WaitQueue {
    explicit ConditionVariable(char const* name = "condition");
    // Precondition: the current thread holds `mutex`; it holds it again on return.
    void wait(Mutex& mutex);
    // False when `deadline` passed first.
    bool wait_until(Mutex& mutex, Nanoseconds deadline);
    void notify_one();
    void notify_all();
};

} // namespace sprout
