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
#include <cstring>

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

[[noreturn]] void report(arch::InterruptFrame const& frame, char const* format, va_list arguments)
{
    begin_panic();
    char reason[256];
    format_string_v(reason, sizeof(reason), format, arguments);
    sprout_panic_hook(reason);
    print_reason(reason);
    arch::print_registers(frame);
    print("Backtrace:\n");
    arch::print_backtrace(frame.rip, frame.rbp);
    end_panic();
}

} // namespace

extern "C" [[gnu::noinline]] void sprout_panic_hook(char const* reason) { asm volatile("" ::"r"(reason) : "memory"); }

// What a va_list is: System V ABI for x86-64, 3.5.7. gcc does not let C++ name the fields.
struct ArgumentList {
    u32 offset_in_registers;
    u32 vector_offset;
    u64 on_stack;
    u64 const* in_registers;
};
static_assert(sizeof(ArgumentList) == sizeof(va_list));

// From panic() in entry.S: `frame` is its caller, and holds its arguments.
extern "C" [[noreturn]] void sprout_panic(arch::InterruptFrame const& frame)
{
    u64 const in_registers[] = { frame.rdi, frame.rsi, frame.rdx, frame.rcx, frame.r8, frame.r9 };
    // The first argument is the format.
    ArgumentList const list { sizeof(u64), sizeof(in_registers), frame.rsp, in_registers };
    va_list arguments;
    memcpy(arguments, &list, sizeof(list));
    report(frame, reinterpret_cast<char const*>(frame.rdi), arguments);
}

void panic_at(arch::InterruptFrame const& frame, char const* format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report(frame, format, arguments);
}

} // namespace sprout

// The compiler's own calls.
extern "C" void __cxa_pure_virtual() { sprout::panic("a pure virtual function was called"); }
extern "C" void abort() { sprout::panic("abort()"); }
