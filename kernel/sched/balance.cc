#include "sched/balance.hh"

namespace sprout {

constinit std::atomic<u32> g_idle_cpus = 0;

static bool is_started(u32 cpu) { return g_run_queues.on(cpu).idle != nullptr; }

static u32 running_priority(u32 cpu)
{
    auto const* running = arch::g_cpus[cpu].current;
    return running ? running->priority : 0;
}

// Threads that want the CPU, the running one included.
static u32 load_of(u32 cpu)
{
    auto const& queue = g_run_queues.on(cpu);
    auto const idles = arch::g_cpus[cpu].current == queue.idle;
    return queue.ready_count + (idles ? 0 : 1) - (queue.ready_levels & 1);
}

static bool claim_idle(u32 cpu) { return g_idle_cpus.fetch_and(~(1u << cpu)) & (1u << cpu); }

u32 choose_cpu(Thread const& thread)
{
    if (thread.pinned_cpu != any_cpu) {
        claim_idle(thread.pinned_cpu);
        return thread.pinned_cpu;
    }
    auto const home = thread.cpu;
    if (claim_idle(home))
        return home;
    for (auto idle = g_idle_cpus.load(); idle; idle &= idle - 1) {
        auto const cpu = static_cast<u32>(__builtin_ctz(idle));
        if (claim_idle(cpu))
            return cpu;
    }
    if (running_priority(home) < thread.priority)
        return home;
    auto best = home;
    auto best_load = load_of(home);
    for (u32 cpu = 0; cpu < max_cpus; ++cpu) {
        if (!is_started(cpu) || cpu == home)
            continue;
        if (running_priority(cpu) < thread.priority)
            return cpu;
        // Caches are warm at home: one thread more to do is not worth a move.
        if (load_of(cpu) + 1 < best_load) {
            best = cpu;
            best_load = load_of(cpu);
        }
    }
    return best;
}

// The first thread of `queue` that may leave it. One that is still `current` of its CPU has been woken on its way to
// sleep: its registers are not on its stack yet, so it stays. The caller holds the queue's lock.
static Thread* find_movable(RunQueue& queue, u32 cpu)
{
    if (!queue.stealable_count)
        return nullptr;
    for (auto levels = queue.ready_levels & ~1u; levels;) {
        auto const level = 31 - __builtin_clz(levels);
        levels &= ~(1u << level);
        for (auto& thread : queue.levels[level]) {
            if (thread.pinned_cpu == any_cpu && arch::g_cpus[cpu].current != &thread)
                return &thread;
        }
    }
    return nullptr;
}

// The caller holds both locks.
static void move(Thread& thread, RunQueue& from, RunQueue& to, u32 to_cpu, Nanoseconds time)
{
    from.dequeue(thread);
    thread.cpu = to_cpu;
    ++thread.migrations;
    to.enqueue(thread, time, false);
}

// Only tries the other queue's lock: its CPU may be trying ours.
bool steal_into(RunQueue& queue, Nanoseconds time)
{
    auto const self = arch::cpu_index();
    for (u32 step = 1; step < max_cpus; ++step) {
        auto const cpu = (self + step) % max_cpus;
        auto& victim = g_run_queues.on(cpu);
        if (!victim.stealable_count || !victim.lock.try_lock())
            continue;
        auto* thread = find_movable(victim, cpu);
        if (thread)
            move(*thread, victim, queue, self, time);
        victim.lock.unlock();
        if (thread)
            return true;
    }
    return false;
}

bool is_work_elsewhere()
{
    auto const self = arch::cpu_index();
    for (u32 cpu = 0; cpu < max_cpus; ++cpu) {
        if (cpu != self && g_run_queues.on(cpu).stealable_count)
            return true;
    }
    return false;
}

// With one thread more than CPUs no move makes the loads equal: then the surplus goes round, at every so many slices.
static constexpr u32 slices_between_rotations = 8;

void balance_from(RunQueue& queue, Nanoseconds time)
{
    auto const self = arch::cpu_index();
    auto const rotates = ++queue.slices_ended % slices_between_rotations == 0;
    auto least_cpu = self;
    auto least_load = load_of(self);
    for (u32 step = 1; step < max_cpus; ++step) {
        auto const cpu = (self + step) % max_cpus;
        if (is_started(cpu) && load_of(cpu) < least_load) {
            least_cpu = cpu;
            least_load = load_of(cpu);
        }
    }
    auto const surplus = load_of(self) - least_load;
    if (surplus == 0 || (surplus == 1 && !rotates))
        return;
    auto& target = g_run_queues.on(least_cpu);
    auto* thread = find_movable(queue, self);
    if (!thread || !target.lock.try_lock())
        return;
    move(*thread, queue, target, least_cpu, time);
    target.lock.unlock();
    request_reschedule(least_cpu);
}

void request_reschedule(u32 cpu)
{
    __atomic_store_n(&arch::g_cpus[cpu].reschedule_wanted, 1u, __ATOMIC_RELEASE);
    if (cpu != arch::cpu_index())
        arch::send_reschedule(cpu);
}

void kick_idle_cpu()
{
    // The thread that was just queued must be seen by a CPU whose bit is not seen here yet (take_next() is the other
    // half).
    std::atomic_thread_fence(std::memory_order_seq_cst);
    auto const idle = g_idle_cpus.load();
    if (!idle)
        return;
    auto const cpu = static_cast<u32>(__builtin_ctz(idle));
    if (claim_idle(cpu))
        request_reschedule(cpu);
}

} // namespace sprout
