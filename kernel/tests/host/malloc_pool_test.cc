// kernel sources: mm/*.cc
// malloc: classes, slabs, remote frees, large blocks, mistakes; random stress against a model.
#include "memory_fixture.hh"
#include "mm/page_allocator_internal.hh"
#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>

using namespace sprout;
using namespace host;

namespace {

u64 pool_pages() { return memory_account().of(PageKind::pool); }

} // namespace

TEST(each_size_has_the_smallest_class_that_holds_it)
{
    for (usize bytes = 0; bytes <= 4096; ++bytes) {
        auto const* const smallest
            = std::lower_bound(std::begin(malloc_class_sizes), std::end(malloc_class_sizes), bytes);
        CHECK_EQUAL(malloc_size_class(bytes), static_cast<usize>(smallest - malloc_class_sizes));
    }
    CHECK_EQUAL(malloc_size_class(4097), malloc_class_count);
}

TEST(blocks_are_aligned_as_promised)
{
    boot_memory(64 * mib);
    for (usize bytes = 0; bytes <= 20'000; bytes += bytes < 5000 ? 1 : 97) {
        void* const block = malloc_allocate(bytes);
        auto const address = reinterpret_cast<uptr>(arch::virtual_to_physical(block));
        CHECK_EQUAL(address % 8, 0u);
        if (bytes % 16 == 0 && bytes > 0)
            CHECK_EQUAL(address % 16, 0u);
        if (bytes > 0 && bytes <= 4096 && (bytes & (bytes - 1)) == 0)
            CHECK_EQUAL(address % bytes, 0u);
        CHECK(malloc_usable_size(block) >= bytes);
        malloc_free(block);
    }
    CHECK_MEMORY();
}

TEST(a_thousand_single_bytes_take_four_pages_at_most)
{
    boot_memory(64 * mib);
    for (int index = 0; index < 1000; ++index)
        CHECK(malloc_allocate(1) != nullptr);
    note("M2: 1,000 x 1 B in %llu pages", static_cast<unsigned long long>(pool_pages()));
    CHECK(pool_pages() <= 4);
    CHECK_MEMORY();
}

TEST(fifteen_hundred_bytes_waste_less_than_15_percent)
{
    boot_memory(64 * mib);
    constexpr int count = 1000;
    for (int index = 0; index < count; ++index)
        CHECK(malloc_allocate(1500) != nullptr);
    auto const waste = 1 - 1500.0 * count / static_cast<double>(pool_pages() * page_size);
    note("M5: 1,500 B waste %.1f %%", waste * 100);
    CHECK(waste < 0.15);
}

TEST(no_class_loses_more_than_an_eighth_of_its_slabs)
{
    malloc_initialize();
    for (auto const& pool : g_malloc_pools) {
        auto const slab = page_size << pool.slab_order;
        CHECK(slab - pool.objects_per_slab * pool.object_size <= slab / 8);
        CHECK(pool.slab_order <= 2);
    }
}

TEST(zero_bytes_are_a_smallest_object)
{
    boot_memory(64 * mib);
    void* const first = malloc_allocate(0);
    void* const second = malloc_allocate(0);
    CHECK(first && second && first != second);
    CHECK_EQUAL(malloc_usable_size(first), 8u);
    malloc_free(first);
    malloc_free(second);
    malloc_free(nullptr);
    CHECK_EQUAL(malloc_live_objects(0), 0u);
}

TEST(empty_slabs_go_back_but_a_few)
{
    boot_memory(64 * mib);
    std::vector<void*> blocks;
    for (int index = 0; index < 10'000; ++index)
        blocks.push_back(malloc_allocate(100));
    auto& local = g_malloc_pools[malloc_size_class(100)].cpus[0];
    CHECK(local.slabs > 200);
    for (auto* block : blocks)
        malloc_free(block);
    CHECK_EQUAL(local.slabs, max_empty_slabs);
    CHECK_EQUAL(local.empty_slabs, max_empty_slabs);
    CHECK_EQUAL(local.live_objects, 0u);
    CHECK_MEMORY();
    memory_reclaim();
    CHECK_EQUAL(pool_pages(), 0u);
    CHECK_MEMORY();
}

TEST(remote_frees_count_as_live_until_their_owner_drains_them)
{
    boot_memory(64 * mib, 2);
    auto const size_class = malloc_size_class(64);
    auto& local = g_malloc_pools[size_class].cpus[0];
    std::vector<void*> blocks;
    for (int index = 0; index < 60; ++index)
        blocks.push_back(malloc_allocate(64));
    set_cpu(1);
    for (int index = 0; index < 40; ++index)
        malloc_free(blocks[static_cast<usize>(index)]);
    CHECK_EQUAL(local.live_objects, 60u);
    CHECK_EQUAL(local.remote_count.load(), 40u);
    CHECK_EQUAL(malloc_live_objects(size_class), 20u);
    CHECK_MEMORY();
    set_cpu(0);
    // 4 are free in the slab; the fifth allocation drains, and no second slab is needed.
    for (int index = 0; index < 44; ++index)
        CHECK(malloc_allocate(64) != nullptr);
    CHECK_EQUAL(local.remote_count.load(), 0u);
    CHECK_EQUAL(local.slabs, 1u);
    CHECK_EQUAL(malloc_live_objects(size_class), 64u);
    CHECK_MEMORY();
}

TEST(large_blocks_are_registered_and_give_their_slack_back)
{
    boot_memory(64 * mib);
    auto const pages_before = memory_account().of(PageKind::large);
    auto* const block = static_cast<char*>(malloc_allocate(5 * 4096 + 1));
    memset(block, 0x5a, 5 * 4096 + 1);
    CHECK_EQUAL(g_large_allocations.count, 1u);
    auto const* const record = g_large_allocations.list.first();
    CHECK_EQUAL(record->requested, 5u * 4096 + 1);
    CHECK_EQUAL(record->pages, 6u);
    CHECK(page_of(block).owner == record && page_of(block + 5 * 4096).owner == record);
    CHECK_EQUAL(memory_account().of(PageKind::large), pages_before + 6);
    CHECK_EQUAL(malloc_live_objects(malloc_size_class(sizeof(LargeAllocation))), 1u);
    CHECK_MEMORY();
    malloc_free(block);
    CHECK_EQUAL(g_large_allocations.count + g_large_allocations.pages, 0u);
    CHECK_EQUAL(memory_account().of(PageKind::large), pages_before);
    CHECK_MEMORY();
}

TEST(mistakes_are_told_in_a_sentence)
{
    boot_memory(64 * mib, 2);
    auto* const block = static_cast<char*>(malloc_allocate(100));
    auto* const other = static_cast<char*>(malloc_allocate(100));
    auto* const large = static_cast<char*>(malloc_allocate(10'000));
    int local = 0;
    CHECK_PANIC(malloc_free(block + 8), "inside a 112-byte object");
    CHECK_PANIC(malloc_free(large + 4096), "inside a large block");
    CHECK_PANIC(malloc_free(arch::physical_to_virtual(0)), "page of kind reserved");
    CHECK_PANIC(malloc_free(&local), "free of");
    CHECK_PANIC(malloc_free(reinterpret_cast<void*>(uptr(16))), "not in RAM");
    malloc_free(block);
    CHECK_PANIC(malloc_free(block), "double free");
    set_cpu(1);
    malloc_free(other);
    CHECK_PANIC(malloc_free(other), "double free");
    set_cpu(0);
    CHECK_MEMORY();
    memset(block, 0, 16); // written after free: told when the object is given out
    CHECK_PANIC(malloc_allocate(100), "was written after it was freed");
}

namespace {

struct Observed {
    std::atomic<int> depth[max_cpus] = {};
    std::atomic<i64> live[malloc_class_count + 1] = {};
    std::atomic<int> faults = 0;
} s_observed;

MallocObserver const s_observer {
    .begin = [](u32 cpu) { s_observed.faults += s_observed.depth[cpu]++ != 0 || arch::interrupts_enabled(); },
    .allocated =
        [](u32 cpu, usize size_class, void* object) {
            s_observed.faults += s_observed.depth[cpu] != 1 || !object;
            ++s_observed.live[size_class];
        },
    .freed =
        [](u32 cpu, usize size_class, void*) {
            s_observed.faults += s_observed.depth[cpu] != 1;
            --s_observed.live[size_class];
        },
    .end = [](u32 cpu) { s_observed.faults += --s_observed.depth[cpu] != 0; },
};

struct Block {
    u8* bytes = nullptr;
    usize size = 0;
    u8 pattern = 0;

    bool is_intact() const
    {
        for (usize index = 0; index < size; ++index)
            if (bytes[index] != pattern)
                return false;
        return true;
    }
};

usize random_size(Random& random)
{
    auto const choice = random(100);
    return choice < 60 ? random(128) : choice < 95 ? random(4097) : random(40'000);
}

// Allocates, fills, checks and frees; blocks are freed by whatever CPU finds them.
void stress(u32 cpu, int steps, std::mutex& mutex, std::vector<Block>& shared, std::atomic<u64>& damaged)
{
    Random random(cpu + 11);
    for (int step = 0; step < steps; ++step) {
        // Beside the others' work, not instead of it.
        if (random(500) == 0)
            CHECK_MEMORY();
        if (random(100) < 52) {
            Block block;
            block.size = random_size(random);
            block.bytes = static_cast<u8*>(malloc_allocate(block.size));
            if (!block.bytes)
                continue;
            block.pattern = static_cast<u8>(random(256));
            memset(block.bytes, block.pattern, block.size);
            std::lock_guard guard(mutex);
            shared.push_back(block);
        } else {
            Block block;
            {
                std::lock_guard guard(mutex);
                if (shared.empty())
                    continue;
                std::swap(shared[random(shared.size())], shared.back());
                block = shared.back();
                shared.pop_back();
            }
            damaged += !block.is_intact();
            malloc_free(block.bytes);
        }
    }
}

void stress_on(u64 ram, u32 cpus, int steps)
{
    boot_memory(ram, cpus);
    g_malloc_observer = &s_observer;
    std::mutex mutex;
    std::vector<Block> shared;
    std::atomic<u64> damaged = 0;
    on_each_cpu(cpus, [&](u32 cpu) { stress(cpu, steps, mutex, shared, damaged); });
    CHECK_EQUAL(damaged.load(), 0u);
    CHECK_EQUAL(s_observed.faults.load(), 0);

    // Observer, pools and model agree.
    std::vector<i64> model(malloc_class_count + 1);
    for (auto const& block : shared)
        ++model[malloc_size_class(block.size)];
    model[malloc_size_class(sizeof(LargeAllocation))] += model[malloc_class_count];
    for (usize index = 0; index < malloc_class_count; ++index) {
        CHECK_EQUAL(s_observed.live[index].load(), model[index]);
        CHECK_EQUAL(malloc_live_objects(index), static_cast<u64>(model[index]));
    }
    CHECK_EQUAL(s_observed.live[malloc_class_count].load(), model[malloc_class_count]);
    CHECK_EQUAL(g_large_allocations.count, static_cast<u64>(model[malloc_class_count]));
    CHECK_MEMORY();

    for (auto const& block : shared)
        malloc_free(block.bytes);
    memory_reclaim();
    CHECK_EQUAL(memory_account().in_use(), 0u);
    CHECK_MEMORY();
}

} // namespace

TEST(stress_on_one_cpu) { stress_on(64 * mib, 1, 60'000); }
TEST(stress_on_four_cpus_with_remote_frees) { stress_on(64 * mib, 4, 25'000); }
TEST(stress_on_four_cpus_out_of_memory) { stress_on(4 * mib, 4, 10'000); }

TEST(each_class_runs_out_of_memory_and_recovers)
{
    boot_memory(8 * mib, 1);
    for (auto const size : malloc_class_sizes) {
        std::vector<void*> blocks;
        while (auto* const block = malloc_allocate(size))
            blocks.push_back(block);
        CHECK(blocks.size() * size > 4 * mib);
        CHECK_MEMORY();
        for (auto* const block : blocks)
            malloc_free(block);
    }
    memory_reclaim();
    CHECK_EQUAL(memory_account().in_use(), 0u);
    CHECK_MEMORY();
}

TEST(objects_freed_remotely_are_found_under_pressure)
{
    boot_memory(8 * mib, 2);
    std::vector<void*> blocks;
    while (auto* const block = malloc_allocate(4096))
        blocks.push_back(block);
    set_cpu(1);
    for (auto* const block : blocks)
        malloc_free(block);
    // All memory stands in CPU 0's remote list; CPU 1 needs a large block now.
    CHECK(malloc_allocate(4 * mib) != nullptr);
    CHECK_MEMORY();
}
