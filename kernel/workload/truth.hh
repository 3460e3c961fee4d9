// What the workload knows to be true, kept apart from the structures that the debugger reads, so that the two can be
// compared.
//
// Each entry has a sequence number: odd while its owner changes it. A reader compares only entries that are even. The
// owner changes an entry with preemption off, so that odd is a matter of some instructions and never of a time slice.
//
// What an even entry promises about the kernel's own structures, at any stop:
//   TruthWorker  its thread is in g_threads, with this id and name.
//   TruthLock    none: while `calls_vfs` is false, the thread neither holds the lock of a vnode nor waits for one, but
//   for
//                those that the worker's other entries name.
//                acquiring: when the thread waits at all, it waits for this lock, in this mode.
//                holding: the thread is among the lock's holders, in this mode; `path` is the vnode's.
//   TruthTimer   armed: the timer is in the set of CPU Timer::cpu with this deadline and period. It is so while that
//                deadline (of a periodic timer: Timer::deadline) is later than TimerSet::last; from then on the timer
//                fires, or is about to, and the entry must be left out. Not armed: it is in no set.
//   TruthObjects when the entries of all CPUs are even: the sum of `live[class]` over all entries is the sum over all
//   CPUs of
//                MallocPoolCpu::live_objects - remote_count; the sum of `large` is g_large_allocations.count. (A free
//                is counted here when malloc_free() is called; an object that another CPU's pool still has to drain
//                counts in its live_objects, and in its remote_count.)
#pragma once
#include "core/types.hh"
#include "mm/malloc_pool.hh"
#include "sched/preemption.hh"
#include "sched/reader_writer_lock.hh"
#include "sched/thread.hh"
#include <atomic>

namespace sprout {

struct TruthEntry {
    std::atomic<u32> sequence = 0; // odd: in transition
};

enum class TruthLockState : u8 {
    none,      // neither holds nor wants it
    acquiring, // has called lock(), which has not returned
    holding,
};

struct TruthLock : TruthEntry {
    TruthLockState state = TruthLockState::none;
    LockMode mode = LockMode::shared;
    Lock* lock = nullptr;       // null: none
    char const* path = nullptr; // of the vnode whose lock it is
};

struct TruthTimer : TruthEntry {
    Timer* timer = nullptr;
    bool armed = false;
    Nanoseconds deadline = 0; // of a one-shot timer; 0 for a periodic one
    Nanoseconds period = 0;
};

inline constexpr usize truth_locks_per_worker = 4;

struct TruthWorker : TruthEntry {
    Thread* thread = nullptr; // null: the slot is free
    u32 id = 0;
    char name[32] = {};
    bool calls_vfs = false; // in a call that takes vnode locks by itself, which these entries do not tell
    TruthLock locks[truth_locks_per_worker];
    TruthTimer timer;
};

// Live objects that have passed malloc on one CPU: allocations minus frees, so one CPU's figure can be negative; the
// sum counts.
struct TruthObjects : TruthEntry {
    i64 live[malloc_class_count] = {};
    i64 large = 0;
};

inline constexpr usize max_truth_workers = 256;

struct Truth {
    static constexpr u32 running_magic = 0x54555254; // 'TRUT'

    u32 magic = 0;        // running_magic while the workload runs
    u32 worker_count = 0; // slots ever used; those after it are free
    TruthWorker workers[max_truth_workers];
    TruthObjects objects[max_cpus + 1]; // the last: what was live when the workload began
    std::atomic<u64> operations = 0;    // work done, for the bench
};
// The debugger's tests find it by this name.
extern Truth g_truth;

// While one lives its entry is odd. Precondition: nobody else changes the entry at the same time.
class [[nodiscard]] TruthChange {
public:
    explicit TruthChange(TruthEntry& entry)
        : entry_(entry)
    {
        entry_.sequence.fetch_add(1);
    }
    ~TruthChange() { entry_.sequence.fetch_add(1); }
    TruthChange(TruthChange const&) = delete;

private:
    PreemptionGuard stay_; // first: ends last
    TruthEntry& entry_;
};

// A slot for the current thread; null when all are taken: then it goes without.
TruthWorker* truth_enter();
void truth_leave(TruthWorker*);

// Takes a vnode's lock for as long as it lives, and tells the truth about it in entry `slot` of `worker` (null: of
// nobody).
class [[nodiscard]] TruthfulLock {
public:
    TruthfulLock(TruthWorker* worker, usize slot, ReaderWriterLock&, LockMode, char const* path);
    ~TruthfulLock();
    TruthfulLock(TruthfulLock const&) = delete;

private:
    TruthLock* entry_;
    ReaderWriterLock& lock_;
};

// While one lives `worker` (may be null) calls the VFS, which takes locks by itself.
class [[nodiscard]] TruthfulCall {
public:
    explicit TruthfulCall(TruthWorker* worker);
    ~TruthfulCall();
    TruthfulCall(TruthfulCall const&) = delete;

private:
    TruthWorker* worker_;
};

// Counts live objects from here on, exactly. Precondition: one thread does so at a time, and no lock is held.
Result<void> truth_count_objects();
void truth_stop_counting();

} // namespace sprout
