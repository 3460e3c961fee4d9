// Segments, task state and interrupt vectors.
#pragma once
#include "arch/x64/cpu.hh"
#include "arch/x64/interrupt_stacks.hh"

namespace sprout::arch {

inline constexpr u8 vector_timer = 0xf0;
inline constexpr u8 vector_reschedule = 0xf1;
inline constexpr u8 vector_spurious = 0xff;

// Makes `cpu` this CPU: GS base, GDT, TSS with its interrupt stacks, IDT.
void descriptors_initialize(Cpu& cpu, InterruptStacks const& stacks);
// This CPU takes its interrupts on other stacks from now on. Precondition: called by `cpu`, interrupts are off.
void use_interrupt_stacks(Cpu& cpu, InterruptStacks const& stacks);

} // namespace sprout::arch
