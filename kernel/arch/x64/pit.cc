#include "arch/x64/pit.hh"
#include "arch/x64/registers.hh"
#include "core/panic.hh"

namespace sprout::arch {

u64 wait_by_pit(u64 duration)
{
    constexpr u64 hertz = 1'193'182;
    constexpr u16 channel_2 = 0x42, command = 0x43, gate = 0x61;
    constexpr u8 channel_2_mode_0 = 0xb0; // low byte, high byte, the output rises at zero
    constexpr u8 gate_open = 1, speaker = 2, output = 0x20;
    constexpr u32 longest_wait = 10'000'000; // polls
    auto const count = static_cast<u16>(duration * hertz / 1'000'000'000);
    out8(gate, static_cast<u8>((in8(gate) & ~speaker) | gate_open));
    out8(command, channel_2_mode_0);
    out8(channel_2, static_cast<u8>(count));
    out8(channel_2, static_cast<u8>(count >> 8));
    for (u32 polls = 0; !(in8(gate) & output); ++polls)
        if (polls == longest_wait)
            panic("neither an HPET nor a PIT tells the time");
    return count * 1'000'000'000ull / hertz;
}

} // namespace sprout::arch
