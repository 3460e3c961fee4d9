// What is on the interrupt stack when a handler runs.
#pragma once
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

} // namespace sprout::arch
