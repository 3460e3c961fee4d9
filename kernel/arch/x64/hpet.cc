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

} // namespace

bool hpet_initialize(u64 physical)
{
    if (!physical)
        return false;
    g_registers = static_cast<u32 volatile*>(map_device(physical, 1024));
    g_period = read(register_capabilities + 4);
    if (g_period == 0 || g_period > longest_period)
        return false;
    g_is_wide = read(register_capabilities) & counter_is_64_bits;
    g_registers[register_configuration / 4] = read(register_configuration) | 1; // the counter runs
    return true;
}

u64 read_hpet()
{
    if (!g_is_wide)
        return extend_counter(g_extended, read(register_counter));
    return read_counter_in_halves([] { return read(register_counter + 4); }, [] { return read(register_counter); });
}

u64 hpet_period() { return g_period; }

} // namespace sprout::arch
