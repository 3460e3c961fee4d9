// Threads that come and go by the thousand, joined and detached, without a leak.
#include "core/program.hh"
#include "mm/malloc_pool.hh"
#include "tests/image/threads.hh"

namespace sprout::test {

namespace {

struct Churn {
    std::atomic<u32> ran = 0;
    std::atomic<u32> creators = 0;
    u32 rounds;
};

void live_shortly(void* argument)
{
    auto& churn = *static_cast<Churn*>(argument);
    if (current_thread().id % 3 == 0)
        thread_yield();
    ++churn.ran;
}

void create_and_join(void* argument)
{
    auto& churn = *static_cast<Churn*>(argument);
    for (u32 round = 0; round < churn.rounds; ++round) {
        Thread* threads[4];
        for (auto*& thread : threads)
            thread = &start("short", live_shortly, &churn);
        for (auto* thread : threads)
            thread_join(*thread);
    }
}

void create_detached(void* argument)
{
    auto& churn = *static_cast<Churn*>(argument);
    for (u32 round = 0; round < churn.rounds * 4; ++round) {
        bool const at_birth = round % 2;
        auto result = thread_create({ .name = "detached", .detached = at_birth }, live_shortly, &churn);
        CHECK(!result.is_error());
        if (!at_birth)
            thread_detach(*result.value());
        if (round % 16 == 0)
            thread_sleep(millisecond / 10);
    }
}

// Live objects of every class, those that were freed on another CPU and not drained yet left out.
u64 live_objects()
{
    u64 live = 0;
    for (auto& pool : g_malloc_pools) {
        for (auto& cpu : pool.cpus)
            live += cpu.live_objects - cpu.remote_count;
    }
    return live;
}

u64 thread_count()
{
    SpinlockGuard guard(g_threads.lock);
    u64 listed = 0;
    for ([[maybe_unused]] auto& thread : g_threads.list)
        ++listed;
    CHECK_EQUAL(listed, g_threads.count);
    return listed;
}

// An idle thread that reaps frees the objects of a thread after it has taken it from the list.
void settle(u64 threads, u64 live)
{
    wait_until("the detached threads to be reaped", [&] {
        // Creating one reaps what the idle threads did not get to.
        thread_join(start(
            "reaping", [](void*) {}, nullptr));
        return thread_count() == threads && live_objects() == live;
    });
}

void churn_once(u32 rounds)
{
    Churn churn;
    churn.rounds = rounds;
    Thread* creators[8];
    for (u32 index = 0; index < 8; ++index)
        creators[index] = &start("creator", index % 2 ? create_detached : create_and_join, &churn);
    for (auto* creator : creators) {
        check_run_queues();
        thread_join(*creator);
    }
    wait_until("the detached threads", [&] { return churn.ran == 8 * 4 * rounds; });
}

void thousands_of_threads_leave_nothing()
{
    // Nothing was created before: nobody reaps now.
    auto const threads = thread_count();
    auto const live = live_objects();
    churn_once(4);
    settle(threads, live);
    auto const first_id = g_threads.next_id;
    churn_once(100);
    settle(threads, live);
    CHECK(g_threads.next_id >= first_id + 3200);
    check_run_queues();
}

constexpr Case cases[] = {
    { "thousands_of_threads_leave_nothing", thousands_of_threads_leave_nothing },
};

int run(int argument_count, char const* const* arguments) { return run_cases(cases, argument_count, arguments); }

} // namespace

SPROUT_PROGRAM(thread_churn_test, "test-thread-churn", "threads come and go by the thousand", run);

} // namespace sprout::test
