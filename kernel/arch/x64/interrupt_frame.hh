// What is on the interrupt stack when a handler runs.
#pragma once
#include "arch/x64/cpu.hh"
#include "core/types.hh"

namespace sprout::arch {

// In the order in which entry.S and the CPU push it, last first.
struct InterruptFrame {
    u64 r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    u64 vector;
    u64 error_code;
    u64 rip, cs, rflags, rsp, ss;
};
static_assert(sizeof(InterruptFrame) == 22 * 8);

// What the interrupt that this CPU handles has interrupted: its stack begins anew each time, and none comes in another.
// Precondition: in the handler of an interrupt, not of an exception.
inline InterruptFrame const& interrupted_frame()
{
    return reinterpret_cast<InterruptFrame const*>(this_cpu().interrupt_stack)[-1];
}

} // namespace sprout::arch
