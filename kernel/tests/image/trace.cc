// The trace rings: what the debugger reads of them is what happened.
#include "core/trace.hh"
#include "core/program.hh"
#include "sched/mutex.hh"
#include "tests/image/threads.hh"

namespace sprout::test {

namespace {

u64 total_written()
{
    u64 written = 0;
    for (u32 cpu = 0; cpu < arch::g_cpu_count; ++cpu)
        written += g_trace_rings.on(cpu).written;
    return written;
}

// Calls `function` for each record that is whole, oldest first in each ring.
template<typename Function> void for_each_record(Function function)
{
    for (u32 cpu = 0; cpu < arch::g_cpu_count; ++cpu) {
        auto const& ring = g_trace_rings.on(cpu);
        auto const written = ring.written.load();
        auto const first = written > ring.capacity ? written - ring.capacity : 0;
        for (auto index = first; index < written; ++index) {
            auto const record = ring.records[index & (ring.capacity - 1)];
            if (record.kind != TraceKind::none)
                function(record);
        }
    }
}

u64 count(TraceKind kind, void const* object, u32 thread = 0)
{
    u64 found = 0;
    for_each_record([&](TraceRecord const& record) {
        found += record.kind == kind && record.object == reinterpret_cast<u64>(object)
            && (!thread || record.thread == thread);
    });
    return found;
}

void every_cpu_has_a_ring()
{
    for (u32 cpu = 0; cpu < arch::g_cpu_count; ++cpu) {
        auto const& ring = g_trace_rings.on(cpu);
        CHECK(ring.records);
        CHECK(ring.capacity && !(ring.capacity & (ring.capacity - 1)));
    }
}

void take_and_wait(void* argument)
{
    auto& mutex = *static_cast<Mutex*>(argument);
    ScopedLock lock(mutex);
}

void a_contended_lock_leaves_its_story()
{
    static Mutex mutex("told");
    auto const began = now();
    mutex.lock();
    auto& thread = start("waiting", take_and_wait, &mutex);
    auto const id = thread.id;
    wait_until("the other to wait", [&] { return !mutex.waiters.is_empty(); });
    thread_sleep(2 * millisecond);
    mutex.unlock();
    thread_join(thread);
    CHECK_EQUAL(count(TraceKind::lock_wait, &mutex, id), 1);
    CHECK_EQUAL(count(TraceKind::lock_acquire, &mutex, id), 1);
    CHECK_EQUAL(count(TraceKind::lock_acquire, &mutex, current_thread().id), 1);
    CHECK_EQUAL(count(TraceKind::lock_release, &mutex), 2);
    CHECK_EQUAL(count(TraceKind::thread_start, &thread, id), 1);
    CHECK_EQUAL(count(TraceKind::thread_exit, &thread, id), 1);
    CHECK(count(TraceKind::thread_switch, &thread) >= 2);
    CHECK(count(TraceKind::thread_wake, &thread) >= 2);
    for_each_record([&](TraceRecord const& record) {
        if (record.kind == TraceKind::lock_acquire && record.object == reinterpret_cast<u64>(&mutex)) {
            CHECK(record.time >= began && record.time <= now());
            CHECK_EQUAL(record.value >= 2 * millisecond, record.thread == id);
        }
        if (record.kind == TraceKind::lock_release && record.object == reinterpret_cast<u64>(&mutex)
            && record.thread != id)
            CHECK(record.value >= 2 * millisecond);
    });
}

void records_of_one_cpu_are_in_order()
{
    for (u32 cpu = 0; cpu < arch::g_cpu_count; ++cpu) {
        auto const interrupts = arch::disable_interrupts();
        auto const& ring = g_trace_rings.on(cpu);
        auto const written = ring.written.load();
        // Half a ring, so that its CPU does not overtake the reader.
        auto const first = written > ring.capacity / 2 ? written - ring.capacity / 2 : 0;
        Nanoseconds time = 0;
        for (auto index = first; index < written; ++index) {
            auto const& record = ring.records[index & (ring.capacity - 1)];
            CHECK(record.kind != TraceKind::none);
            CHECK(record.time >= time);
            time = record.time;
        }
        arch::restore_interrupts(interrupts);
    }
}

void a_kind_that_is_off_is_not_recorded()
{
    auto const interrupts = arch::disable_interrupts();
    auto const mask = g_trace_mask;
    int object = 0;
    g_trace_mask = 1u << static_cast<u32>(TraceKind::allocate);
    trace(TraceKind::vnode_operation, &object, 1);
    CHECK_EQUAL(count(TraceKind::vnode_operation, &object), 0);
    trace(TraceKind::allocate, &object, 8);
    CHECK_EQUAL(count(TraceKind::allocate, &object), 1);
    g_trace_mask = mask;
    arch::restore_interrupts(interrupts);
}

void the_oldest_record_is_overwritten()
{
    auto const interrupts = arch::disable_interrupts();
    auto& ring = g_trace_rings.local();
    int object = 0;
    auto const before = total_written();
    for (u64 index = 0; index < ring.capacity + 5; ++index)
        trace_record(TraceKind::allocate, reinterpret_cast<u64>(&object), index);
    CHECK(total_written() >= before + ring.capacity + 5);
    u64 lowest = ~0ull;
    for (u64 index = 0; index < ring.capacity; ++index) {
        if (ring.records[index].object == reinterpret_cast<u64>(&object) && ring.records[index].value < lowest)
            lowest = ring.records[index].value;
    }
    arch::restore_interrupts(interrupts);
    CHECK_EQUAL(lowest, 5);
}

constexpr Case cases[] = {
    { "every_cpu_has_a_ring", every_cpu_has_a_ring },
    { "a_contended_lock_leaves_its_story", a_contended_lock_leaves_its_story },
    { "records_of_one_cpu_are_in_order", records_of_one_cpu_are_in_order },
    { "a_kind_that_is_off_is_not_recorded", a_kind_that_is_off_is_not_recorded },
    { "the_oldest_record_is_overwritten", the_oldest_record_is_overwritten },
};

int run(int argument_count, char const* const* arguments) { return run_cases(cases, argument_count, arguments); }

} // namespace

SPROUT_PROGRAM(trace_test, "test-trace", "the trace rings", run);

} // namespace sprout::test
