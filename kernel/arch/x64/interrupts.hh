// The interrupt flag of this CPU, and the CPU's pause.
#pragma once
#include "core/types.hh"

namespace sprout::arch {

// Opaque: what restore_interrupts() needs to put the flag back.
using InterruptState = u64;

inline InterruptState disable_interrupts()
{
    InterruptState flags;
    asm volatile("pushfq; popq %0; cli" : "=r"(flags)::"memory");
    return flags;
}
inline void restore_interrupts(InterruptState state)
{
    if (state & (1 << 9))
        asm volatile("sti" ::: "memory");
}
inline void enable_interrupts() { asm volatile("sti" ::: "memory"); }
inline bool interrupts_enabled()
{
    u64 flags;
    asm volatile("pushfq; popq %0" : "=r"(flags));
    return flags & (1 << 9);
}
inline void pause() { asm volatile("pause"); }
// Atomically enables interrupts and waits for one.
inline void wait_for_interrupt() { asm volatile("sti; hlt" ::: "memory"); }

} // namespace sprout::arch
