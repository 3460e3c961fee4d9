// The lock below all locks: never held across a switch, held with interrupts off.
#pragma once
#include "arch/x64/interrupts.hh"
#include "core/types.hh"
#include <atomic>

namespace sprout {

class Spinlock {
public:
    void lock()
    {
        while (taken_.exchange(1, std::memory_order_acquire))
            while (taken_.load(std::memory_order_relaxed))
                arch::pause();
    }
    void unlock() { taken_.store(0, std::memory_order_release); }
    bool try_lock() { return !taken_.exchange(1, std::memory_order_acquire); }
    bool is_locked() const { return taken_.load(std::memory_order_relaxed); }

private:
    std::atomic<u32> taken_ = 0;
};

// Holds `lock` with interrupts off on this CPU; puts the interrupt flag back as it was.
class SpinlockGuard {
public:
    explicit SpinlockGuard(Spinlock& lock)
        : lock_(lock)
        , interrupts_(arch::disable_interrupts())
    {
        lock_.lock();
    }
    ~SpinlockGuard()
    {
        lock_.unlock();
        arch::restore_interrupts(interrupts_);
    }
    SpinlockGuard(SpinlockGuard const&) = delete;
    SpinlockGuard& operator=(SpinlockGuard const&) = delete;

private:
    Spinlock& lock_;
    arch::InterruptState interrupts_;
};

// Data that only the holder of its lock can reach.
template<typename T> class SpinlockProtected {
public:
    template<typename Function> decltype(auto) with(Function function)
    {
        SpinlockGuard guard(lock_);
        return function(value_);
    }

private:
    Spinlock lock_;
    T value_;
};

} // namespace sprout
