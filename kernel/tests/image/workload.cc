// The workload: it ends, it leaves nothing behind, its truth is true, its deadlock is one.
#include "core/program.hh"
#include "fs/dentry.hh"
#include "fs/file.hh"
#include "mm/verify.hh"
#include "tests/image/threads.hh"
#include "workload/truth.hh"

namespace sprout::test {

namespace {

template<typename... Words> int run_workload(Words... words)
{
    char const* const arguments[] = { "workload", words..., nullptr };
    return find_program("workload")->main(sizeof...(words) + 1, arguments);
}

u64 live_objects(usize size_class)
{
    if (size_class < malloc_class_count)
        return malloc_live_objects(size_class);
    SpinlockGuard guard(g_large_allocations.lock);
    return g_large_allocations.count;
}

// All its threads are joined, and so gone.
void it_gives_back_what_it_took()
{
    CHECK_EQUAL(run_workload("seconds=1", "load=60", "vnodes=600", "objects=500"), 0); // tables grow once
    u64 before[malloc_class_count + 1];
    for (usize size_class = 0; size_class <= malloc_class_count; ++size_class)
        before[size_class] = live_objects(size_class);
    auto const vnodes = g_vnodes.count;
    auto const dentries = g_dentries.count;
    auto const file_pages = memory_account().of(PageKind::file);
    auto const operations = g_truth.operations.load();
    CHECK_EQUAL(run_workload("--seconds", "2", "--load=60", "--vnodes=600", "--objects=5000", "threads=12"), 0);
    CHECK(g_truth.operations.load() > operations + 12);
    CHECK_EQUAL(g_vnodes.count, vnodes);
    CHECK_EQUAL(g_dentries.count, dentries);
    CHECK_EQUAL(g_files.count, 0);
    CHECK_EQUAL(memory_account().of(PageKind::file), file_pages);
    for (usize size_class = 0; size_class <= malloc_class_count; ++size_class)
        CHECK_EQUAL(live_objects(size_class), before[size_class]);
    for (auto& worker : g_truth.workers)
        CHECK(!worker.thread);
    MemoryFault fault;
    if (!memory_verify(fault))
        panic("%s", fault.text);
}

void it_runs_at_full_load() { CHECK_EQUAL(run_workload("seconds=2", "load=100", "threads=10", "objects=2000"), 0); }

void it_tells_wrong_words()
{
    CHECK_EQUAL(run_workload("thread=1"), 2);
    CHECK_EQUAL(run_workload("load=0"), 2);
}

// The truth against the kernel's own structures, from within: each check holds what it reads still.
struct Comparison {
    u64 locks = 0;
    u64 timers = 0;
    u64 objects = 0;
    u64 unsettled = 0;
};

bool is_holder(Lock& lock, Thread& thread, LockMode mode)
{
    for (auto& held : lock.holders) {
        if (held.thread == &thread && held.mode == mode)
            return true;
    }
    return false;
}

void compare_lock(TruthWorker& worker, TruthLock& entry, Comparison& result)
{
    auto const sequence = entry.sequence.load();
    auto const state = entry.state;
    auto const mode = entry.mode;
    auto* lock = entry.lock;
    auto* thread = worker.thread;
    if (sequence % 2 || entry.sequence.load() != sequence || !thread) {
        ++result.unsettled;
        return;
    }
    if (state != TruthLockState::holding)
        return;
    // The workload's files are open as long as it runs: the lock cannot go away.
    SpinlockGuard guard(lock->guard);
    bool const holds = is_holder(*lock, *thread, mode);
    if (entry.sequence.load() != sequence) {
        ++result.unsettled;
        return;
    }
    if (!holds)
        panic("thread \"%s\" does not hold %s, but the truth says so", worker.name, entry.path);
    ++result.locks;
}

void compare_timer(TruthWorker& worker, Comparison& result)
{
    auto& entry = worker.timer;
    auto const sequence = entry.sequence.load();
    auto* timer = entry.timer;
    if (sequence % 2 || !entry.armed || !timer)
        return;
    auto const cpu = timer->cpu;
    auto& set = g_timer_sets.on(cpu);
    SpinlockGuard guard(set.lock);
    if (entry.sequence.load() != sequence || timer->cpu != cpu || timer->deadline <= set.last) {
        ++result.unsettled;
        return;
    }
    if (timer->state != TimerState::armed || (entry.deadline && timer->deadline != entry.deadline)
        || timer->period != entry.period)
        panic("the timer of \"%s\" is not armed as the truth says", worker.name);
    ++result.timers;
}

u64 object_changes(bool& settled)
{
    u64 sum = 0;
    settled = true;
    for (auto& entry : g_truth.objects) {
        auto const sequence = entry.sequence.load();
        settled &= sequence % 2 == 0;
        sum += sequence;
    }
    return sum;
}

void compare_objects(Comparison& result)
{
    bool settled;
    auto const before = object_changes(settled);
    for (usize size_class = 0; size_class <= malloc_class_count; ++size_class) {
        i64 told = 0;
        for (auto& entry : g_truth.objects)
            told += size_class < malloc_class_count ? entry.live[size_class] : entry.large;
        auto const live = live_objects(size_class);
        bool settled_after;
        if (!settled || object_changes(settled_after) != before || !settled_after) {
            ++result.unsettled;
            return;
        }
        if (static_cast<u64>(told) != live)
            panic("of class %lu %lu objects live, but the truth says %ld", size_class, live, told);
        ++result.objects;
    }
}

void run_for_truth(void* status) { *static_cast<int*>(status) = run_workload("seconds=3", "threads=16", "load=30"); }

void its_truth_is_true()
{
    int status = -1;
    auto& thread = start("workload", run_for_truth, &status);
    Comparison result;
    wait_until(
        "the workload to begin", [] { return g_truth.magic == Truth::running_magic && g_truth.worker_count >= 16; });
    auto const end = now() + 2000 * millisecond;
    while (now() < end) {
        for (u32 index = 0; index < g_truth.worker_count; ++index) {
            auto& worker = g_truth.workers[index];
            for (auto& entry : worker.locks)
                compare_lock(worker, entry, result);
            compare_timer(worker, result);
        }
        compare_objects(result);
        thread_sleep(millisecond);
    }
    thread_join(thread);
    CHECK_EQUAL(status, 0);
    CHECK(result.locks > 0 && result.timers > 0 && result.objects > 0);
    print("   agreed on %lu locks, %lu timers, %lu classes; %lu in transition\n", result.locks, result.timers,
        result.objects, result.unsettled);
}

Thread* thread_called(char const* name)
{
    SpinlockGuard guard(g_threads.lock);
    for (auto& thread : g_threads.list) {
        if (equal(thread.name, name))
            return &thread;
    }
    return nullptr;
}

// Both hold one lock and wait for the one that the other holds.
bool wait_for_each_other(char const* one_name, char const* other_name, LockMode held)
{
    auto* one = thread_called(one_name);
    auto* other = thread_called(other_name);
    if (!one || !other)
        return false;
    auto waits_for = [&](Thread& waiter, Thread& holder) {
        for (auto& slot : holder.held) {
            if (slot.lock && slot.mode == held && waiter.wait.queue == slot.lock)
                return true;
        }
        return false;
    };
    return waits_for(*one, *other) && waits_for(*other, *one);
}

u64 all_live_objects()
{
    u64 live = 0;
    for (usize size_class = 0; size_class <= malloc_class_count; ++size_class)
        live += live_objects(size_class);
    return live;
}

void its_leak_leaks()
{
    auto const before = all_live_objects();
    CHECK_EQUAL(run_workload("seconds=1", "--leak", "threads=3"), 0);
    wait_until("ten leaked objects", [&] { return all_live_objects() >= before + 10; });
}

void its_deadlocks_are_deadlocks()
{
    // The last case: these threads, their files and their truth stay.
    CHECK_EQUAL(run_workload("seconds=0", "deadlock", "--reader-writer-cycle", "threads=3"), 0);
    wait_until("the deadlock", [] { return wait_for_each_other("deadlock-a", "deadlock-b", LockMode::exclusive); });
    wait_until("the cycle", [] { return wait_for_each_other("cycle-c", "cycle-d", LockMode::shared); });
    CHECK_EQUAL(run_workload("seconds=1"), 2);
}

constexpr Case cases[] = {
    { "it-tells-wrong-words", it_tells_wrong_words },
    { "it-gives-back-what-it-took", it_gives_back_what_it_took },
    { "it-runs-at-full-load", it_runs_at_full_load },
    { "its-truth-is-true", its_truth_is_true },
    { "its-leak-leaks", its_leak_leaks }, // its thread never ends
    { "its-deadlocks-are-deadlocks", its_deadlocks_are_deadlocks },
};

int main(int argument_count, char const* const* arguments) { return run_cases(cases, argument_count, arguments); }

} // namespace

} // namespace sprout::test

SPROUT_PROGRAM(g_workload_test, "test-workload", "the workload and its truth", sprout::test::main);
