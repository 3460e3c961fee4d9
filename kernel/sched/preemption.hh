// Keeping a thread on its CPU for a while.
#pragma once
#include "arch/x64/cpu.hh"

namespace sprout {

void preempt_if_wanted();

// While one lives, this thread neither migrates nor lets another one run; interrupts still come. It must not block.
class [[nodiscard]] PreemptionGuard {
public:
    PreemptionGuard() { arch::increment_preemption_depth(); }
    ~PreemptionGuard()
    {
        arch::decrement_preemption_depth();
        preempt_if_wanted();
    }
    PreemptionGuard(PreemptionGuard const&) = delete;
    PreemptionGuard& operator=(PreemptionGuard const&) = delete;
};

} // namespace sprout
