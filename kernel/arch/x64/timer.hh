// The timer interrupt of this CPU.
#pragma once
#include "core/types.hh"

namespace sprout::arch {

// Interrupts this CPU once, `delay` from now or soon after, never before. True when the hardware cannot wait that long:
// it then fires early, and must be armed again.
bool arm_timer(Nanoseconds delay);

} // namespace sprout::arch
