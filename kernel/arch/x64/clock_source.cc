// Which hardware tells the time, and how fast it runs.
//
// The reference is the HPET, or the PIT where there is none (microvm). The TSC is used when it is sound: the CPU calls
// it invariant, or it kept the same pace against the reference in two windows (QEMU's TCG, whose TSC is the host's and
// the same on all CPUs, does not call it invariant). It is some hundred times faster to read than the HPET, which
// leaves the guest.
#include "arch/x64/clock_source.hh"
#include "arch/x64/acpi.hh"
#include "arch/x64/apic.hh"
#include "arch/x64/hpet.hh"
#include "arch/x64/pit.hh"
#include "arch/x64/registers.hh"
#include "arch/x64/timer.hh"
#include "core/panic.hh"
#include "sched/monotonic.hh"

namespace sprout::arch {

namespace {

constexpr u64 window = 1'000'000;               // nanoseconds
constexpr u64 most_difference_in_thousand = 20; // between the two windows

u64 g_base;             // the source's count at time 0
u64 g_multiplier;       // nanoseconds per tick times 2^32
u64 g_timer_multiplier; // local APIC timer ticks per nanosecond times 2^32
u64 g_hpet_multiplier;  // nanoseconds per HPET tick times 2^32
bool g_uses_tsc;
bool g_has_hpet;

// What was counted in one window, which lasted `duration` nanoseconds by the reference.
struct Measurement {
    u64 duration;
    u64 tsc;
    u64 timer;
};

u64 hpet_nanoseconds(u64 ticks) { return scale(ticks, g_hpet_multiplier); }

Measurement measure()
{
    set_timer_count(~0u);
    auto const tsc = read_tsc();
    u64 duration;
    if (g_has_hpet) {
        auto const start = read_hpet();
        do
            duration = hpet_nanoseconds(read_hpet() - start);
        while (duration < window);
    } else {
        duration = wait_by_pit(window);
    }
    Measurement const result { duration, read_tsc() - tsc, ~0u - read_timer_count() };
    set_timer_count(0);
    return result;
}

bool tsc_is_invariant()
{
    constexpr u32 leaf = 0x80000007;
    return cpuid(0x80000000).eax >= leaf && (cpuid(leaf).edx & 1 << 8);
}

u64 kilohertz(Measurement const& measurement) { return measurement.tsc * 1'000'000 / measurement.duration; }

bool agree(u64 a, u64 b) { return (a > b ? a - b : b - a) * 1000 <= most_difference_in_thousand * a; }

} // namespace

void clock_source_initialize(ClockSource wanted)
{
    g_has_hpet = hpet_initialize(g_acpi.hpet);
    if (g_has_hpet)
        g_hpet_multiplier = (hpet_period() << 32) / 1'000'000; // the longest period, 10^8 fs, fits
    auto const first = measure();
    auto const second = measure();
    // Disturbances only lengthen a window by the reference's own reading; the sum is the better estimate.
    Measurement const sum { first.duration + second.duration, first.tsc + second.tsc, first.timer + second.timer };
    if (!sum.timer)
        panic("the local APIC's timer does not count");
    g_timer_multiplier = (sum.timer << 32) / sum.duration;
    bool const tsc_is_sound = sum.tsc && (tsc_is_invariant() || agree(kilohertz(first), kilohertz(second)));
    g_uses_tsc = !g_has_hpet || (wanted != ClockSource::hpet && (tsc_is_sound || wanted == ClockSource::tsc));
    if (g_uses_tsc) {
        g_clock.tsc_kilohertz = kilohertz(sum);
        g_multiplier = (sum.duration << 32) / sum.tsc;
        g_base = read_tsc();
        g_clock.source = ClockSource::tsc;
    } else {
        g_base = read_hpet();
        g_clock.source = ClockSource::hpet;
    }
}

Nanoseconds read_clock_source()
{
    if (g_uses_tsc)
        return scale(read_tsc() - g_base, g_multiplier);
    return g_has_hpet ? hpet_nanoseconds(read_hpet() - g_base) : 0;
}

bool arm_timer(Nanoseconds delay)
{
    auto const [count, clamped] = timer_count(delay, g_timer_multiplier);
    set_timer_count(count);
    return clamped;
}

} // namespace sprout::arch
