#include "arch/x64/apic.hh"
#include "arch/x64/acpi.hh"
#include "arch/x64/cpu.hh"
#include "arch/x64/descriptors.hh"
#include "arch/x64/interrupts.hh"
#include "arch/x64/paging.hh"
#include "arch/x64/registers.hh"

namespace sprout::arch {

namespace {

constexpr u32 register_id = 0x20, register_end = 0xb0, register_spurious = 0xf0, register_command_low = 0x300,
              register_command_high = 0x310, register_timer = 0x320, register_timer_initial = 0x380,
              register_timer_current = 0x390, register_timer_divide = 0x3e0, register_task_priority = 0x80;
constexpr u32 software_enable = 1 << 8;
constexpr u32 delivery_pending = 1 << 12;
constexpr u32 level_assert = 1 << 14;
constexpr u32 divide_by_one = 0xb;
constexpr u64 apic_global_enable = 1 << 11;

u32 volatile* g_registers; // null until apic_initialize()

void write(u32 offset, u32 value) { g_registers[offset / 4] = value; }
u32 read(u32 offset) { return g_registers[offset / 4]; }

} // namespace

void apic_initialize()
{
    g_registers = static_cast<u32 volatile*>(map_device(g_acpi.local_apic, page_size));
    // All lines of the two 8259s masked: their interrupts never come.
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
}

void apic_enable()
{
    write_msr(msr_apic_base, read_msr(msr_apic_base) | apic_global_enable);
    write(register_task_priority, 0);
    write(register_spurious, software_enable | vector_spurious);
    write(register_timer_divide, divide_by_one);
    write(register_timer, vector_timer);
    write(register_timer_initial, 0);
}

void acknowledge_interrupt() { write(register_end, 0); }
u32 apic_id() { return read(register_id) >> 24; }

void send_ipi(u32 apic_id, Ipi kind, u8 value)
{
    auto const interrupts = disable_interrupts();
    while (read(register_command_low) & delivery_pending)
        pause();
    write(register_command_high, apic_id << 24);
    write(register_command_low, static_cast<u32>(kind) | level_assert | value);
    restore_interrupts(interrupts);
}

void set_timer_count(u32 count) { write(register_timer_initial, count); }
u32 read_timer_count() { return read(register_timer_current); }

void send_reschedule(u32 cpu) { send_ipi(g_cpus[cpu].apic_id, Ipi::fixed, vector_reschedule); }

void stop_other_cpus()
{
    if (!g_registers)
        return;
    auto const is_other = [](Cpu const& cpu) { return cpu.index != cpu_index() && cpu.online; };
    for (auto const& cpu : g_cpus)
        if (is_other(cpu))
            send_ipi(cpu.apic_id, Ipi::nmi, 0);
    // By turns, not by time: the clock may be what is broken.
    constexpr u32 most_turns = 10'000'000;
    for (auto const& cpu : g_cpus)
        for (u32 turn = 0; is_other(cpu) && turn < most_turns && !__atomic_load_n(&cpu.stopped, __ATOMIC_ACQUIRE);
             ++turn)
            pause();
}

} // namespace sprout::arch
