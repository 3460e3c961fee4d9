// Host stand-in for arch/x64/interrupts.hh: a flag for each std::thread.
#pragma once
#include "core/types.hh"

namespace sprout::arch {

using InterruptState = u64;

InterruptState disable_interrupts();
void restore_interrupts(InterruptState state);
void enable_interrupts();
bool interrupts_enabled();
// Gives the host's CPU away: spinning threads may be more than the host has CPUs.
void pause();

} // namespace sprout::arch
