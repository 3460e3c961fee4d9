#include "arch/x64/exceptions.hh"
#include "arch/x64/boot_info.hh"
#include "arch/x64/cpu.hh"
#include "arch/x64/descriptors.hh"
#include "arch/x64/registers.hh"
#include "core/panic.hh"
#include "core/panic_report.hh"
#include "core/print.hh"
#include "mm/stack_area.hh"
#include "sched/thread.hh"

extern "C" char sprout_image_begin[], sprout_rodata_begin[], sprout_data_begin[], sprout_image_end[];

namespace sprout::arch {

namespace {

constexpr u64 vector_double_fault = 8;
constexpr u64 vector_page_fault = 14;
constexpr u32 max_frames = 32;

char const* const exception_names[] = {
    "divide error",
    "debug",
    "NMI",
    "breakpoint",
    "overflow",
    "bound range",
    "invalid opcode",
    "device not available",
    "double fault",
    "coprocessor overrun",
    "invalid TSS",
    "segment not present",
    "stack fault",
    "general protection fault",
    "page fault",
    "reserved",
    "x87 error",
    "alignment check",
    "machine check",
    "SIMD error",
    "virtualization",
    "control protection",
};

bool is_code(u64 address)
{
    return address >= reinterpret_cast<u64>(sprout_image_begin) && address < reinterpret_cast<u64>(sprout_rodata_begin);
}

bool lies_in(u64 address, u64 begin, u64 end) { return address >= begin && address + 16 <= end; }

// Whether a frame may be read at `address`: any stack, and the image's data, where the boot stack is.
bool is_stack(u64 address)
{
    if (auto const end = stack_end(address))
        return address + 16 <= end;
    return lies_in(address, reinterpret_cast<u64>(sprout_data_begin), reinterpret_cast<u64>(sprout_image_end));
}

} // namespace

void halt_forever()
{
    for (;;)
        asm volatile("cli; hlt");
}

void print_backtrace(u64 rip, u64 rbp)
{
    for (u32 depth = 0; depth < max_frames; ++depth) {
        print("  #%u 0x%llx\n", depth, static_cast<unsigned long long>(rip));
        if (rbp % 8 || !is_stack(rbp))
            return;
        auto const* frame = reinterpret_cast<u64 const*>(rbp);
        rip = frame[1];
        if (!is_code(rip)
            || (frame[0] && frame[0] <= rbp && is_stack(frame[0]) && lies_in(frame[0], rbp - 4096, rbp + 1)))
            return;
        rbp = frame[0];
    }
}

void print_registers(InterruptFrame const& frame)
{
    auto line = [](char const* a, u64 x, char const* b, u64 y, char const* c, u64 z) {
        print("  %s %016llx  %s %016llx  %s %016llx\n", a, static_cast<unsigned long long>(x), b,
            static_cast<unsigned long long>(y), c, static_cast<unsigned long long>(z));
    };
    line("rip", frame.rip, "rsp", frame.rsp, "rfl", frame.rflags);
    line("rax", frame.rax, "rbx", frame.rbx, "rcx", frame.rcx);
    line("rdx", frame.rdx, "rsi", frame.rsi, "rdi", frame.rdi);
    line("rbp", frame.rbp, "r8 ", frame.r8, "r9 ", frame.r9);
    line("r10", frame.r10, "r11", frame.r11, "r12", frame.r12);
    line("r13", frame.r13, "r14", frame.r14, "r15", frame.r15);
    line("cr2", read_cr2(), "cr3", read_cr3(), "err", frame.error_code);
}

void report_exception(InterruptFrame const& frame)
{
    auto const* thread = this_cpu().current;
    auto const address = read_cr2();
    bool const is_memory_fault = frame.vector == vector_page_fault || frame.vector == vector_double_fault;
    if (is_memory_fault && is_stack_guard(address)) {
        if (auto const* stack = overflown_interrupt_stack(this_cpu(), address))
            panic_at(frame, "overflow of the %s stack of CPU %u", stack, cpu_index());
        // Another thread's guard is met by a stray pointer.
        if (stack_owner(address) == thread)
            panic_at(frame, "stack overflow in thread \"%s\"", thread ? thread->name : "none");
    }
    if (frame.vector == vector_page_fault)
        panic_at(frame, "page fault: cannot %s 0x%llx",
            frame.error_code & 16 ? "execute" : (frame.error_code & 2 ? "write" : "read"),
            static_cast<unsigned long long>(address));
    constexpr auto known = sizeof(exception_names) / sizeof(exception_names[0]);
    panic_at(frame, "%s (vector %llu, error code 0x%llx)",
        frame.vector < known ? exception_names[frame.vector] : "exception",
        static_cast<unsigned long long>(frame.vector), static_cast<unsigned long long>(frame.error_code));
}

} // namespace sprout::arch
