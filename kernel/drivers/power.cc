#include "drivers/power.hh"
#include "arch/x64/exceptions.hh"
#include "arch/x64/paging.hh"
#include "arch/x64/registers.hh"
#include "drivers/serial.hh"

namespace sprout {

namespace {

constexpr u16 debug_exit_port = 0xf4;
constexpr u16 reset_port = 0xcf9;

u16 g_power_port = 0;
u16 g_power_value = 0;
u8 volatile* g_power_register = nullptr;
u8 g_power_register_value = 0;

} // namespace

void set_power_off_by_port(u16 pm1a_control, u16 value)
{
    g_power_port = pm1a_control;
    g_power_value = value;
}

void set_power_off_by_register(u64 physical, u8 value)
{
    g_power_register = static_cast<u8 volatile*>(arch::map_device(physical, 1));
    g_power_register_value = value;
}

void end_machine(u8 status)
{
    serial_flush();
    arch::out32(debug_exit_port, status); // goes nowhere when the device does not exist
    if (g_power_port)
        arch::out16(g_power_port, g_power_value);
    if (g_power_register)
        *g_power_register = g_power_register_value;
    arch::halt_forever();
}

void reboot_machine()
{
    serial_flush();
    arch::out8(reset_port, 6);
    // A machine without that port resets by a triple fault: no IDT, then an exception.
    struct [[gnu::packed]] {
        u16 limit;
        u64 base;
    } const none { 0, 0 };
    asm volatile("lidt %0; int3" ::"m"(none));
    arch::halt_forever();
}

} // namespace sprout
