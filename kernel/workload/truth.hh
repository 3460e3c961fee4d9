// What the workload knows to be true, kept apart from the structures that the debugger reads, so that the two can be compared.
//
// Each entry has a sequence number: odd while its owner changes it. A reader compares only entries that are even.
#pragma once
#include "core/types.hh"
#include "mm/malloc_pool.hh"
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
    Lock* lock = nullptr;
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
    TruthLock locks[truth_locks_per_worker];
    TruthTimer timer;
};

// Live objects that have passed malloc on one CPU: allocations minus frees, so one CPU's figure can be negative; the sum counts.
struct TruthObjects : TruthEntry {
    i64 live[malloc_class_count] = {};
    i64 large = 0;
};

inline constexpr usize max_truth_workers = 256;

struct Truth {
    u32 magic = 0; // 'TRUT' once the workload runs
    u32 worker_count = 0;
    TruthWorker workers[max_truth_workers];
    TruthObjects objects[max_cpus];
    std::atomic<u64> operations = 0; // work done, for the bench
};
// The debugger's tests find it by this name.
extern Truth g_truth;

} // namespace sprout
