// What all blocking locks share: who holds, who waits, in wake order, and since when.
#pragma once
#include "core/list.hh"
#include "core/spinlock.hh"
#include "core/types.hh"
#include "sched/clock.hh"

namespace sprout {

struct Thread;

enum class WaitKind : u8 { none, mutex, reader_writer_lock, condition, join, sleep, event };
enum class LockMode : u8 { shared, exclusive };

// A thread takes locks in ascending rank; equal ranks are the caller's own care (two vnodes). Checked in debug builds.
enum class LockRank : u8 { unranked, workload, mount, rename, vnode, dentry_cache, file, page_cache, memory };

struct WaitQueue;

// A thread waits for one thing at most: this is part of each Thread.
struct Wait {
    ListNode link;            // in WaitQueue::waiters, first is woken first
    Thread* thread = nullptr; // the thread that this is part of
    WaitQueue* queue = nullptr;
    WaitKind kind = WaitKind::none;
    LockMode mode = LockMode::exclusive;
    Nanoseconds since = 0;
    bool timed_out = false; // how the last wait ended
};

struct WaitQueue {
    WaitKind kind = WaitKind::none;
    mutable Spinlock guard; // protects waiters, and holders of a Lock
    List<Wait, &Wait::link> waiters;
    char const* name = "";

    constexpr WaitQueue() = default;
    constexpr WaitQueue(WaitKind queue_kind, char const* queue_name)
        : kind(queue_kind)
        , name(queue_name)
    {
    }
};

struct Lock;

// One slot in its thread's table of held locks, on its lock's list of holders.
struct HeldLock {
    ListNode link;        // in Lock::holders
    Lock* lock = nullptr; // null: the slot is free
    Thread* thread = nullptr;
    LockMode mode = LockMode::exclusive;
    Nanoseconds since = 0;
};

struct Lock : WaitQueue {
    LockRank rank = LockRank::unranked;
    List<HeldLock, &HeldLock::link> holders; // one when exclusive, one for each reader
    u64 acquisitions = 0;
    u64 contentions = 0; // acquisitions that had to wait

    constexpr Lock(WaitKind lock_kind, char const* lock_name, LockRank lock_rank)
        : WaitQueue(lock_kind, lock_name)
        , rank(lock_rank)
    {
    }

protected:
    void acquire(LockMode);
    bool try_acquire(LockMode);
    void release();

private:
    bool admits(LockMode) const;
    void take(Thread&, LockMode);
};

} // namespace sprout
