#include "mm/allocation_tracking.hh"
#include "arch/x64/cpu.hh"
#include "mm/page_allocator.hh"
#include "mm/stack_area.hh"
#include "sched/thread.hh"

namespace sprout {

constinit AllocationTracking g_allocation_tracking;

namespace {

constexpr u64 default_capacity = 65'536;

void* tombstone() { return reinterpret_cast<void*>(tombstone_address); }

u64 slot_of(void const* address)
{
    // Fibonacci hashing: neighbouring objects land far apart.
    auto const hash = reinterpret_cast<u64>(address) * 0x9e37'79b9'7f4a'7c15;
    return hash >> 32 & (g_allocation_tracking.capacity - 1);
}

u64 next_slot(u64 slot) { return (slot + 1) & (g_allocation_tracking.capacity - 1); }
u64 previous_slot(u64 slot) { return (slot - 1) & (g_allocation_tracking.capacity - 1); }

// At least the direct caller, whose return address malloc's own frame holds.
void find_callers(u64 (&callers)[tracked_callers], void* malloc_frame)
{
    auto frame = reinterpret_cast<uptr>(malloc_frame);
    auto const end = stack_end(frame); // a chain of frame pointers is followed only below it
    usize count = 0;
    while (true) {
        auto const* words = reinterpret_cast<u64 const*>(frame);
        if (words[1] == 0)
            return;
        callers[count++] = words[1];
        auto const next = static_cast<uptr>(words[0]);
        if (count == tracked_callers || next <= frame || next % 8 != 0 || end == 0 || next > end - 16)
            return;
        frame = next;
    }
}

u64 round_up_to_power_of_two(u64 value) { return value <= 1 ? 1 : 1ull << (64 - __builtin_clzll(value - 1)); }

} // namespace

Result<void> allocation_tracking_start(u64 capacity)
{
    auto& tracking = g_allocation_tracking;
    if (tracking.records)
        return Error::busy;
    if (capacity > arch::g_ram_bytes / sizeof(TrackedAllocation))
        return Error::no_memory;
    u64 slots = round_up_to_power_of_two(2 * (capacity ? capacity : default_capacity));
    while (!capacity && slots > 2 && slots * sizeof(TrackedAllocation) > arch::g_ram_bytes / 16)
        slots /= 2;
    auto const pages = (slots * sizeof(TrackedAllocation) + page_size - 1) / page_size;
    auto* const head = TRY(allocate_page_run(pages, PageKind::kernel_data, const_cast<char*>("allocation tracking")));
    auto* const records = static_cast<TrackedAllocation*>(address_of(*head));
    for (u64 index = 0; index < slots; ++index)
        new (&records[index]) TrackedAllocation;
    SpinlockGuard guard(tracking.lock);
    tracking.records = records;
    tracking.capacity = slots;
    tracking.enabled = true;
    return {};
}

void allocation_tracking_add(void* address, usize requested, void* frame)
{
    TrackedAllocation record;
    record.address = address;
    record.requested = requested > ~0u ? ~0u : static_cast<u32>(requested);
    record.time = now();
    auto& tracking = g_allocation_tracking;
    SpinlockGuard guard(tracking.lock);
    if (auto const* thread = arch::current_thread_pointer())
        record.thread = thread->id;
    find_callers(record.callers, frame);
    if (tracking.count >= tracking.capacity / 2) {
        ++tracking.dropped;
        return;
    }
    auto slot = slot_of(address);
    while (tracking.records[slot].address && tracking.records[slot].address != tombstone())
        slot = next_slot(slot);
    tracking.records[slot] = record;
    ++tracking.count;
}

void allocation_tracking_remove(void* address)
{
    auto& tracking = g_allocation_tracking;
    SpinlockGuard guard(tracking.lock);
    auto slot = slot_of(address);
    for (u64 probes = 0; probes < tracking.capacity; ++probes, slot = next_slot(slot)) {
        if (!tracking.records[slot].address)
            return;
        if (tracking.records[slot].address == address)
            break;
    }
    if (tracking.records[slot].address != address)
        return;
    --tracking.count;
    tracking.records[slot].address = tombstone();
    // Tombstones before an empty slot stop no probe: without this the table would fill with them.
    if (tracking.records[next_slot(slot)].address)
        return;
    for (; tracking.records[slot].address == tombstone(); slot = previous_slot(slot))
        tracking.records[slot].address = nullptr;
}

} // namespace sprout
