// Programs that must end in a panic.
#include "core/program.hh"
#include "mm/malloc_pool.hh"
#include "tests/image/threads.hh"

namespace sprout::test {

namespace {

// Fills its stack frame by frame; the guard page ends it.
[[gnu::noinline]] u64 recurse(u64 depth)
{
    volatile u8 frame[256];
    frame[0] = static_cast<u8>(depth);
    return depth > 1'000'000 ? 0 : recurse(depth + 1) + frame[0];
}

void overflow(void*) { print("not reached: %lu\n", recurse(0)); }

void overflow_in_callback(Timer&) { overflow(nullptr); }

// Of a thread; or of "main", whose stack is the first one; or of an interrupt.
int overflow_main(int count, char const* const* arguments)
{
    static Timer timer;
    if (count > 1 && equal(arguments[1], "main"))
        overflow(nullptr);
    if (count > 1 && equal(arguments[1], "interrupt")) {
        timer.callback = overflow_in_callback;
        timer_start(timer, now());
        thread_sleep(patience);
    }
    thread_join(start("deep", overflow, nullptr));
    return 0;
}

int double_free_main(int, char const* const*)
{
    auto* const block = malloc_allocate(100);
    malloc_free(block);
    malloc_free(block);
    return 0;
}

} // namespace

SPROUT_PROGRAM(s_overflow, "test-stack-overflow", "[main|interrupt] ends in a guard page", overflow_main);
SPROUT_PROGRAM(s_double_free, "test-double-free", "frees a block twice (debug builds panic)", double_free_main);

} // namespace sprout::test
