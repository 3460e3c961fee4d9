// The clock's arithmetic, and issue 382 of OSv played with a counter that tears (roadmap: "The clock bug").
// kernel sources: sched/timer_set.cc
#include "check.hh"
#include "sched/monotonic.hh"
#include "sched/timer.hh"
#include <random>
#include <thread>
#include <vector>

using namespace sprout;

namespace {

constexpr Nanoseconds tick = 10; // QEMU's HPET
constexpr Nanoseconds torn_jump = tick << 32;

// A 64-bit counter that can only be read in halves, and that moves on between two reads.
struct TearingCounter {
    u64 value = 0;
    u64 step = 1; // ticks that pass at each half

    u32 high()
    {
        value += step;
        return static_cast<u32>(value >> 32);
    }
    u32 low()
    {
        value += step;
        return static_cast<u32>(value);
    }
    // As a hypervisor splits it: low first, so that a carry in between makes the time too high by 2^32 ticks ...
    u64 torn_forward()
    {
        u64 const first = low();
        return first | static_cast<u64>(high()) << 32;
    }
    // ... or high first: too low by as much.
    u64 torn_backward()
    {
        u64 const first = high();
        return first << 32 | low();
    }
    u64 whole()
    {
        return read_counter_in_halves([this] { return high(); }, [this] { return low(); });
    }
};

// A timer set and a clock on a fake counter, driven as the timer interrupt drives them.
struct FakeCpu {
    Clock clock;
    TimerSet set;
    TearingCounter counter;
    u64 (TearingCounter::*read)();

    Nanoseconds now()
    {
        return advance_clock(clock, [this] { return (counter.*read)() * tick; });
    }
};

// Timers of 1 ms each while the counter passes its carry; the worst lateness seen, by the counter's true value.
struct Outcome {
    u64 fired = 0;
    u64 early = 0;
    Nanoseconds worst_late = 0;
};

Outcome run_over_the_carry(FakeCpu& cpu, u64 start_before_carry)
{
    Outcome outcome;
    constexpr Nanoseconds period = 1'000'000;
    cpu.counter.value = (1ull << 32) - start_before_carry;
    Timer timer;
    timer.deadline = cpu.now() + period;
    Nanoseconds true_deadline = cpu.counter.value * tick + period;
    cpu.set.insert(timer);
    for (int round = 0; round < 400; ++round) {
        cpu.counter.value += 1000; // 10 us between interrupts
        auto const true_time = cpu.counter.value * tick;
        auto const time = cpu.now();
        while (auto* due = cpu.set.expire(time)) {
            ++outcome.fired;
            if (true_time + 1000 < true_deadline)
                ++outcome.early;
            else if (true_time > true_deadline)
                outcome.worst_late = std::max(outcome.worst_late, true_time - true_deadline);
            due->deadline = cpu.now() + period;
            true_deadline = cpu.counter.value * tick + period;
            cpu.set.insert(*due);
        }
    }
    return outcome;
}

} // namespace

TEST(the_fake_counter_tears_by_two_to_the_32_ticks)
{
    TearingCounter counter { (1ull << 32) - 2, 1 };
    auto const torn = counter.torn_forward();
    CHECK_EQUAL(torn, (1ull << 32) + 0xffff'ffff);
    CHECK_EQUAL((torn - counter.value) * tick + tick, torn_jump);
}

TEST(halves_read_high_low_high_never_tear)
{
    std::mt19937_64 random(3);
    for (int round = 0; round < 20'000; ++round) {
        TearingCounter counter;
        counter.step = 1 + random() % 1000;
        counter.value = ((1 + random() % 1000) << 32) - random() % (4 * counter.step);
        auto const before = counter.value;
        auto const reading = counter.whole();
        CHECK(before < reading && reading <= counter.value);
    }
}

TEST(a_torn_jump_ahead_is_not_believed_and_all_timers_fire_on_time)
{
    u64 steps = 0;
    // The carry falls on each place of a reading.
    for (u64 offset = 0; offset < 2000; offset += 20) {
        FakeCpu cpu { .clock = {}, .set = {}, .counter = { 0, 100 }, .read = &TearingCounter::torn_forward };
        auto const outcome = run_over_the_carry(cpu, 200'000 + offset);
        CHECK(outcome.fired >= 3);
        CHECK_EQUAL(outcome.early, 0u);
        CHECK(outcome.worst_late < 100'000);
        CHECK(cpu.clock.latest < torn_jump + 1'000'000'000);
        CHECK(cpu.set.last < torn_jump + 1'000'000'000);
        steps += cpu.clock.backward_steps;
        if (cpu.clock.backward_steps)
            CHECK(cpu.clock.largest_step > torn_jump / 2);
    }
    CHECK(steps > 0); // the scenario really happened
    host::note("%llu torn readings", static_cast<unsigned long long>(steps));
}

TEST(a_torn_step_back_is_counted_and_the_clock_stands_for_a_reading)
{
    u64 steps = 0;
    for (u64 offset = 0; offset < 2000; offset += 20) {
        FakeCpu cpu { .clock = {}, .set = {}, .counter = { 0, 100 }, .read = &TearingCounter::torn_backward };
        auto const outcome = run_over_the_carry(cpu, 200'000 + offset);
        CHECK_EQUAL(outcome.early, 0u);
        CHECK(outcome.worst_late < 100'000);
        steps += cpu.clock.backward_steps;
    }
    CHECK(steps > 0);
}

// Without the clock's care, the set alone: it is told a time that is 43 s too high, then true ones again.
TEST(a_set_that_was_told_a_torn_time_still_fires_new_timers_on_time)
{
    TimerSet set;
    Nanoseconds const time = 5'000'000'000;
    CHECK(set.expire(time) == nullptr);
    CHECK(set.expire(time + torn_jump) == nullptr);
    Timer timers[20];
    for (u64 index = 0; index < 20; ++index) {
        timers[index].deadline = time + (index + 1) * 1'000'000;
        set.insert(timers[index]);
    }
    for (u64 index = 0; index < 20; ++index) {
        auto const deadline = time + (index + 1) * 1'000'000;
        CHECK_EQUAL(set.earliest(), deadline);
        CHECK(set.expire(deadline - 1) == nullptr);
        CHECK(set.expire(deadline) == &timers[index]);
    }
    CHECK_EQUAL(set.backward_steps, 40u);
    CHECK_EQUAL(set.last, time + torn_jump);
}

TEST(a_true_leap_is_believed)
{
    Clock clock;
    u64 source = 1000;
    CHECK_EQUAL(advance_clock(clock, [&] { return source; }), 1000u);
    source += 3'600'000'000'000; // the machine was paused for an hour
    CHECK_EQUAL(advance_clock(clock, [&] { return source; }), source);
    CHECK_EQUAL(clock.backward_steps, 0u);
}

TEST(a_step_within_the_slack_is_not_counted)
{
    Clock clock;
    advance_clock(clock, [] { return 1'000'000ull; });
    CHECK_EQUAL(advance_clock(clock, [] { return 1'000'000ull - cross_cpu_slack; }), 1'000'000u);
    CHECK_EQUAL(clock.backward_steps, 0u);
    CHECK_EQUAL(advance_clock(clock, [] { return 1'000'000ull - cross_cpu_slack - 1; }), 1'000'000u);
    CHECK_EQUAL(clock.backward_steps, 1u);
    CHECK_EQUAL(clock.largest_step, cross_cpu_slack + 1);
}

TEST(four_cpus_never_see_time_go_back)
{
    Clock clock;
    std::atomic<u64> source = 0;
    std::atomic<u64> latest_of_all = 0;
    std::atomic<u64> wrong = 0;
    std::vector<std::thread> cpus;
    for (int cpu = 0; cpu < 4; ++cpu) {
        cpus.emplace_back([&, cpu] {
            Nanoseconds mine = 0;
            for (int round = 0; round < 100'000; ++round) {
                auto const seen = latest_of_all.load();
                // Each CPU's source is off by its own 300 ns.
                auto const time = advance_clock(clock, [&] { return source.fetch_add(7) + 2000 - cpu * 300; });
                wrong += time < mine || time < seen;
                mine = time;
                auto latest = latest_of_all.load();
                while (latest < time && !latest_of_all.compare_exchange_weak(latest, time)) { }
            }
        });
    }
    for (auto& cpu : cpus)
        cpu.join();
    CHECK_EQUAL(wrong, 0u);
    CHECK_EQUAL(clock.backward_steps, 0u);
}

TEST(a_counter_of_32_bits_goes_on_past_its_wrap)
{
    std::atomic<u64> last = 0;
    std::mt19937_64 random(5);
    u64 truth = 0;
    for (int round = 0; round < 10'000; ++round) {
        truth += random() % (1u << 31);
        CHECK_EQUAL(extend_counter(last, static_cast<u32>(truth)), truth);
    }
    CHECK(truth > 1000ull << 32);
}

TEST(a_counter_of_24_bits_goes_on_past_its_wrap)
{
    std::atomic<u64> last = 0;
    std::mt19937_64 random(6);
    u64 truth = 0;
    for (int round = 0; round < 10'000; ++round) {
        truth += random() % (1u << 23);
        CHECK_EQUAL(extend_counter(last, static_cast<u32>(truth & 0xff'ffff), 24), truth);
    }
}

TEST(a_reading_that_another_cpu_has_passed_is_extended_to_its_own_value)
{
    std::atomic<u64> last = (3ull << 32) + 5;
    CHECK_EQUAL(extend_counter(last, 0xffff'fff0), (2ull << 32) + 0xffff'fff0);
    CHECK_EQUAL(last, (3ull << 32) + 5);
}

TEST(four_cpus_extend_one_counter_over_its_wrap)
{
    constexpr u64 start = (1ull << 32) - 10'000'000;
    std::atomic<u64> last = start;
    std::atomic<u64> counter = start;
    std::atomic<u64> wrong = 0;
    std::vector<std::thread> cpus;
    for (int cpu = 0; cpu < 4; ++cpu) {
        cpus.emplace_back([&] {
            for (int round = 0; round < 50'000; ++round) {
                auto const truth = counter.fetch_add(101);
                wrong += extend_counter(last, static_cast<u32>(truth)) != truth;
            }
        });
    }
    for (auto& cpu : cpus)
        cpu.join();
    CHECK_EQUAL(wrong, 0u);
    CHECK(last > 1ull << 32);
}

TEST(a_long_delay_is_clamped_to_32_bits_not_cut)
{
    u64 const one_per_nanosecond = 1ull << 32;
    CHECK_EQUAL(timer_count(1000, one_per_nanosecond).count, 1001u);
    CHECK_EQUAL(timer_count(0, one_per_nanosecond).count, 1u);
    auto const torn = timer_count(torn_jump + 5, one_per_nanosecond);
    CHECK(torn.clamped);
    CHECK_EQUAL(torn.count, 0xffff'ffffu);
    CHECK(!timer_count(0xffff'fffe, one_per_nanosecond).clamped);
    CHECK(timer_count(0xffff'ffff, one_per_nanosecond).clamped);
    CHECK(timer_count(~0ull, one_per_nanosecond / 16).clamped);
    CHECK_EQUAL(timer_count(16'000, one_per_nanosecond / 16).count, 1001u);
}

// The whole way of a timer that is further away than 32 bits: armed again and again, it fires once, on time.
TEST(a_clamped_timer_is_armed_again_until_it_is_due)
{
    TimerSet set;
    Timer timer;
    timer.deadline = 10 * (1ull << 32) + 12345;
    set.insert(timer);
    Nanoseconds time = 0;
    int interrupts = 0;
    while (interrupts < 100) {
        auto const count = timer_count(set.earliest() - time, 1ull << 32);
        set.clamped += count.clamped;
        time += count.count;
        ++interrupts;
        if (set.expire(time))
            break;
    }
    CHECK_EQUAL(interrupts, 11);
    CHECK_EQUAL(set.clamped, 10u);
    CHECK(time >= 10 * (1ull << 32) + 12345);
    CHECK(time < 10 * (1ull << 32) + 12345 + 20);
}
