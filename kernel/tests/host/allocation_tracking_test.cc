// kernel sources: mm/*.cc
// Who allocated what: records against a model, tombstones, callers.
#include "memory_fixture.hh"
#include "mm/allocation_tracking.hh"
#include <map>

using namespace sprout;
using namespace host;

namespace {

TrackedAllocation const* find(void const* address)
{
    for (u64 index = 0; index < g_allocation_tracking.capacity; ++index)
        if (g_allocation_tracking.records[index].address == address)
            return &g_allocation_tracking.records[index];
    return nullptr;
}

u64 tombstones()
{
    u64 count = 0;
    for (u64 index = 0; index < g_allocation_tracking.capacity; ++index)
        count += g_allocation_tracking.records[index].address == reinterpret_cast<void*>(tombstone_address);
    return count;
}

[[gnu::noinline]] void* allocate_here(usize bytes)
{
    auto* const block = malloc_allocate(bytes);
    asm volatile("" ::: "memory"); // no tail call: this function must be on the stack
    return block;
}

} // namespace

TEST(nothing_is_recorded_while_off)
{
    boot_memory(64 * mib);
    CHECK(malloc_allocate(10) != nullptr);
    CHECK(!g_allocation_tracking.enabled && !g_allocation_tracking.records);
}

TEST(a_record_tells_size_time_and_caller)
{
    boot_memory(64 * mib);
    CHECK(!allocation_tracking_start(100).is_error());
    CHECK_EQUAL(g_allocation_tracking.capacity, 256u);
    CHECK(allocation_tracking_start(100).is_error());
    set_time(1000);
    auto* const small = allocate_here(33);
    auto* const large = allocate_here(33'000);
    auto const* record = find(small);
    CHECK(record && record->requested == 33 && record->time > 1000);
    auto const function = reinterpret_cast<u64>(&allocate_here);
    CHECK(record->callers[0] > function && record->callers[0] < function + 200);
    CHECK(find(large) && find(large)->requested == 33'000);
    malloc_free(small);
    CHECK(!find(small));
    CHECK_EQUAL(g_allocation_tracking.count, 1u);
}

TEST(records_follow_the_living_objects)
{
    boot_memory(64 * mib, 2);
    CHECK(!allocation_tracking_start(500).is_error());
    std::map<void*, u32> model;
    Random random(3);
    for (int step = 0; step < 100'000; ++step) {
        set_cpu(static_cast<u32>(random(2)));
        if (random(2) && model.size() < 480) {
            auto const bytes = static_cast<u32>(random(5000));
            model[malloc_allocate(bytes)] = bytes;
        } else if (!model.empty()) {
            auto victim = std::next(model.begin(), static_cast<long>(random(model.size())));
            malloc_free(victim->first);
            model.erase(victim);
        }
    }
    CHECK_EQUAL(g_allocation_tracking.count, model.size());
    CHECK_EQUAL(g_allocation_tracking.dropped, 0u);
    for (auto const& [address, bytes] : model)
        CHECK(find(address) && find(address)->requested == bytes);
    note("%llu tombstones in %llu slots", static_cast<unsigned long long>(tombstones()),
        static_cast<unsigned long long>(g_allocation_tracking.capacity));
    CHECK(tombstones() < g_allocation_tracking.capacity / 2);
}

TEST(a_full_table_drops_and_counts)
{
    boot_memory(64 * mib);
    CHECK(!allocation_tracking_start(16).is_error());
    std::vector<void*> blocks;
    for (int index = 0; index < 20; ++index)
        blocks.push_back(malloc_allocate(8));
    CHECK_EQUAL(g_allocation_tracking.count, 16u);
    CHECK_EQUAL(g_allocation_tracking.dropped, 4u);
    for (auto* const block : blocks)
        malloc_free(block);
    CHECK_EQUAL(g_allocation_tracking.count, 0u);
    CHECK_EQUAL(tombstones(), 0u);
}

TEST(a_table_that_does_not_fit_is_an_error)
{
    boot_memory(8 * mib);
    CHECK(allocation_tracking_start(10'000'000).error() == Error::no_memory);
    CHECK(allocation_tracking_start(~0ull).error() == Error::no_memory);
    CHECK(!g_allocation_tracking.enabled);
    CHECK(!allocation_tracking_start(0).is_error());
    CHECK(g_allocation_tracking.capacity * sizeof(TrackedAllocation) <= 512 * kib);
}
