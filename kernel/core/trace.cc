#include "core/trace.hh"
#include "arch/x64/interrupts.hh"
#include "mm/page_allocator.hh"
#include "sched/clock.hh"
#include "sched/thread.hh"

namespace sprout {

static constexpr u32 bit(TraceKind kind) { return 1u << static_cast<u32>(kind); }

constinit PerCpu<TraceRing> g_trace_rings;
constinit u32 g_trace_mask = ~(bit(TraceKind::none) | bit(TraceKind::allocate) | bit(TraceKind::release_memory));

static u32 order_of(u64 bytes)
{
    u32 order = 0;
    while ((page_size << order) < bytes)
        ++order;
    return order;
}

static u64 round_up_to_power_of_two(u64 value)
{
    u64 power = 1;
    while (power < value)
        power <<= 1;
    return power;
}

static Result<void> make_ring(TraceRing& ring, u64 capacity)
{
    static char const owner[] = "trace ring";
    auto* head = TRY(
        allocate_pages(order_of(capacity * sizeof(TraceRecord)), PageKind::kernel_data, const_cast<char*>(owner)));
    auto* records = static_cast<TraceRecord*>(address_of(*head));
    for (u64 index = 0; index < capacity; ++index)
        records[index] = {};
    ring.capacity = capacity;
    // The ring's own CPU may record from now on.
    __atomic_store_n(&ring.records, records, __ATOMIC_RELEASE);
    return {};
}

Result<void> trace_initialize(u64 records_per_cpu)
{
    if (records_per_cpu == 0)
        return {};
    auto const capacity = round_up_to_power_of_two(records_per_cpu);
    auto const cpus = arch::g_cpu_count ? arch::g_cpu_count : 1;
    for (u32 cpu = 0; cpu < cpus; ++cpu) {
        auto& ring = g_trace_rings.on(cpu);
        if (!ring.records)
            TRY(make_ring(ring, capacity));
    }
    return {};
}

// A ring has one writer: its CPU, with interrupts off. The record is `none` from before the first change of a field
// until after the last, and `written` counts it only then. x86 keeps stores in order; the fences keep the compiler to
// it.
void trace_record_at(Nanoseconds time, TraceKind kind, u64 object, u64 value)
{
    auto& ring = g_trace_rings.local();
    if (!ring.records)
        return;
    auto const index = ring.written.load(std::memory_order_relaxed);
    auto& record = ring.records[index & (ring.capacity - 1)];
    auto const* thread = arch::this_cpu().current;
    __atomic_store_n(&record.kind, TraceKind::none, __ATOMIC_RELAXED);
    std::atomic_thread_fence(std::memory_order_release);
    record.time = time;
    record.thread = thread ? thread->id : 0;
    record.object = object;
    record.value = value;
    __atomic_store_n(&record.kind, kind, __ATOMIC_RELEASE);
    ring.written.store(index + 1, std::memory_order_release);
}

void trace_record(TraceKind kind, u64 object, u64 value)
{
    auto const interrupts = arch::disable_interrupts();
    trace_record_at(now(), kind, object, value);
    arch::restore_interrupts(interrupts);
}

} // namespace sprout
