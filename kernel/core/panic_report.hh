// A panic on behalf of interrupted code, whose registers are known.
#pragma once
#include "arch/x64/interrupt_frame.hh"

namespace sprout {

[[noreturn]] void panic_at(arch::InterruptFrame const& frame, char const* format, ...)
    __attribute__((format(printf, 2, 3)));

} // namespace sprout
