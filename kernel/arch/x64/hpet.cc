#include "arch/x64/hpet.hh"
#include "arch/x64/paging.hh"
#include "sched/monotonic.hh"

namespace sprout::arch {

namespace {

constexpr u32 register_capabilities = 0x0, register_configuration = 0x10, register_counter = 0xf0;
constexpr u32 counter_is_64_bits = 1 << 13;
constexpr u64 longest_period = 100'000'000; // femtoseconds; the specification's limit

u32 volatile* g_registers;
u64 g_period;
bool g_is_wide;
std::atomic<u64> g_extended;

u32 read(u32 offset) { return g_registers[offset / 4]; }

void wrap_soon()
{
    constexpr u32 ticks_to_wrap = 20'000'000;                                     // 200 ms at QEMU's 10 ns
    g_registers[register_configuration / 4] = read(register_configuration) & ~1u; // only a counter that stands is set
    g_registers[register_counter / 4] = 0 - ticks_to_wrap;
    g_registers[register_counter / 4 + 1] = 0;
}

} // namespace

bool hpet_initialize(u64 physical, HpetMode mode)
{
    if (!physical)
        return false;
    g_registers = static_cast<u32 volatile*>(map_device(physical, 1024));
    g_period = read(register_capabilities + 4);
    if (g_period == 0 || g_period > longest_period)
        return false;
    g_is_wide = mode == HpetMode::whole && read(register_capabilities) & counter_is_64_bits;
    if (mode == HpetMode::wrapping)
        wrap_soon();
    g_registers[register_configuration / 4] = read(register_configuration) | 1; // the counter runs
    return true;
}

u64 read_hpet()
{
    if (!g_is_wide)
        return extend_counter(g_extended, read(register_counter));
    return read_counter_in_halves([] { return read(register_counter + 4); }, [] { return read(register_counter); });
}

Nanoseconds longest_time_between_hpet_readings()
{
    // A quarter of its period, where extend_counter() asks for half.
    return !g_registers || g_is_wide ? 0 : (1ull << 30) * g_period / 1'000'000;
}

u64 hpet_period() { return g_period; }

} // namespace sprout::arch
