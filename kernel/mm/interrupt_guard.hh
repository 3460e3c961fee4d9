// Keeps the caller on this CPU: interrupts are off until it goes.
#pragma once
#include "arch/x64/interrupts.hh"

namespace sprout {

class InterruptGuard {
public:
    InterruptGuard()
        : state_(arch::disable_interrupts())
    {
    }
    ~InterruptGuard() { arch::restore_interrupts(state_); }
    InterruptGuard(InterruptGuard const&) = delete;
    InterruptGuard& operator=(InterruptGuard const&) = delete;

private:
    arch::InterruptState state_;
};

} // namespace sprout
