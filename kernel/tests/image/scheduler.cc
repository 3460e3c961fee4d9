// Threads on one and on many CPUs.
#include "core/program.hh"
#include "sched/condition_variable.hh"
#include "tests/image/threads.hh"

namespace sprout::test {

namespace {

struct Spinners {
    std::atomic<u32> seen_cpus = 0;
    std::atomic<bool> stop = false;
};

void spin_and_note_cpu(void* argument)
{
    auto& spinners = *static_cast<Spinners*>(argument);
    while (!spinners.stop) {
        spinners.seen_cpus |= 1u << arch::cpu_index();
        arch::pause();
    }
}

// Also the proof that threads which never give up the CPU are preempted: there are more of them than CPUs.
void threads_spread_over_all_cpus()
{
    Spinners spinners;
    auto const count = 2 * arch::g_cpu_count + 1;
    Thread* threads[2 * max_cpus + 1];
    for (u32 index = 0; index < count; ++index)
        threads[index] = &start("spinner", spin_and_note_cpu, &spinners);
    auto const all = (1u << arch::g_cpu_count) - 1;
    wait_until("threads on all CPUs", [&] { return spinners.seen_cpus == all; });
    for (int round = 0; round < 20; ++round) {
        check_run_queues();
        thread_sleep(millisecond);
    }
    spinners.stop = true;
    for (u32 index = 0; index < count; ++index)
        thread_join(*threads[index]);
}

struct Pinned {
    u32 cpu = 0;
    u64 migrations = 0;
    bool done = false;
};

void stay(void* argument)
{
    auto& pinned = *static_cast<Pinned*>(argument);
    for (int round = 0; round < 200; ++round) {
        CHECK_EQUAL(arch::cpu_index(), pinned.cpu);
        CHECK_EQUAL(current_thread().cpu, pinned.cpu);
        CHECK(arch::interrupts_enabled());
        if (round % 3 == 0)
            thread_sleep(millisecond / 20);
        else
            thread_yield();
    }
    pinned.migrations = current_thread().migrations;
    pinned.done = true;
}

void pinned_threads_stay()
{
    Pinned pinned[max_cpus * 3];
    Thread* threads[max_cpus * 3];
    auto const count = arch::g_cpu_count * 3;
    for (u32 index = 0; index < count; ++index) {
        pinned[index].cpu = index % arch::g_cpu_count;
        threads[index] = &start("pinned", stay, &pinned[index], pinned[index].cpu);
    }
    for (u32 index = 0; index < count; ++index) {
        thread_join(*threads[index]);
        CHECK(pinned[index].done);
        CHECK_EQUAL(pinned[index].migrations, 0);
    }
}

struct Order {
    std::atomic<u32> count = 0;
    char letters[16] = {};
};

struct OrderEntry {
    Order* order;
    char letter;
};

void note_letter(void* argument)
{
    auto& entry = *static_cast<OrderEntry*>(argument);
    entry.order->letters[entry.order->count++] = entry.letter;
}

struct Gate {
    std::atomic<bool> running = false;
    std::atomic<bool> open = false;
};

// Keeps its CPU busy above every priority that a thread can ask for below `high`.
void hold_cpu(void* argument)
{
    auto& gate = *static_cast<Gate*>(argument);
    gate.running = true;
    spin_until("the gate", [&] { return gate.open.load(); });
}

// On the last CPU, which a thread holds until all are there; where there is one CPU, the test itself does.
void higher_priorities_run_first()
{
    auto const cpu = arch::g_cpu_count - 1;
    Order order;
    OrderEntry entries[] = { { &order, 'l' }, { &order, 'n' }, { &order, 'N' }, { &order, 'h' }, { &order, 'i' } };
    Priority const priorities[] = { Priority::low, Priority::normal, Priority::normal, Priority::high, Priority::idle };
    Thread* threads[5];
    {
        Gate gate;
        Thread* holder = nullptr;
        if (cpu > 0) {
            holder = &start("gate", hold_cpu, &gate, cpu, Priority::high);
            spin_until("the gate's thread", [&] { return gate.running.load(); });
        }
        auto const interrupts = arch::disable_interrupts(); // nothing is preempted here while they are created
        for (int index = 0; index < 5; ++index)
            threads[index] = &start("ordered", note_letter, &entries[index], cpu, priorities[index]);
        gate.open = true;
        arch::restore_interrupts(interrupts);
        if (holder)
            thread_join(*holder);
    }
    for (auto* thread : threads)
        thread_join(*thread);
    // A host that stops the CPU for a whole slice lets the second of two equals overtake the first.
    if (!equal(order.letters, "hnNli") && !equal(order.letters, "hNnli"))
        panic("the order is %s", order.letters);
}

struct Progress {
    std::atomic<u64> steps = 0;
    std::atomic<bool>* stop;
    Nanoseconds cpu_time = 0;
    u64 preemptions = 0;
};

void count_steps(void* argument)
{
    auto& progress = *static_cast<Progress*>(argument);
    while (!*progress.stop) {
        ++progress.steps;
        arch::pause();
    }
    progress.preemptions = current_thread().preemptions;
}

void equal_threads_take_turns()
{
    constexpr u64 turns = 10;
    std::atomic<bool> stop = false;
    Progress progress[3];
    Thread* threads[3];
    auto const cpu = arch::g_cpu_count - 1;
    for (int index = 0; index < 3; ++index) {
        progress[index].stop = &stop;
        threads[index] = &start("turns", count_steps, &progress[index], cpu);
    }
    wait_until("each to begin", [&] { return progress[0].steps && progress[1].steps && progress[2].steps; });
    auto const began = now();
    u64 before[3];
    for (int index = 0; index < 3; ++index)
        before[index] = threads[index]->preemptions;
    wait_until("turns of each", [&] {
        for (int index = 0; index < 3; ++index) {
            if (threads[index]->preemptions < before[index] + turns)
                return false;
        }
        return true;
    });
    auto const lasted = now() - began;
    stop = true;
    Nanoseconds sum = 0;
    u64 most = 0;
    u64 fewest = ~0ull;
    for (int index = 0; index < 3; ++index) {
        wait_until_gone(*threads[index]);
        sum += threads[index]->cpu_time;
        auto const taken = progress[index].preemptions - before[index];
        most = taken > most ? taken : most;
        fewest = taken < fewest ? taken : fewest;
        thread_join(*threads[index]);
    }
    // Round and round, give or take the turns that passed while a host held this thread up.
    CHECK(fewest >= turns && most <= 2 * fewest);
    // Their CPU was theirs alone, but for the test itself where there is one CPU.
    CHECK(sum * 2 >= lasted);
}

struct WakeUp {
    Progress low;
    std::atomic<bool> woken = false;
};

// When it comes back after the low thread has begun, it has taken the CPU from that one, which never gives it up.
void sleep_until_low_spins(void* argument)
{
    auto& wake_up = *static_cast<WakeUp*>(argument);
    do
        thread_sleep(2 * millisecond);
    while (!wake_up.low.steps);
    wake_up.woken = true;
}

void a_high_thread_preempts_a_spinning_low_one()
{
    auto const cpu = arch::g_cpu_count - 1;
    std::atomic<bool> stop = false;
    WakeUp wake_up;
    wake_up.low.stop = &stop;
    auto& low = start("low", count_steps, &wake_up.low, cpu, Priority::low);
    auto& high = start("high", sleep_until_low_spins, &wake_up, cpu, Priority::high);
    wait_until("the high thread", [&] { return wake_up.woken.load(); });
    thread_join(high);
    stop = true;
    thread_join(low);
    CHECK(wake_up.low.preemptions >= 1);
}

// Two threads on two CPUs (on one CPU when there is no other) wake each other in turn.
constexpr u32 rounds_of_ping_pong = 300;

struct PingPong {
    Mutex mutex { "ping-pong" };
    ConditionVariable changed { "ping-pong" };
    u32 turn = 0;
    u32 rounds[2] = {};
};

template<u32 side> void play(void* argument)
{
    auto& game = *static_cast<PingPong*>(argument);
    for (u32 round = 0; round < rounds_of_ping_pong; ++round) {
        ScopedLock lock(game.mutex);
        while (game.turn != side)
            game.changed.wait(game.mutex);
        game.turn = 1 - side;
        ++game.rounds[side];
        game.changed.notify_one();
    }
}

void wake_ups_cross_cpus()
{
    for (u32 other = 0; other < arch::g_cpu_count; ++other) {
        PingPong game;
        auto& first = start("ping", play<0>, &game, 0);
        auto& second = start("pong", play<1>, &game, other);
        thread_join(first);
        thread_join(second);
        CHECK_EQUAL(game.rounds[0], rounds_of_ping_pong);
        CHECK_EQUAL(game.rounds[1], rounds_of_ping_pong);
    }
}

// Every callee-saved register carries state over thousands of switches, wanted and forced.
u64 mix(u64 seed, bool yields)
{
    u64 a = seed, b = seed * 3, c = seed * 5, d = seed * 7, e = seed * 11, f = seed * 13;
    for (u32 round = 0; round < 3000; ++round) {
        a = a * 6364136223846793005ull + f;
        b ^= a >> 7;
        c += b * 31;
        d ^= c << 5;
        e += d ^ a;
        f ^= e >> 3;
        if (yields && round % 16 == 0)
            thread_yield();
    }
    return a ^ b ^ c ^ d ^ e ^ f;
}

struct Mixing {
    u64 seed;
    u64 result;
};

void mix_on_thread(void* argument)
{
    auto& mixing = *static_cast<Mixing*>(argument);
    mixing.result = mix(mixing.seed, true);
}

void registers_survive_switches()
{
    constexpr u32 count = 32;
    Mixing mixings[count];
    Thread* threads[count];
    for (u32 index = 0; index < count; ++index) {
        mixings[index] = { index + 1, 0 };
        threads[index] = &start("mixing", mix_on_thread, &mixings[index]);
    }
    for (u32 index = 0; index < count; ++index) {
        thread_join(*threads[index]);
        CHECK_EQUAL(mixings[index].result, mix(index + 1, false));
    }
}

void sleep_by_steps(void* argument)
{
    auto& longest = *static_cast<std::atomic<Nanoseconds>*>(argument);
    for (Nanoseconds step = 1; step <= 8; ++step) {
        auto const duration = step * millisecond / 2;
        auto const began = now();
        thread_sleep(duration);
        auto const slept = now() - began;
        CHECK(slept >= duration);
        auto seen = longest.load();
        while (seen < slept - duration && !longest.compare_exchange_weak(seen, slept - duration)) { }
    }
}

void nobody_sleeps_too_short()
{
    std::atomic<Nanoseconds> longest = 0;
    Thread* threads[16];
    for (auto*& thread : threads)
        thread = &start("sleeper", sleep_by_steps, &longest);
    for (auto* thread : threads)
        thread_join(*thread);
    print("note: the latest sleeper woke %lu us late\n", longest.load() / 1000);
    CHECK(longest < 10'000 * millisecond);
    auto const began = now();
    thread_sleep(0);
    thread_sleep_until(began / 2); // long past: comes back at once
    CHECK(now() >= began);
}

void account_time()
{
    std::atomic<bool> stop = false;
    Progress progress;
    progress.stop = &stop;
    auto const cpu = arch::g_cpu_count - 1;
    auto const created = now();
    auto& thread = start("alone", count_steps, &progress, cpu);
    wait_until("the thread to run", [&] { return progress.steps != 0; });
    auto const began = now();
    thread_sleep(20 * millisecond);
    auto const lasted = now() - began;
    stop = true;
    wait_until_gone(thread);
    CHECK(thread.cpu_time <= now() - created);
    CHECK(thread.cpu_time * 2 >= lasted);
    CHECK_EQUAL(thread.running_since, 0);
    CHECK(thread.switches >= 1);
    thread_join(thread);
    auto const& self = current_thread();
    CHECK(self.state == ThreadState::running);
    CHECK(self.running_since != 0);
}

// One thread more than CPUs: the surplus goes round, so that nobody has a CPU for itself all the time.
void a_surplus_thread_goes_round()
{
    auto const count = arch::g_cpu_count + 1;
    std::atomic<bool> stop = false;
    Progress progress[max_cpus + 1];
    Thread* threads[max_cpus + 1];
    for (u32 index = 0; index < count; ++index) {
        progress[index].stop = &stop;
        threads[index] = &start("surplus", count_steps, &progress[index]);
    }
    wait_until("each to be preempted", [&] {
        for (u32 index = 0; index < count; ++index) {
            if (!threads[index]->preemptions)
                return false;
        }
        return true;
    });
    stop = true;
    for (u32 index = 0; index < count; ++index)
        thread_join(*threads[index]);
}

void do_nothing(void*) { }

void bad_options_are_refused()
{
    CHECK(thread_create({ .pinned_cpu = max_cpus }, do_nothing, nullptr).error() == Error::invalid);
    CHECK(thread_create({ .stack_size = 0 }, do_nothing, nullptr).error() == Error::invalid);
    CHECK(thread_create({ .stack_size = 5000 }, do_nothing, nullptr).error() == Error::invalid);
    CHECK(thread_create({ .stack_size = 1 << 20 }, do_nothing, nullptr).error() == Error::invalid);
}

void long_names_are_cut()
{
    auto& thread = start("a name that is longer than thirty-one letters", do_nothing, nullptr);
    CHECK(equal(thread.name, "a name that is longer than thir"));
    thread_join(thread);
}

constexpr Case cases[] = {
    { "threads_spread_over_all_cpus", threads_spread_over_all_cpus },
    { "pinned_threads_stay", pinned_threads_stay },
    { "higher_priorities_run_first", higher_priorities_run_first },
    { "equal_threads_take_turns", equal_threads_take_turns },
    { "a_high_thread_preempts_a_spinning_low_one", a_high_thread_preempts_a_spinning_low_one },
    { "wake_ups_cross_cpus", wake_ups_cross_cpus },
    { "registers_survive_switches", registers_survive_switches },
    { "nobody_sleeps_too_short", nobody_sleeps_too_short },
    { "a_surplus_thread_goes_round", a_surplus_thread_goes_round },
    { "account_time", account_time },
    { "bad_options_are_refused", bad_options_are_refused },
    { "long_names_are_cut", long_names_are_cut },
};

int run(int argument_count, char const* const* arguments) { return run_cases(cases, argument_count, arguments); }

} // namespace

SPROUT_PROGRAM(scheduler_test, "test-scheduler", "threads on one and on many CPUs", run);

} // namespace sprout::test
