#pragma once
#include "sched/lock.hh"

namespace sprout {

// Not recursive, in either mode. Fair: a reader waits behind a waiting writer; unlock wakes the first waiter, and the
// readers right behind a reader.
struct ReaderWriterLock : Lock {
    constexpr explicit ReaderWriterLock(
        char const* lock_name = "reader-writer lock", LockRank lock_rank = LockRank::unranked)
        : Lock(WaitKind::reader_writer_lock, lock_name, lock_rank)
    {
    }
    void lock_shared();
    void lock_exclusive();
    bool try_lock_shared();
    bool try_lock_exclusive();
    // Precondition: the current thread holds it in some mode.
    void unlock();
};

class [[nodiscard]] SharedLock {
public:
    explicit SharedLock(ReaderWriterLock& lock)
        : lock_(lock)
    {
        lock_.lock_shared();
    }
    ~SharedLock() { lock_.unlock(); }
    SharedLock(SharedLock const&) = delete;

private:
    ReaderWriterLock& lock_;
};

class [[nodiscard]] ExclusiveLock {
public:
    explicit ExclusiveLock(ReaderWriterLock& lock)
        : lock_(lock)
    {
        lock_.lock_exclusive();
    }
    ~ExclusiveLock() { lock_.unlock(); }
    ExclusiveLock(ExclusiveLock const&) = delete;

private:
    ReaderWriterLock& lock_;
};

} // namespace sprout
