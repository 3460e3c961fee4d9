#pragma once
#include "sched/lock.hh"

namespace sprout {

// Not recursive. First come, first served: unlock hands the mutex to the first waiter.
struct Mutex : Lock {
    explicit Mutex(char const* name = "mutex", LockRank rank = LockRank::unranked);
    void lock();
    bool try_lock();
    // Precondition: the current thread holds it.
    void unlock();
};

template<typename LockType>
class [[nodiscard]] ScopedLock {
public:
    explicit ScopedLock(LockType& lock) : lock_(lock) { lock_.lock(); }
    ~ScopedLock() { lock_.unlock(); }
    ScopedLock(ScopedLock const&) = delete;
    ScopedLock& operator=(ScopedLock const&) = delete;

private:
    LockType& lock_;
};

} // namespace sprout
