// One engine for the mutex and the reader-writer lock: a mutex is one that is only taken exclusively.
#include "core/panic.hh"
#include "core/trace.hh"
#include "sched/thread.hh"
#include "sched/wait.hh"

namespace sprout {

static HeldLock* find_held(Thread& thread, Lock const* lock)
{
    for (auto& held : thread.held) {
        if (held.lock == lock)
            return &held;
    }
    return nullptr;
}

static Thread& locking_thread(Lock const& lock)
{
    auto* thread = arch::current_thread_pointer();
    if (!thread) [[unlikely]]
        panic("lock \"%s\" is used before the scheduler runs", lock.name);
    return *thread;
}

#if SPROUT_DEBUG
static void check_order(Thread& self, Lock const& wanted)
{
    if (!arch::interrupts_enabled() && arch::this_cpu().interrupt_depth)
        panic("lock \"%s\" is taken in an interrupt, over thread \"%s\"", wanted.name, self.name);
    if (!self.held_count)
        return;
    for (auto const& held : self.held) {
        if (!held.lock)
            continue;
        if (held.lock == &wanted)
            panic("thread \"%s\" takes lock \"%s\" that it holds already", self.name, wanted.name);
        bool const are_ranked = held.lock->rank != LockRank::unranked && wanted.rank != LockRank::unranked;
        if (are_ranked && held.lock->rank > wanted.rank)
            panic("lock order: thread \"%s\" takes lock \"%s\" of rank %u while it holds lock \"%s\" of rank %u",
                self.name, wanted.name, static_cast<u32>(wanted.rank), held.lock->name,
                static_cast<u32>(held.lock->rank));
    }
}
#else
static void check_order(Thread&, Lock const&) { }
#endif

// Whether the lock can be had in this mode as it is held now. The caller holds the guard.
bool Lock::admits(LockMode mode) const
{
    auto const* holder = holders.first();
    return !holder || (mode == LockMode::shared && holder->mode == LockMode::shared);
}

// Makes `thread`, the current one or one that is taken out of this lock's queue, a holder. The caller holds the guard.
void Lock::take(Thread& thread, LockMode mode)
{
    auto* held = thread.held_count < max_held_locks ? find_held(thread, nullptr) : nullptr;
    if (!held)
        panic("thread \"%s\" takes lock \"%s\" while it holds %zu locks, which is the most", thread.name, name,
            max_held_locks);
    held->thread = &thread;
    held->mode = mode;
    held->since = now();
    held->lock = this;
    ++thread.held_count;
    holders.push_back(*held);
    ++acquisitions;
}

void Lock::acquire(LockMode mode)
{
    auto& self = locking_thread(*this);
    check_order(self, *this);
    Nanoseconds waited = 0;
    {
        InterruptsOff off;
        guard.lock();
        if (waiters.is_empty() && admits(mode)) {
            take(self, mode);
            guard.unlock();
        } else {
            ++contentions;
            wait_begin(self, *this, mode);
            guard.unlock();
            wait_until_woken();
            // Handed over: release() made this thread a holder before it woke it.
            waited = find_held(self, this)->since - self.wait.since;
        }
    }
    trace(TraceKind::lock_acquire, this, waited);
}

bool Lock::try_acquire(LockMode mode)
{
    auto& self = locking_thread(*this);
    {
        SpinlockGuard guarded(guard);
        if (!waiters.is_empty() || !admits(mode))
            return false;
        take(self, mode);
    }
    trace(TraceKind::lock_acquire, this, 0);
    return true;
}

void Lock::release()
{
    auto& self = locking_thread(*this);
    InterruptsOff off;
    WokenList woken;
    Nanoseconds since;
    {
        SpinlockGuard guarded(guard);
        auto* held = find_held(self, this);
        if (!held)
            panic("thread \"%s\" unlocks lock \"%s\" that it does not hold", self.name, name);
        since = held->since;
        held->link.unlink();
        held->lock = nullptr;
        held->thread = nullptr;
        --self.held_count;
        // Those that can hold it next, in their order: a writer, or a reader and the readers right behind it.
        for (auto* wait = waiters.first(); wait && admits(wait->mode); wait = waiters.first()) {
            wait_end(*wait, woken);
            take(*wait->thread, wait->mode);
        }
    }
    if (g_trace_mask & (1u << static_cast<u32>(TraceKind::lock_release)))
        trace_record(TraceKind::lock_release, reinterpret_cast<u64>(this), now() - since);
    wake_all(woken);
}

} // namespace sprout
