#pragma once
#include "sched/lock.hh"

namespace sprout {

// Not recursive. First come, first served: unlock hands the mutex to the first waiter.
struct Mutex : Lock {
    constexpr explicit Mutex(char const* mutex_name = "mutex", LockRank mutex_rank = LockRank::unranked)
        : Lock(WaitKind::mutex, mutex_name, mutex_rank)
    {
    }
    void lock();
    bool try_lock();
    // Precondition: the current thread holds it.
    void unlock();
};

template<typename LockType> class [[nodiscard]] ScopedLock {
public:
    explicit ScopedLock(LockType& lock)
        : lock_(lock)
    {
        lock_.lock();
    }
    ~ScopedLock() { lock_.unlock(); }
    ScopedLock(ScopedLock const&) = delete;
    ScopedLock& operator=(ScopedLock const&) = delete;

private:
    LockType& lock_;
};

} // namespace sprout
