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
#include "core/boot_phases.hh"
#include "core/panic.hh"
#include "sched/monotonic.hh"

namespace sprout::arch {

namespace {

constexpr u64 window = 1'000'000;               // nanoseconds
constexpr u64 most_difference_in_thousand = 20; // between two windows
constexpr u32 most_windows = 20;

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

Measurement measure_once()
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

struct Paces {
    Measurement sum; // of two windows
    bool tsc_agrees;
};

// Two windows in a row that agree. A host that stops this CPU between two readings of one window makes it a lie, which
// the next one shows; after so many windows the TSC is what is at fault.
Paces measure_paces()
{
    auto first = measure_once();
    for (u32 windows = 2;; ++windows) {
        auto const second = measure_once();
        bool const timer_agrees = agree(first.timer * second.duration, second.timer * first.duration);
        bool const tsc_agrees = agree(kilohertz(first), kilohertz(second));
        if ((timer_agrees && tsc_agrees) || windows == most_windows)
            return { { first.duration + second.duration, first.tsc + second.tsc, first.timer + second.timer },
                tsc_agrees };
        first = second;
    }
}

bool should_use_tsc(ClockChoice wanted, Paces const& paces)
{
    if (!g_has_hpet)
        return true;
    if (!paces.sum.tsc || wanted == ClockChoice::hpet || wanted == ClockChoice::hpet_wrap)
        return false;
    return tsc_is_invariant() || paces.tsc_agrees || wanted == ClockChoice::tsc;
}

} // namespace

void clock_source_initialize(ClockChoice wanted)
{
    g_has_hpet = hpet_initialize(g_acpi.hpet, wanted == ClockChoice::hpet_wrap ? HpetMode::wrapping : HpetMode::whole);
    if (g_has_hpet)
        g_hpet_multiplier = (hpet_period() << 32) / 1'000'000; // the longest period, 10^8 fs, fits
    auto const paces = measure_paces();
    auto const& sum = paces.sum;
    g_boot_phases.tsc_kilohertz = kilohertz(sum);
    if (!sum.timer)
        panic("the local APIC's timer does not count");
    g_timer_multiplier = (sum.timer << 32) / sum.duration;
    g_uses_tsc = should_use_tsc(wanted, paces);
    if (g_uses_tsc) {
        if (!sum.tsc)
            panic("there is no HPET, and the TSC does not count");
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

Nanoseconds longest_time_between_clock_readings() { return g_uses_tsc ? 0 : longest_time_between_hpet_readings(); }

bool arm_timer(Nanoseconds delay)
{
    auto const [count, clamped] = timer_count(delay, g_timer_multiplier);
    set_timer_count(count);
    return clamped;
}

} // namespace sprout::arch
