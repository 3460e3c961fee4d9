#include "arch/x64/pit.hh"
#include "arch/x64/registers.hh"
#include "core/panic.hh"

namespace sprout::arch {

namespace {

constexpr u64 hertz = 1'193'182;
constexpr u16 channel_0 = 0x40, command = 0x43;

u16 read_count()
{
    constexpr u8 latch_channel_0 = 0;
    out8(command, latch_channel_0);
    u16 const low = in8(channel_0);
    return static_cast<u16>(low | in8(channel_0) << 8);
}

} // namespace

u64 wait_by_pit(u64 duration)
{
    constexpr u8 channel_0_mode_2 = 0x34;   // low byte, high byte; counts down over and over
    constexpr u32 longest_wait = 1'000'000; // polls
    // Channel 0, not 2: that one's gate belongs to the speaker, which microvm lacks. Its interrupt is masked.
    out8(command, channel_0_mode_2);
    out8(channel_0, 0); // 0 stands for 65,536
    out8(channel_0, 0);
    auto const wanted = static_cast<u16>(duration * hertz / 1'000'000'000);
    auto const start = read_count();
    for (u32 polls = 0; polls < longest_wait; ++polls)
        if (auto const passed = static_cast<u16>(start - read_count()); passed >= wanted)
            return passed * 1'000'000'000ull / hertz;
    panic("neither an HPET nor a PIT tells the time");
}

} // namespace sprout::arch
