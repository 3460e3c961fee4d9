// Locks under contention, and what they tell of themselves while threads are blocked.
#include "core/program.hh"
#include "sched/condition_variable.hh"
#include "sched/reader_writer_lock.hh"
#include "tests/image/threads.hh"

namespace sprout::test {

namespace {

constexpr u32 crowd = 12;

void join_all(Thread** threads, u32 count)
{
    for (u32 index = 0; index < count; ++index)
        thread_join(*threads[index]);
}

u32 count_waiters(WaitQueue& queue)
{
    SpinlockGuard guard(queue.guard);
    u32 count = 0;
    for ([[maybe_unused]] auto& wait : queue.waiters)
        ++count;
    return count;
}

u32 count_holders(Lock& lock)
{
    SpinlockGuard guard(lock.guard);
    u32 count = 0;
    for ([[maybe_unused]] auto& held : lock.holders)
        ++count;
    return count;
}

struct Counter {
    Mutex mutex { "counter" };
    u64 volatile value = 0;
    u64 tries_that_failed = 0;
};

void count_up(void* argument)
{
    auto& counter = *static_cast<Counter*>(argument);
    for (int round = 0; round < 2000; ++round) {
        if (round % 8 || !counter.mutex.try_lock())
            counter.mutex.lock();
        counter.value = counter.value + 1;
        counter.mutex.unlock();
    }
}

void a_mutex_protects_a_counter()
{
    Counter counter;
    Thread* threads[crowd];
    for (auto*& thread : threads)
        thread = &start("counting", count_up, &counter);
    join_all(threads, crowd);
    CHECK_EQUAL(counter.value, crowd * 2000);
    CHECK_EQUAL(counter.mutex.acquisitions, crowd * 2000);
    CHECK(counter.mutex.contentions <= counter.mutex.acquisitions);
    CHECK(counter.mutex.waiters.is_empty());
    CHECK(counter.mutex.holders.is_empty());
}

// Threads that queue for a lock one after the other, so that their order is known.
struct Queue {
    ReaderWriterLock lock { "queue" };
    std::atomic<u32> served = 0;
    std::atomic<u32> inside = 0;
    std::atomic<bool> leave = false;
    char order[16] = {};
};

struct Queued {
    Queue* queue;
    char letter; // upper case takes it exclusively
};

void stand_in_queue(void* argument)
{
    auto& self = *static_cast<Queued*>(argument);
    auto& queue = *self.queue;
    bool const is_writer = self.letter < 'a';
    if (is_writer)
        queue.lock.lock_exclusive();
    else
        queue.lock.lock_shared();
    queue.order[queue.served++] = self.letter;
    ++queue.inside;
    // Readers stay together inside, so that the test can see them.
    if (!is_writer)
        wait_until("leave to leave", [&] { return queue.leave.load(); });
    --queue.inside;
    queue.lock.unlock();
}

Thread& enqueue(Queued& who, u32 already_waiting)
{
    auto& thread = start("queued", stand_in_queue, &who);
    wait_until("the next in the queue", [&] { return count_waiters(who.queue->lock) == already_waiting + 1; });
    return thread;
}

void waiters_are_served_in_their_order()
{
    Queue queue;
    Queued queued[6];
    Thread* threads[6];
    queue.lock.lock_exclusive();
    for (u32 index = 0; index < 6; ++index) {
        queued[index] = { &queue, static_cast<char>('A' + index) };
        threads[index] = &enqueue(queued[index], index);
    }
    queue.lock.unlock();
    join_all(threads, 6);
    CHECK(equal(queue.order, "ABCDEF"));
    CHECK_EQUAL(queue.lock.contentions, 6);
    CHECK_EQUAL(queue.lock.acquisitions, 7);
}

// The writer holds it; a, b, C, d wait. Unlocking lets a and b in together, not d, which came after the writer C.
void readers_enter_together_and_not_before_an_earlier_writer()
{
    Queue queue;
    Queued queued[] = { { &queue, 'a' }, { &queue, 'b' }, { &queue, 'C' }, { &queue, 'd' } };
    Thread* threads[4];
    queue.lock.lock_exclusive();
    for (u32 index = 0; index < 4; ++index)
        threads[index] = &enqueue(queued[index], index);
    queue.lock.unlock();
    wait_until("two readers", [&] { return queue.inside == 2; });
    CHECK_EQUAL(count_holders(queue.lock), 2);
    CHECK_EQUAL(count_waiters(queue.lock), 2);
    CHECK(!queue.lock.try_lock_exclusive());
    CHECK(!queue.lock.try_lock_shared()); // it would overtake the writer
    queue.leave = true;
    join_all(threads, 4);
    // Which of the two readers wrote its letter first is open.
    CHECK(equal(queue.order, "abCd") || equal(queue.order, "baCd"));
}

struct Shared {
    ReaderWriterLock lock { "shared" };
    std::atomic<u32> met = 0;
    std::atomic<u32> readers = 0;
    std::atomic<u32> writers = 0;
    std::atomic<u32> most_readers = 0;
    u64 volatile first = 0;
    u64 volatile second = 0;
};

void read_and_write(void* argument)
{
    auto& shared = *static_cast<Shared*>(argument);
    auto seed = current_thread().id * 2654435761u + 1;
    {
        // Before anybody writes: none leaves before all are inside.
        SharedLock lock(shared.lock);
        ++shared.met;
        wait_until("all readers at once", [&] { return shared.met == crowd; });
    }
    for (int round = 0; round < 1000; ++round) {
        if (next_random(seed) % 4 == 0) {
            ExclusiveLock lock(shared.lock);
            CHECK_EQUAL(++shared.writers, 1);
            CHECK_EQUAL(shared.readers, 0);
            shared.first = shared.first + 1;
            if (round % 64 == 0)
                thread_yield();
            shared.second = shared.second + 1;
            --shared.writers;
        } else {
            SharedLock lock(shared.lock);
            auto const readers = ++shared.readers;
            auto most = shared.most_readers.load();
            while (most < readers && !shared.most_readers.compare_exchange_weak(most, readers)) { }
            CHECK_EQUAL(shared.writers, 0);
            CHECK_EQUAL(shared.first, shared.second);
            if (round % 16 == 0)
                thread_yield();
            --shared.readers;
        }
    }
}

void writers_are_alone_and_readers_are_not()
{
    Shared shared;
    Thread* threads[crowd];
    for (auto*& thread : threads)
        thread = &start("sharing", read_and_write, &shared);
    join_all(threads, crowd);
    CHECK_EQUAL(shared.first, shared.second);
    CHECK_EQUAL(shared.lock.acquisitions, crowd * 1001);
    print("note: up to %u readers at once, %lu of %lu had to wait\n", shared.most_readers.load(),
        shared.lock.contentions, shared.lock.acquisitions);
}

struct Watched {
    ReaderWriterLock outer { "outer", LockRank::vnode };
    Mutex inner { "inner", LockRank::file };
};

void hold_outer_wait_for_inner(void* argument)
{
    auto& watched = *static_cast<Watched*>(argument);
    watched.outer.lock_shared();
    watched.inner.lock();
    watched.inner.unlock();
    watched.outer.unlock();
}

HeldLock const* find_held(Thread const& thread, Lock const& lock)
{
    for (auto const& held : thread.held) {
        if (held.lock == &lock)
            return &held;
    }
    return nullptr;
}

void check_blocked_thread(Thread& thread, Watched& watched, Nanoseconds began)
{
    CHECK(thread.state == ThreadState::waiting);
    CHECK(thread.wait.queue == &watched.inner);
    CHECK(thread.wait.thread == &thread);
    CHECK(thread.wait.kind == WaitKind::mutex);
    CHECK(thread.wait.mode == LockMode::exclusive);
    CHECK(thread.wait.since >= began);
    CHECK_EQUAL(thread.running_since, 0);
    CHECK_EQUAL(current_thread().stack_pointer, 0u);
    CHECK(thread.stack_pointer > thread.stack.base && thread.stack_pointer < thread.stack.base + thread.stack.size);
    CHECK_EQUAL(thread.held_count, 1);
    auto const* held = find_held(thread, watched.outer);
    CHECK(held);
    CHECK(held->thread == &thread);
    CHECK(held->mode == LockMode::shared);
    CHECK(held->since >= began && held->since <= thread.wait.since);
}

void a_blocked_thread_tells_what_it_holds_and_wants()
{
    Watched watched;
    auto const began = now();
    auto& self = current_thread();
    watched.inner.lock();
    CHECK_EQUAL(self.held_count, 1);
    CHECK(watched.inner.holders.first()->thread == &self);
    CHECK(watched.inner.holders.first()->mode == LockMode::exclusive);
    Thread* threads[3];
    for (u32 index = 0; index < 3; ++index) {
        threads[index] = &start("blocked", hold_outer_wait_for_inner, &watched);
        wait_until("it to block", [&] { return count_waiters(watched.inner) == index + 1; });
    }
    // The last one is in the queue, and on another CPU perhaps not parked yet.
    for (auto* thread : threads) {
        wait_until("it to park", [&] { return arch::g_cpus[thread->cpu].current != thread; });
        check_blocked_thread(*thread, watched, began);
    }
    CHECK_EQUAL(count_holders(watched.outer), 3);
    {
        SpinlockGuard guard(watched.inner.guard);
        u32 index = 0;
        Nanoseconds since = 0;
        for (auto& wait : watched.inner.waiters) {
            CHECK(wait.thread == threads[index++]);
            CHECK(wait.since >= since);
            since = wait.since;
        }
    }
    watched.inner.unlock();
    CHECK_EQUAL(self.held_count, 0);
    join_all(threads, 3);
    CHECK_EQUAL(count_holders(watched.outer), 0);
    CHECK_EQUAL(watched.inner.contentions, 3);
}

void as_many_locks_as_the_table_has()
{
    Mutex mutexes[max_held_locks];
    for (auto& mutex : mutexes)
        mutex.lock();
    CHECK_EQUAL(current_thread().held_count, max_held_locks);
    for (usize index = 0; index < max_held_locks; index += 2)
        mutexes[index].unlock();
    for (usize index = 0; index < max_held_locks; index += 2)
        CHECK(mutexes[index].try_lock());
    for (auto& mutex : mutexes)
        mutex.unlock();
    CHECK_EQUAL(current_thread().held_count, 0);
}

struct Buffer {
    Mutex mutex { "buffer" };
    ConditionVariable not_empty { "not empty" };
    ConditionVariable not_full { "not full" };
    u32 items[4] = {};
    u32 count = 0;
    u64 put = 0;
    u64 taken = 0;
    u64 sum = 0;
    static constexpr u64 total = 6000;
};

void produce(void* argument)
{
    auto& buffer = *static_cast<Buffer*>(argument);
    for (;;) {
        ScopedLock lock(buffer.mutex);
        while (buffer.count == 4)
            buffer.not_full.wait(buffer.mutex);
        if (buffer.put == Buffer::total)
            return;
        buffer.items[buffer.count++] = static_cast<u32>(++buffer.put);
        buffer.not_empty.notify_one();
        if (buffer.put == Buffer::total)
            buffer.not_full.notify_all();
    }
}

void consume(void* argument)
{
    auto& buffer = *static_cast<Buffer*>(argument);
    for (;;) {
        ScopedLock lock(buffer.mutex);
        while (buffer.count == 0 && buffer.taken < Buffer::total)
            buffer.not_empty.wait(buffer.mutex);
        if (buffer.taken == Buffer::total)
            return;
        buffer.sum += buffer.items[--buffer.count];
        if (++buffer.taken == Buffer::total)
            buffer.not_empty.notify_all();
        if (buffer.put < Buffer::total)
            buffer.not_full.notify_one();
        else
            buffer.not_full.notify_all();
    }
}

void producers_and_consumers_agree()
{
    Buffer buffer;
    Thread* threads[8];
    for (u32 index = 0; index < 8; ++index)
        threads[index] = &start(index % 2 ? "producer" : "consumer", index % 2 ? produce : consume, &buffer);
    join_all(threads, 8);
    CHECK_EQUAL(buffer.taken, Buffer::total);
    CHECK_EQUAL(buffer.sum, Buffer::total * (Buffer::total + 1) / 2);
}

struct Signal {
    Mutex mutex { "signal" };
    ConditionVariable condition { "signal" };
    std::atomic<u32> waiting = 0;
    std::atomic<u32> woken = 0;
    char order[8] = {};
};

struct Listener {
    Signal* signal;
    char letter;
};

void listen(void* argument)
{
    auto& listener = *static_cast<Listener*>(argument);
    auto& signal = *listener.signal;
    ScopedLock lock(signal.mutex);
    ++signal.waiting;
    signal.condition.wait(signal.mutex);
    signal.order[signal.woken++] = listener.letter;
}

void a_condition_wakes_in_order()
{
    Signal signal;
    Listener listeners[4];
    Thread* threads[4];
    for (u32 index = 0; index < 4; ++index) {
        listeners[index] = { &signal, static_cast<char>('a' + index) };
        threads[index] = &start("listener", listen, &listeners[index]);
        wait_until("the listener", [&] { return count_waiters(signal.condition) == index + 1; });
    }
    CHECK(threads[0]->wait.kind == WaitKind::condition);
    CHECK(threads[0]->wait.queue == &signal.condition);
    for (u32 index = 0; index < 3; ++index) {
        {
            ScopedLock lock(signal.mutex);
            signal.condition.notify_one();
        }
        // Those who are awake take the mutex in any order.
        wait_until("the one notified", [&] { return signal.woken == index + 1; });
    }
    signal.condition.notify_all();
    join_all(threads, 4);
    CHECK(equal(signal.order, "abcd"));
}

void a_condition_times_out()
{
    Signal signal;
    ScopedLock lock(signal.mutex);
    auto const deadline = now() + 3 * millisecond;
    CHECK(!signal.condition.wait_until(signal.mutex, deadline));
    CHECK(now() >= deadline);
    CHECK(signal.condition.waiters.is_empty());
    CHECK(signal.mutex.holders.first()->thread == &current_thread());
    CHECK(current_thread().sleep_timer.state == TimerState::idle);
    CHECK(!signal.condition.wait_until(signal.mutex, 1)); // long past
}

// Notifications and time-outs that meet: each wait ends once, by one of them, and no notification is lost.
struct Race {
    Mutex mutex { "race" };
    ConditionVariable condition { "race" };
    u64 notified = 0;
    u64 timed_out = 0;
    u64 tokens = 0;
    std::atomic<u32> left = 0;
};

void race_with_the_clock(void* argument)
{
    auto& race = *static_cast<Race*>(argument);
    auto seed = current_thread().id * 2654435761u + 7;
    for (int round = 0; round < 300; ++round) {
        ScopedLock lock(race.mutex);
        if (race.condition.wait_until(race.mutex, now() + next_random(seed) % (millisecond / 2)))
            ++race.notified;
        else
            ++race.timed_out;
    }
    --race.left;
}

void notifications_and_time_outs_meet()
{
    Race race;
    Thread* threads[6];
    race.left = 6;
    for (auto*& thread : threads)
        thread = &start("racing", race_with_the_clock, &race);
    auto seed = 99u;
    while (race.left) {
        {
            ScopedLock lock(race.mutex);
            if (!race.condition.waiters.is_empty())
                race.condition.notify_one();
        }
        spin(next_random(seed) % 100'000);
        if (next_random(seed) % 8 == 0)
            thread_sleep(next_random(seed) % 300'000);
    }
    join_all(threads, 6);
    CHECK_EQUAL(race.notified + race.timed_out, 6 * 300);
    print("note: %lu notified, %lu timed out\n", race.notified, race.timed_out);
}

void wait_for_stop(void* argument)
{
    wait_until("the stop", [stop = static_cast<std::atomic<bool>*>(argument)] { return stop->load(); });
}

void join_target(void* argument) { thread_join(*static_cast<Thread*>(argument)); }

void a_join_is_a_wait()
{
    std::atomic<bool> stop = false;
    auto& target = start("target", wait_for_stop, &stop);
    auto& joiner = start("joiner", join_target, &target);
    wait_until("the joiner", [&] { return count_waiters(target.joiners) == 1; });
    CHECK(joiner.wait.kind == WaitKind::join);
    CHECK(joiner.wait.queue == &target.joiners);
    CHECK(equal(joiner.wait.queue->name, "target"));
    stop = true;
    thread_join(joiner);
}

constexpr Case cases[] = {
    { "a_mutex_protects_a_counter", a_mutex_protects_a_counter },
    { "waiters_are_served_in_their_order", waiters_are_served_in_their_order },
    { "readers_enter_together_and_not_before_an_earlier_writer",
        readers_enter_together_and_not_before_an_earlier_writer },
    { "writers_are_alone_and_readers_are_not", writers_are_alone_and_readers_are_not },
    { "a_blocked_thread_tells_what_it_holds_and_wants", a_blocked_thread_tells_what_it_holds_and_wants },
    { "as_many_locks_as_the_table_has", as_many_locks_as_the_table_has },
    { "producers_and_consumers_agree", producers_and_consumers_agree },
    { "a_condition_wakes_in_order", a_condition_wakes_in_order },
    { "a_condition_times_out", a_condition_times_out },
    { "notifications_and_time_outs_meet", notifications_and_time_outs_meet },
    { "a_join_is_a_wait", a_join_is_a_wait },
};

int run(int argument_count, char const* const* arguments) { return run_cases(cases, argument_count, arguments); }

} // namespace

SPROUT_PROGRAM(locks_test, "test-locks", "locks under contention", run);

} // namespace sprout::test
