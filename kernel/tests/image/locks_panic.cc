// Mistakes with locks that end in a panic: `test-lock-mistake KIND`. What the panic says is checked on the host.
#include "core/program.hh"
#include "sched/mutex.hh"
#include "sched/preemption.hh"
#include "sched/reader_writer_lock.hh"
#include "tests/image/threads.hh"

namespace sprout::test {

namespace {

// lock order: thread "main" takes lock "outer" of rank 4 while it holds lock "inner" of rank 6
void rank()
{
    ReaderWriterLock outer("outer", LockRank::vnode);
    Mutex inner("inner", LockRank::file);
    inner.lock();
    outer.lock_shared();
}

// thread "main" takes lock "twice" that it holds already
void twice()
{
    Mutex mutex("twice");
    mutex.lock();
    mutex.lock();
}

// thread "main" unlocks lock "foreign" that it does not hold
void foreign()
{
    Mutex mutex("foreign");
    auto& thread = start(
        "owner",
        [](void* argument) {
            static_cast<Mutex*>(argument)->lock();
            thread_sleep(patience);
        },
        &mutex);
    wait_until("the owner", [&] { return !mutex.holders.is_empty() && thread.held_count == 1; });
    mutex.unlock();
}

// thread "main" takes lock "one too many" while it holds 16 locks, which is the most
void too_many()
{
    Mutex mutexes[max_held_locks];
    for (auto& mutex : mutexes)
        mutex.lock();
    Mutex last("one too many");
    last.lock();
}

// thread "careless" ends while it holds 1 locks
void exit_with_lock()
{
    Mutex mutex("kept");
    thread_join(start(
        "careless", [](void* argument) { static_cast<Mutex*>(argument)->lock(); }, &mutex));
}

// thread "main" blocks while preemption is off
void block_without_preemption()
{
    PreemptionGuard guard;
    thread_sleep(millisecond);
}

constexpr Case mistakes[] = {
    { "rank", rank },
    { "twice", twice },
    { "foreign", foreign },
    { "too-many", too_many },
    { "exit-with-lock", exit_with_lock },
    { "block-without-preemption", block_without_preemption },
};

int run(int argument_count, char const* const* arguments)
{
    return argument_count == 2 ? run_cases(mistakes, argument_count, arguments) : 1;
}

} // namespace

SPROUT_PROGRAM(lock_mistake_test, "test-lock-mistake", "a mistake with locks: it must panic", run);

} // namespace sprout::test
