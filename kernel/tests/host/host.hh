// What tests may set of the machine that the shim plays.
#pragma once
#include "arch/x64/cpu.hh"
#include "arch/x64/memory.hh"
#include "core/types.hh"
#include <initializer_list>

namespace host {

// Makes the calling thread run on CPU `index`. Each std::thread starts on CPU 0. Two threads that are on one CPU at the
// same time are the test's mistake: nothing keeps them from running together.
void set_cpu(sprout::u32 index);

// RAM from physical 0 on, zeroed, with these ranges usable; arch::g_ram_ranges and g_ram_bytes tell them. An earlier
// RAM is unmapped: nothing may point into it any more.
void set_ram(std::initializer_list<sprout::arch::RamRange> ranges);

// The time that now() tells, unless the test links the kernel's clock. Starts at 1 and adds 1 on each call.
void set_time(sprout::Nanoseconds time);

} // namespace host
