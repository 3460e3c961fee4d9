// The end of the kernel, told well: reason, thread, registers and a backtrace as addresses.
#pragma once

namespace sprout {

// Stops the other CPUs, prints the report on every console and ends with exit status 255 (or halts, as
// the command line's --panic says). Callable in any context, before the scheduler exists too. Begins in entry.S, which
// keeps the caller's registers for the report.
[[noreturn]] void panic(char const* format, ...) asm("panic") __attribute__((format(printf, 1, 2)));

// Called before anything else is done about a failure; the debugger's breakpoint for the panic filter.
extern "C" void sprout_panic_hook(char const* reason);

#define ASSERT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) [[unlikely]]                                                                                 \
            ::sprout::panic("assertion failed: %s (%s:%d)", #condition, __FILE__, __LINE__);                           \
    } while (false)

} // namespace sprout
