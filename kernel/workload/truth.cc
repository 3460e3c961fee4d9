#include "workload/truth.hh"
#include "arch/x64/cpu.hh"
#include "sched/mutex.hh"
#include <cstring>

namespace sprout {

constinit Truth g_truth;

namespace {

constinit Mutex g_slots_lock { "truth slots", LockRank::workload };

void set_calls_vfs(TruthWorker* worker, bool value)
{
    if (!worker)
        return;
    TruthChange change(*worker);
    worker->calls_vfs = value;
}

} // namespace

TruthWorker* truth_enter()
{
    ScopedLock lock(g_slots_lock);
    for (u32 index = 0; index < max_truth_workers; ++index) {
        auto& worker = g_truth.workers[index];
        if (worker.thread)
            continue;
        auto& thread = current_thread();
        TruthChange change(worker);
        worker.thread = &thread;
        worker.id = thread.id;
        memcpy(worker.name, thread.name, sizeof(worker.name));
        if (index >= g_truth.worker_count)
            g_truth.worker_count = index + 1;
        return &worker;
    }
    return nullptr;
}

void truth_leave(TruthWorker* worker)
{
    if (!worker)
        return;
    TruthChange change(*worker);
    worker->thread = nullptr;
}

TruthfulLock::TruthfulLock(TruthWorker* worker, usize slot, ReaderWriterLock& lock, LockMode mode, char const* path)
    : entry_(worker ? &worker->locks[slot] : nullptr)
    , lock_(lock)
{
    if (entry_) {
        TruthChange change(*entry_);
        entry_->state = TruthLockState::acquiring;
        entry_->mode = mode;
        entry_->lock = &lock;
        entry_->path = path;
    }
    if (mode == LockMode::shared)
        lock.lock_shared();
    else
        lock.lock_exclusive();
    if (entry_) {
        TruthChange change(*entry_);
        entry_->state = TruthLockState::holding;
    }
}

TruthfulLock::~TruthfulLock()
{
    if (!entry_) {
        lock_.unlock();
        return;
    }
    TruthChange change(*entry_);
    lock_.unlock();
    entry_->state = TruthLockState::none;
    entry_->lock = nullptr;
    entry_->path = nullptr;
}

TruthfulCall::TruthfulCall(TruthWorker* worker)
    : worker_(worker)
{
    set_calls_vfs(worker_, true);
}

TruthfulCall::~TruthfulCall() { set_calls_vfs(worker_, false); }

} // namespace sprout
