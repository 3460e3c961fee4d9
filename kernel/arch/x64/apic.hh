// The local APIC of this CPU (Intel SDM volume 3, chapter 11).
#pragma once
#include "core/types.hh"

namespace sprout::arch {

// Maps the registers and turns off the old interrupt controllers. Once, on the boot CPU, before the others.
void apic_initialize();
// On each CPU: enables it; its timer is stopped.
void apic_enable();
void acknowledge_interrupt();
u32 apic_id();

enum class Ipi : u32 {
    fixed = 0,
    nmi = 4 << 8,
    init = 5 << 8,
    startup = 6 << 8,
};
// Sends to the CPU with `apic_id`; for fixed, `value` is the vector; for startup, the page number of the trampoline.
void send_ipi(u32 apic_id, Ipi kind, u8 value);

// The timer: counts down once, by 1 each `timer divisor` bus ticks; 0 stops it. Fires vector_timer.
void set_timer_count(u32 count);
u32 read_timer_count();

} // namespace sprout::arch
