#include "core/panic.hh"
#include "arch/x64/cpu.hh"
#include "arch/x64/exceptions.hh"
#include "arch/x64/interrupts.hh"
#include "core/command_line.hh"
#include "core/panic_report.hh"
#include "core/print.hh"
#include "drivers/power.hh"
#include "sched/thread.hh"
#include <atomic>

namespace sprout {

namespace {

constexpr u32 nobody = ~0u;
// The CPU that panics: another one that panics meanwhile waits to be stopped, the same one is not reported twice.
std::atomic<u32> g_panicking_cpu = nobody;

void begin_panic()
{
    arch::disable_interrupts();
    u32 expected = nobody;
    auto const cpu = arch::cpu_index();
    if (!g_panicking_cpu.compare_exchange_strong(expected, cpu)) {
        if (expected == cpu)
            end_machine(status_panic);
        arch::halt_forever();
    }
    arch::stop_other_cpus();
    print_break_lock();
}

void print_reason(char const* reason)
{
    print("\nPANIC: %s\n", reason);
    if (auto const* thread = arch::this_cpu().current)
        print("CPU %u, thread %u \"%s\"\n", arch::cpu_index(), thread->id, thread->name);
    else
        print("CPU %u, before the scheduler\n", arch::cpu_index());
}

[[noreturn]] void end_panic()
{
    if (g_kernel_options.panic == PanicMode::halt)
        arch::halt_forever();
    if (g_kernel_options.panic == PanicMode::reboot)
        reboot_machine();
    end_machine(status_panic);
}

} // namespace

extern "C" [[gnu::noinline]] void sprout_panic_hook(char const* reason) { asm volatile("" ::"r"(reason) : "memory"); }

void panic(char const* format, ...)
{
    begin_panic();
    char reason[256];
    va_list arguments;
    va_start(arguments, format);
    format_string_v(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    sprout_panic_hook(reason);
    print_reason(reason);
    print("Backtrace:\n");
    auto const* frame = static_cast<u64 const*>(__builtin_frame_address(0));
    arch::print_backtrace(frame[1], frame[0]);
    end_panic();
}

void panic_at(arch::InterruptFrame const& frame, char const* format, ...)
{
    begin_panic();
    char reason[256];
    va_list arguments;
    va_start(arguments, format);
    format_string_v(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    sprout_panic_hook(reason);
    print_reason(reason);
    arch::print_registers(frame);
    print("Backtrace:\n");
    arch::print_backtrace(frame.rip, frame.rbp);
    end_panic();
}

} // namespace sprout

// The compiler's own calls.
extern "C" void __cxa_pure_virtual() { sprout::panic("a pure virtual function was called"); }
extern "C" void abort() { sprout::panic("abort()"); }
