// Faults of the kernel itself.
#pragma once
#include "arch/x64/interrupt_frame.hh"

namespace sprout::arch {

// Panics: names the exception, and a stack overflow by its thread.
[[noreturn]] void report_exception(InterruptFrame const& frame);
// Interrupts off, for good.
[[noreturn]] void halt_forever();
// Prints the registers and the backtrace of interrupted code.
void print_registers(InterruptFrame const& frame);
// Prints `  #0 0x…` lines by frame pointers, beginning with `rip`; bounded, and only through readable stack memory.
void print_backtrace(u64 rip, u64 rbp);

} // namespace sprout::arch
