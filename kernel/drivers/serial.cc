#include "drivers/serial.hh"
#include "arch/x64/registers.hh"

namespace sprout {

namespace {

using arch::in8;
using arch::out8;

constexpr u16 com1 = 0x3f8;
constexpr u16 line_control = com1 + 3, modem_control = com1 + 4, line_status = com1 + 5, fifo_control = com1 + 2,
              scratch = com1 + 7;
constexpr u16 debugcon = 0xe9;
constexpr u8 transmitter_has_room = 0x20, transmitter_is_idle = 0x40;
constexpr u32 longest_wait = 100'000; // polls: a port that is stuck does not hold up the kernel

bool g_has_serial = false;
bool g_has_debugcon = false;

void wait_for(u8 bits)
{
    for (u32 polls = 0; polls < longest_wait && (in8(line_status) & bits) != bits; ++polls) { }
}

void write_byte(char byte)
{
    if (g_has_serial) {
        wait_for(transmitter_has_room);
        out8(com1, static_cast<u8>(byte));
    }
    if (g_has_debugcon)
        out8(debugcon, static_cast<u8>(byte));
}

} // namespace

void serial_initialize()
{
    out8(scratch, 0x5a);
    g_has_serial = in8(scratch) == 0x5a;
    g_has_debugcon = in8(debugcon) == debugcon; // it answers with its own port
    if (!g_has_serial)
        return;
    out8(com1 + 1, 0);        // no interrupts
    out8(line_control, 0x80); // divisor
    out8(com1, 1);
    out8(com1 + 1, 0);
    out8(line_control, 3); // 8N1
    out8(fifo_control, 7); // FIFOs on and empty
    out8(modem_control, 3);
}

void serial_write(char const* text, usize length)
{
    for (usize index = 0; index < length; ++index) {
        if (text[index] == '\n')
            write_byte('\r');
        write_byte(text[index]);
    }
}

void serial_flush()
{
    if (g_has_serial)
        wait_for(transmitter_is_idle);
}

} // namespace sprout
