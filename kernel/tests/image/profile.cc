// The profile rings: samples name the thread and the functions that ran.
#include "core/profile.hh"
#include "core/boot_phases.hh"
#include "core/program.hh"
#include "tests/image/threads.hh"

namespace sprout::test {

namespace {

std::atomic<bool> g_enough;

// Not in line, and each with a frame of its own: what a sample's frames must name.
[[gnu::noinline]] void burn()
{
    while (!g_enough.load(std::memory_order_relaxed))
        arch::pause();
    asm volatile("");
}
[[gnu::noinline]] void call_burn(void*)
{
    burn();
    asm volatile("");
}

bool lies_in(u64 address, void (*function)())
{
    auto const begin = reinterpret_cast<u64>(function);
    return address >= begin && address < begin + 64;
}

// Samples of `thread` in `burn`, called from `call_burn`: a caller by its frame, or that of a leaf without one.
u64 samples_of(u32 cpu, Thread const& thread)
{
    auto const& ring = g_profile_rings.on(cpu);
    auto const written = ring.written.load();
    u64 found = 0;
    for (u64 index = written > ring.capacity ? written - ring.capacity : 0; index < written; ++index) {
        auto const sample = ring.samples[index % ring.capacity];
        auto const caller = reinterpret_cast<void (*)()>(call_burn);
        found += sample.thread == thread.id && sample.depth >= 2 && lies_in(sample.frames[0], burn)
            && (lies_in(sample.frames[1], caller) || lies_in(sample.top_of_stack[0], caller));
    }
    return found;
}

void each_cpu_tells_what_it_runs()
{
    g_enough = false;
    Thread* threads[max_cpus];
    for (u32 cpu = 0; cpu < arch::g_cpu_count; ++cpu)
        threads[cpu] = &start("burning", call_burn, nullptr, cpu);
    for (u32 cpu = 0; cpu < arch::g_cpu_count; ++cpu)
        wait_until("samples of a busy thread", [&] { return samples_of(cpu, *threads[cpu]) >= 5; });
    g_enough = true;
    for (u32 cpu = 0; cpu < arch::g_cpu_count; ++cpu)
        thread_join(*threads[cpu]);
}

void samples_are_in_order_and_have_frames()
{
    for (u32 cpu = 0; cpu < arch::g_cpu_count; ++cpu) {
        auto const interrupts = arch::disable_interrupts();
        auto const& ring = g_profile_rings.on(cpu);
        auto const written = ring.written.load();
        auto const first = written > ring.capacity / 2 ? written - ring.capacity / 2 : 0;
        Nanoseconds time = 0;
        for (auto index = first; index < written; ++index) {
            auto const& sample = ring.samples[index % ring.capacity];
            CHECK(sample.depth > 0 && sample.depth <= ProfileSample::max_frames);
            CHECK(sample.time > time);
            CHECK(sample.thread);
            time = sample.time;
        }
        arch::restore_interrupts(interrupts);
    }
}

void an_idle_cpu_is_sampled_as_its_idle_thread()
{
    auto const& ring = g_profile_rings.on(0);
    auto const before = ring.written.load();
    thread_sleep(50 * millisecond);
    wait_until("samples", [&] { return ring.written.load() > before + 3; });
    bool found = false;
    for (auto index = before; index < ring.written.load(); ++index)
        found |= ring.samples[index % ring.capacity].thread == g_run_queues.on(0).idle->id;
    CHECK(found);
}

void boot_phases_follow_each_other()
{
    auto const& boot = g_boot_phases;
    CHECK(boot.count >= 5 && boot.count < BootPhases::most);
    CHECK(boot.tsc_kilohertz);
    for (u32 index = 0; index < boot.count; ++index) {
        CHECK(boot.phases[index].name);
        CHECK(!index || boot.phases[index].begin >= boot.phases[index - 1].begin);
    }
    CHECK(equal(boot.phases[boot.count - 1].name, "programs"));
}

constexpr Case cases[] = {
    { "each_cpu_tells_what_it_runs", each_cpu_tells_what_it_runs },
    { "samples_are_in_order_and_have_frames", samples_are_in_order_and_have_frames },
    { "an_idle_cpu_is_sampled_as_its_idle_thread", an_idle_cpu_is_sampled_as_its_idle_thread },
    { "boot_phases_follow_each_other", boot_phases_follow_each_other },
};

int run(int argument_count, char const* const* arguments)
{
    // Without --profile there is nothing at all.
    if (!g_profile_rings.on(0).samples) {
        CHECK(!g_profile_rings.on(0).written);
        CHECK(g_profile_rings.on(0).timer.state == TimerState::idle);
        print("ok profiling is off\n");
        return 0;
    }
    return run_cases(cases, argument_count, arguments);
}

SPROUT_PROGRAM(profile_test, "test-profile", "the profile rings and the boot's phases", run);

} // namespace

} // namespace sprout::test
