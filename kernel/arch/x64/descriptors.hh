// Segments, task state and interrupt vectors.
#pragma once
#include "arch/x64/cpu.hh"

namespace sprout::arch {

inline constexpr u8 vector_timer = 0xf0;
inline constexpr u8 vector_reschedule = 0xf1;
inline constexpr u8 vector_spurious = 0xff;

inline constexpr usize interrupt_stack_size = 8192;
inline constexpr usize fault_stack_size = 8192;
inline constexpr usize nmi_stack_size = 4096;
inline constexpr usize cpu_stacks_size = interrupt_stack_size + fault_stack_size + nmi_stack_size;

// Makes `cpu` this CPU: GS base, GDT, TSS with its interrupt stacks in `stacks` (cpu_stacks_size bytes), IDT.
void descriptors_initialize(Cpu& cpu, u8* stacks);

} // namespace sprout::arch
