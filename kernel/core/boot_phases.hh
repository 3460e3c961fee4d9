// The way from power-on to the first program, phase by phase: written once, read by the debugger from RAM.
#pragma once
#include "core/types.hh"

namespace sprout {

// A phase lasts until the next one begins; the last one, `programs`, is the end of the boot.
struct BootPhase {
    char const* name; // lives for ever
    u64 begin; // by the TSC, which is 0 at power-on: the first phase began when firmware and boot loader had ended
};

struct BootPhases {
    static constexpr u32 most = 24;

    BootPhase phases[most];
    u32 count;         // counts a phase only when it is written
    u64 tsc_kilohertz; // 0 until it was measured
};
extern BootPhases g_boot_phases;

// The phase `name` begins here. On the boot CPU; needs nothing at all.
void boot_phase(char const* name);

} // namespace sprout
