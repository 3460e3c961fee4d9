// Timers and the clock on the real hardware of each CPU.
#include "arch/x64/hpet.hh"
#include "core/command_line.hh"
#include "core/program.hh"
#include "tests/image/threads.hh"

namespace sprout::test {

namespace {

struct Shot {
    Timer timer;
    std::atomic<u32> count = 0;
    Nanoseconds fired_at = 0;
    u32 fired_on = ~0u;
    bool ran_with_interrupts = false;
};

void note_shot(Timer& timer)
{
    auto& shot = *static_cast<Shot*>(timer.argument);
    shot.fired_at = now();
    shot.fired_on = arch::cpu_index();
    shot.ran_with_interrupts = arch::interrupts_enabled();
    ++shot.count;
}

void prepare(Shot& shot)
{
    shot.timer.name = "shot";
    shot.timer.callback = note_shot;
    shot.timer.argument = &shot;
}

void shoot_once(void*)
{
    Shot shot;
    prepare(shot);
    auto const cpu = arch::cpu_index();
    auto const deadline = now() + 3 * millisecond;
    timer_start(shot.timer, deadline);
    CHECK(shot.timer.owner == &current_thread());
    CHECK_EQUAL(shot.timer.cpu, cpu);
    wait_until("the shot", [&] { return shot.count != 0; });
    timer_cancel(shot.timer);
    CHECK_EQUAL(shot.count, 1);
    CHECK_EQUAL(shot.timer.fired, 1);
    CHECK_EQUAL(shot.fired_on, cpu);
    CHECK(shot.fired_at >= deadline);
    CHECK(!shot.ran_with_interrupts);
    CHECK(shot.timer.state == TimerState::idle);
    thread_sleep(2 * millisecond);
    CHECK_EQUAL(shot.count, 1);
}

void one_shot_on_each_cpu()
{
    Thread* threads[max_cpus];
    for (u32 cpu = 0; cpu < arch::g_cpu_count; ++cpu)
        threads[cpu] = &start("shooter", shoot_once, nullptr, cpu);
    for (u32 cpu = 0; cpu < arch::g_cpu_count; ++cpu)
        thread_join(*threads[cpu]);
}

void an_armed_timer_is_found_in_its_set()
{
    Shot shots[3];
    auto const interrupts = arch::disable_interrupts(); // stays on this CPU, and nothing fires
    auto& set = g_timer_sets.local();
    auto const count = set.count;
    auto const time = now();
    for (u64 index = 0; index < 3; ++index) {
        prepare(shots[index]);
        timer_start(shots[index].timer, time + (index + 5) * 1000 * millisecond);
    }
    CHECK_EQUAL(set.count, count + 3);
    CHECK(set.next <= shots[0].timer.deadline);
    CHECK(set.last <= now());
    u32 found = 0;
    for (usize bucket = 0; bucket < TimerSet::bucket_count; ++bucket) {
        for (auto& timer : set.buckets[bucket]) {
            CHECK(timer.state == TimerState::armed);
            auto const place = timer.deadline <= set.last ? 0 : 63 - __builtin_clzll(timer.deadline ^ set.last);
            CHECK_EQUAL(place, bucket);
            for (auto& shot : shots)
                found += &timer == &shot.timer;
        }
    }
    CHECK_EQUAL(found, 3);
    timer_start(shots[1].timer, time + 9000 * millisecond); // armed again, not twice
    CHECK_EQUAL(set.count, count + 3);
    for (auto& shot : shots)
        timer_cancel(shot.timer);
    CHECK_EQUAL(set.count, count);
    arch::restore_interrupts(interrupts);
    for (auto& shot : shots)
        CHECK_EQUAL(shot.count, 0);
}

struct Beat {
    Timer timer;
    Nanoseconds first = 0;
    std::atomic<u32> count = 0;
    Nanoseconds previous = 0;
    u64 wrong = 0;
    static constexpr Nanoseconds period = 2 * millisecond;
};

void note_beat(Timer& timer)
{
    auto& beat = *static_cast<Beat*>(timer.argument);
    // Each deadline is a whole number of periods after the first one, and none comes early.
    beat.wrong += now() < timer.deadline;
    beat.wrong += (timer.deadline - beat.first) % Beat::period != 0;
    beat.wrong += beat.count && timer.deadline <= beat.previous;
    beat.previous = timer.deadline;
    ++beat.count;
}

void periodic_timers_keep_their_phase()
{
    Beat beat;
    beat.timer.name = "beat";
    beat.timer.callback = note_beat;
    beat.timer.argument = &beat;
    beat.first = now() + Beat::period;
    timer_start(beat.timer, beat.first, Beat::period);
    wait_until("fifty beats", [&] { return beat.count >= 50; });
    timer_cancel(beat.timer);
    auto const count = beat.count.load();
    CHECK_EQUAL(beat.wrong, 0);
    CHECK_EQUAL(beat.timer.fired, count);
    thread_sleep(3 * Beat::period);
    CHECK_EQUAL(beat.count, count);
    CHECK(beat.timer.state == TimerState::idle);
}

struct Again {
    Timer timer;
    std::atomic<u32> left = 10;
};

void start_again(Timer& timer)
{
    auto& again = *static_cast<Again*>(timer.argument);
    if (--again.left)
        timer_start(timer, now() + millisecond / 10);
}

void a_callback_can_arm_its_timer_again()
{
    Again again;
    again.timer.callback = start_again;
    again.timer.argument = &again;
    timer_start(again.timer, now());
    wait_until("ten rounds", [&] { return again.left == 0; });
    timer_cancel(again.timer);
    CHECK_EQUAL(again.timer.fired, 10);
}

// After timer_cancel() has returned the callback neither runs nor will: on whatever CPU it was, at whatever instant.
struct Cancelled {
    Timer timer;
    std::atomic<bool> allowed = false;
    std::atomic<u64> fired = 0;
    std::atomic<u64> wrong = 0;
};

void note_if_allowed(Timer& timer)
{
    auto& cancelled = *static_cast<Cancelled*>(timer.argument);
    cancelled.wrong += !cancelled.allowed;
    ++cancelled.fired;
    for (int turn = 0; turn < 50; ++turn)
        arch::pause();
    cancelled.wrong += !cancelled.allowed;
}

void start_and_cancel(void* argument)
{
    auto& cancelled = *static_cast<Cancelled*>(argument);
    auto seed = current_thread().id * 2654435761u + 3;
    for (int round = 0; round < 200; ++round) {
        cancelled.allowed = true;
        timer_start(cancelled.timer, now() + next_random(seed) % millisecond, round % 2 ? millisecond / 2 : 0);
        if (round % 4 == 0)
            thread_yield(); // perhaps to another CPU, which then cancels from afar
        else if (round % 4 == 1)
            thread_sleep(next_random(seed) % millisecond);
        else
            spin(next_random(seed) % (millisecond + millisecond / 4));
        timer_cancel(cancelled.timer);
        cancelled.allowed = false;
    }
}

void nothing_fires_after_it_is_cancelled()
{
    constexpr u32 count = max_cpus;
    Cancelled cancelled[count];
    Thread* threads[count];
    for (u32 index = 0; index < count; ++index) {
        cancelled[index].timer.callback = note_if_allowed;
        cancelled[index].timer.argument = &cancelled[index];
        threads[index] = &start("cancelling", start_and_cancel, &cancelled[index]);
    }
    u64 fired = 0;
    for (u32 index = 0; index < count; ++index) {
        thread_join(*threads[index]);
        CHECK_EQUAL(cancelled[index].wrong, 0);
        CHECK_EQUAL(cancelled[index].timer.fired, cancelled[index].fired);
        fired += cancelled[index].fired;
    }
    CHECK(fired > 0);
    print("note: %lu fired before they were cancelled\n", fired);
}

// One CPU arms and its callback runs long; another cancels it there.
struct Far {
    Timer timer;
    std::atomic<bool> inside = false;
    std::atomic<bool> done = false;
};

void run_long(Timer& timer)
{
    auto& far = *static_cast<Far*>(timer.argument);
    far.inside = true;
    spin(2 * millisecond);
    far.done = true;
    far.inside = false;
}

void arm_far(void* argument)
{
    auto& far = *static_cast<Far*>(argument);
    timer_start(far.timer, now(), 100 * millisecond);
}

void cancelling_waits_for_a_callback_on_another_cpu()
{
    if (arch::g_cpu_count < 2)
        return;
    auto const other = arch::cpu_index() == 0 ? 1 : 0;
    for (int round = 0; round < 10; ++round) {
        Far far;
        far.timer.callback = run_long;
        far.timer.argument = &far;
        auto& thread = start("far", arm_far, &far, other);
        spin_until("the callback", [&] { return far.inside.load() || far.done.load(); });
        timer_cancel(far.timer);
        CHECK(!far.inside);
        CHECK(far.done);
        CHECK(far.timer.state == TimerState::idle);
        thread_join(thread);
    }
}

constexpr u32 shots_of_each_cpu = 200;

void shoot_many(void* argument)
{
    auto* shots = static_cast<Shot*>(argument);
    auto seed = current_thread().id * 2654435761u + 5;
    for (u32 index = 0; index < shots_of_each_cpu; ++index) {
        prepare(shots[index]);
        timer_start(shots[index].timer, now() + next_random(seed) % (50 * millisecond));
    }
    for (u32 index = 0; index < shots_of_each_cpu; ++index) {
        auto& shot = shots[index];
        wait_until("each of many shots", [&] { return shot.count != 0; });
        timer_cancel(shot.timer);
        CHECK_EQUAL(shot.count, 1);
        CHECK(shot.fired_at >= shot.timer.deadline);
    }
}

void hundreds_of_timers_fire_once_each()
{
    static Shot shots[max_cpus][shots_of_each_cpu];
    Thread* threads[max_cpus];
    for (u32 cpu = 0; cpu < arch::g_cpu_count; ++cpu)
        threads[cpu] = &start("many", shoot_many, shots[cpu], cpu);
    for (u32 cpu = 0; cpu < arch::g_cpu_count; ++cpu)
        thread_join(*threads[cpu]);
}

struct SharedTime {
    std::atomic<Nanoseconds> latest = 0;
    std::atomic<bool> stop = false;
    std::atomic<u64> readings = 0;
};

void watch_time(void* argument)
{
    auto& shared = *static_cast<SharedTime*>(argument);
    while (!shared.stop) {
        auto const seen = shared.latest.load();
        auto const time = now();
        CHECK(time >= seen);
        auto latest = seen;
        while (latest < time && !shared.latest.compare_exchange_weak(latest, time)) { }
        ++shared.readings;
    }
}

void time_never_goes_back_on_any_cpu()
{
    SharedTime shared;
    Thread* threads[2 * max_cpus];
    for (auto*& thread : threads)
        thread = &start("clock", watch_time, &shared);
    thread_sleep(100 * millisecond);
    shared.stop = true;
    for (auto* thread : threads)
        thread_join(*thread);
    for (u32 cpu = 0; cpu < arch::g_cpu_count; ++cpu)
        CHECK(g_cpu_time.on(cpu) <= now());
    print("note: %lu readings, %lu backward steps, source %u\n", shared.readings.load(), g_clock.backward_steps.load(),
        static_cast<u32>(g_clock.source));
}

void sleep_a_while(void* argument)
{
    auto seed = current_thread().id * 2654435761u + 11;
    auto const deadline = now() + next_random(seed) % (100 * millisecond);
    thread_sleep_until(deadline);
    CHECK(now() >= deadline);
    ++*static_cast<std::atomic<u32>*>(argument);
}

void a_thousand_sleepers_all_wake()
{
    static Thread* threads[1000];
    std::atomic<u32> woken = 0;
    for (auto*& thread : threads)
        thread = &start("sleeper", sleep_a_while, &woken);
    for (auto* thread : threads)
        thread_join(*thread);
    CHECK_EQUAL(woken, 1000);
}

bool is_armed(char const* name)
{
    bool found = false;
    for (u32 cpu = 0; cpu < arch::g_cpu_count; ++cpu) {
        auto& set = g_timer_sets.on(cpu);
        SpinlockGuard guard(set.lock);
        for (auto& bucket : set.buckets) {
            for (auto& timer : bucket)
                found |= equal(timer.name, name);
        }
    }
    return found;
}

// With --clock=hpet-wrap the counter wraps while the cases above run: this one makes sure that it did.
void a_counter_of_32_bits_has_wrapped()
{
    bool const wraps = g_kernel_options.clock == ClockChoice::hpet_wrap;
    CHECK_EQUAL(is_armed("clock keeper"), wraps);
    if (!wraps)
        return;
    wait_until("the wrap", [] { return arch::read_hpet() < 1ull << 32; });
    auto const latest = now();
    CHECK_EQUAL(g_clock.source, ClockSource::hpet);
    CHECK_EQUAL(g_clock.backward_steps, 0);
    CHECK(latest < 600'000 * millisecond); // no leap: nobody waits so long for this program
}

constexpr Case cases[] = {
    { "one_shot_on_each_cpu", one_shot_on_each_cpu },
    { "an_armed_timer_is_found_in_its_set", an_armed_timer_is_found_in_its_set },
    { "periodic_timers_keep_their_phase", periodic_timers_keep_their_phase },
    { "a_callback_can_arm_its_timer_again", a_callback_can_arm_its_timer_again },
    { "nothing_fires_after_it_is_cancelled", nothing_fires_after_it_is_cancelled },
    { "cancelling_waits_for_a_callback_on_another_cpu", cancelling_waits_for_a_callback_on_another_cpu },
    { "hundreds_of_timers_fire_once_each", hundreds_of_timers_fire_once_each },
    { "time_never_goes_back_on_any_cpu", time_never_goes_back_on_any_cpu },
    { "a_thousand_sleepers_all_wake", a_thousand_sleepers_all_wake },
    { "a_counter_of_32_bits_has_wrapped", a_counter_of_32_bits_has_wrapped },
};

int run(int argument_count, char const* const* arguments) { return run_cases(cases, argument_count, arguments); }

} // namespace

SPROUT_PROGRAM(timers_test, "test-timers", "timers and the clock", run);

} // namespace sprout::test
