// The stacks that a CPU takes interrupts on, each with a guard page below, as every stack has (roadmap C2).
#pragma once
#include "core/result.hh"
#include "core/types.hh"

namespace sprout {
struct Thread;
}

namespace sprout::arch {

struct Cpu;

inline constexpr usize interrupt_stack_size = 8192;
inline constexpr usize fault_stack_size = 8192;
inline constexpr usize nmi_stack_size = 4096;

// Their upper ends.
struct InterruptStacks {
    u64 interrupt = 0; // IST1
    u64 fault = 0;     // IST2: all exceptions but the NMI, page and double faults among them
    u64 nmi = 0;       // IST3
};

// From the stack area; nobody's until own_interrupt_stacks().
Result<InterruptStacks> allocate_interrupt_stacks();
// Their pages belong to the CPU's idle thread.
void own_interrupt_stacks(Cpu const& cpu, Thread& idle);
// "interrupt", "fault" or "NMI" when `address` lies in the guard of that stack of `cpu`; else null.
char const* overflown_interrupt_stack(Cpu const& cpu, uptr address);

} // namespace sprout::arch
