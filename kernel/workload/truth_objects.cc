// The truth about live objects: malloc tells each allocation and free, on the CPU where it happens, interrupts off.
#include "arch/x64/cpu.hh"
#include "sched/scheduler.hh"
#include "workload/truth.hh"

namespace sprout {

namespace {

void begin(u32 cpu) { g_truth.objects[cpu].sequence.fetch_add(1); }
void end(u32 cpu) { g_truth.objects[cpu].sequence.fetch_add(1); }

void count(u32 cpu, usize size_class, i64 change)
{
    auto& objects = g_truth.objects[cpu];
    (size_class == malloc_class_count ? objects.large : objects.live[size_class]) += change;
}
void allocated(u32 cpu, usize size_class, void*) { count(cpu, size_class, 1); }
void freed(u32 cpu, usize size_class, void*) { count(cpu, size_class, -1); }

constexpr MallocObserver g_observer { begin, allocated, freed, end };

// Returns once every CPU has been through the scheduler: whoever was inside malloc with interrupts off is out of it.
Result<void> visit_every_cpu()
{
    for (u32 cpu = 0; cpu < arch::g_cpu_count; ++cpu) {
        auto* thread = TRY(thread_create(
            { .name = "visitor", .pinned_cpu = cpu }, [](void*) {}, nullptr));
        thread_join(*thread);
    }
    return {};
}

u64 sum_of_sequences(bool& all_even)
{
    u64 sum = 0;
    all_even = true;
    for (u32 cpu = 0; cpu < max_cpus; ++cpu) {
        auto const sequence = g_truth.objects[cpu].sequence.load();
        all_even &= sequence % 2 == 0;
        sum += sequence;
    }
    return sum;
}

u64 live_large()
{
    SpinlockGuard guard(g_large_allocations.lock);
    return g_large_allocations.count;
}

// What the pools have and the CPUs' entries do not: false when somebody allocated meanwhile.
bool read_baseline(TruthObjects& baseline)
{
    bool even_before;
    bool even_after;
    auto const before = sum_of_sequences(even_before);
    for (usize size_class = 0; size_class < malloc_class_count; ++size_class)
        baseline.live[size_class] = static_cast<i64>(malloc_live_objects(size_class));
    baseline.large = static_cast<i64>(live_large());
    for (u32 cpu = 0; cpu < max_cpus; ++cpu) {
        auto const& objects = g_truth.objects[cpu];
        for (usize size_class = 0; size_class < malloc_class_count; ++size_class)
            baseline.live[size_class] -= objects.live[size_class];
        baseline.large -= objects.large;
    }
    return before == sum_of_sequences(even_after) && even_before && even_after;
}

} // namespace

Result<void> truth_count_objects()
{
    auto& baseline = g_truth.objects[max_cpus];
    __atomic_store_n(&g_malloc_observer, &g_observer, __ATOMIC_RELEASE);
    auto visited = visit_every_cpu();
    if (visited.is_error()) {
        truth_stop_counting();
        return visited;
    }
    baseline.sequence.fetch_add(1);
    while (!read_baseline(baseline))
        thread_yield();
    baseline.sequence.fetch_add(1);
    return {};
}

void truth_stop_counting() { __atomic_store_n(&g_malloc_observer, nullptr, __ATOMIC_RELEASE); }

} // namespace sprout
