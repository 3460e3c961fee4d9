// The arithmetic of time: pure, tested on the host with counters that tear, wrap and step back. Roadmap X3 and H3.
#pragma once
#include "core/types.hh"
#include "sched/clock.hh"
#include <atomic>

namespace sprout {

// Two CPUs' sources may differ by this much without being called a backward step.
inline constexpr Nanoseconds cross_cpu_slack = 1'000;
// A reading that is further ahead of the clock is believed only when a second one confirms it.
inline constexpr Nanoseconds longest_unconfirmed_jump = 1'000'000'000;

inline void count_backward_step(Clock& clock, Nanoseconds step)
{
    clock.backward_steps.fetch_add(1, std::memory_order_relaxed);
    auto largest = clock.largest_step.load(std::memory_order_relaxed);
    while (largest < step && !clock.largest_step.compare_exchange_weak(largest, step, std::memory_order_relaxed)) { }
}

// The next time of `clock` by its source: never less than any time returned before, on any CPU.
// `clock.latest` is looked at before the source is read: a reading below it is then a step back, not a race lost.
template<typename Source> Nanoseconds advance_clock(Clock& clock, Source read_source)
{
    auto latest = clock.latest.load(std::memory_order_acquire);
    Nanoseconds reading = read_source();
    if (reading > latest && reading - latest > longest_unconfirmed_jump) {
        Nanoseconds const confirmation = read_source();
        if (confirmation < reading) {
            count_backward_step(clock, reading - confirmation);
            reading = confirmation;
        }
    }
    if (reading < latest && latest - reading > cross_cpu_slack)
        count_backward_step(clock, latest - reading);
    while (latest < reading) {
        if (clock.latest.compare_exchange_weak(latest, reading, std::memory_order_acq_rel))
            return reading;
    }
    return latest;
}

// A 64-bit counter that can only be read in halves: the low half belongs to the high one that is there before and after
// it.
template<typename ReadHigh, typename ReadLow> u64 read_counter_in_halves(ReadHigh read_high, ReadLow read_low)
{
    for (;;) {
        u32 const high = read_high();
        u32 const low = read_low();
        if (read_high() == high)
            return static_cast<u64>(high) << 32 | low;
    }
}

// A counter of `bits` bits made 64 bits wide. `last` is shared by all CPUs.
// Precondition: it is read at least once in each half of its period.
inline u64 extend_counter(std::atomic<u64>& last, u32 reading, u32 bits = 32)
{
    auto const unused = 32 - bits;
    auto previous = last.load(std::memory_order_acquire);
    for (;;) {
        // The signed distance: below zero when another CPU has seen a later reading already.
        auto const distance = static_cast<i32>((reading - static_cast<u32>(previous)) << unused) >> unused;
        auto const value = previous + static_cast<u64>(static_cast<i64>(distance));
        if (distance <= 0 || last.compare_exchange_weak(previous, value, std::memory_order_acq_rel))
            return value;
    }
}

// x * multiplier / 2^32, for x and results of 64 bits: frequencies without a division.
inline u64 scale(u64 x, u64 multiplier)
{
    return static_cast<u64>((static_cast<unsigned __int128>(x) * multiplier) >> 32);
}

struct TimerCount {
    u32 count;
    bool clamped;
};

// What a down-counter of 32 bits is loaded with so that it fires `delay` from now, not earlier; a longer delay is
// clamped and the timer armed again when it fires. `multiplier` is ticks per nanosecond times 2^32. Never 0, which
// would stop the counter.
inline TimerCount timer_count(Nanoseconds delay, u64 multiplier)
{
    constexpr u64 largest = 0xffff'ffff;
    auto const product = static_cast<unsigned __int128>(delay) * multiplier;
    if (product >> 32 >= largest)
        return { static_cast<u32>(largest), true };
    return { static_cast<u32>(product >> 32) + 1, false };
}

} // namespace sprout
