// kernel sources: mm/*.cc
// L1 and L2 page pools: marks, hand-over between CPUs, draining.
#include "memory_fixture.hh"
#include <atomic>
#include <mutex>

using namespace sprout;
using namespace host;

namespace {

void check_marks(u64 bytes, u32 cpus, u32 expected)
{
    boot_memory(bytes, cpus);
    for (u32 cpu = 0; cpu < cpus; ++cpu)
        CHECK_EQUAL(g_page_pools.on(cpu).high_mark, expected);
    CHECK_EQUAL(g_global_page_pool.high_mark, expected * cpus);
    note("M4: at %llu MiB and %u CPUs %u KiB each", static_cast<unsigned long long>(bytes / mib), cpus, expected * 4);
}

} // namespace

TEST(pools_size_themselves_at_8_mib) { check_marks(8 * mib, 1, 7); } // 97 pages are firmware's
TEST(pools_size_themselves_at_8_mib_with_4_cpus) { check_marks(8 * mib, 4, 4); }
TEST(pools_size_themselves_at_64_mib) { check_marks(64 * mib, 2, 31); }
TEST(pools_size_themselves_at_512_mib) { check_marks(512 * mib, 1, 511); }
TEST(pools_size_themselves_at_4_gib) { check_marks(4 * gib, 2, 512); }

TEST(pages_go_round_in_the_pool_without_the_page_allocator)
{
    boot_memory(512 * mib);
    Page* page = allocate_page(PageKind::file).value();
    auto& pool = g_page_pools.on(0);
    auto const refills = pool.refills;
    auto const free_pages_before = g_page_allocator.free_pages;
    for (int round = 0; round < 1000; ++round) {
        free_page(*page);
        CHECK(page->kind == PageKind::cached);
        page = allocate_page(PageKind::file).value();
    }
    CHECK_EQUAL(pool.refills, refills);
    CHECK_EQUAL(g_page_allocator.free_pages, free_pages_before);
    CHECK_MEMORY();
}

TEST(a_pool_never_keeps_more_than_its_high_mark)
{
    boot_memory(64 * mib, 2);
    std::vector<Page*> pages;
    for (int index = 0; index < 2000; ++index)
        pages.push_back(allocate_page(PageKind::file).value());
    set_cpu(1);
    for (auto* page : pages) {
        free_page(*page);
        CHECK(g_page_pools.on(1).count <= g_page_pools.on(1).high_mark);
        CHECK(g_global_page_pool.count <= g_global_page_pool.high_mark);
    }
    CHECK(g_page_pools.on(1).returns > 0);
    CHECK_MEMORY();
}

TEST(pressure_drains_the_pools_of_every_cpu_before_failing)
{
    boot_memory(8 * mib, 4);
    on_each_cpu(4, [](u32) { free_page(*allocate_page(PageKind::file).value()); });
    CHECK(memory_account().of(PageKind::cached) > 0);
    u64 count = 0;
    while (!allocate_pages(0, PageKind::kernel_data).is_error())
        ++count;
    auto const account = memory_account();
    CHECK_EQUAL(account.of(PageKind::cached) + account.of(PageKind::free), 0u);
    CHECK_EQUAL(count, g_page_allocator.managed_pages);
    CHECK_MEMORY();
}

TEST(a_single_page_serves_when_only_the_pools_have_some)
{
    boot_memory(8 * mib, 2);
    set_cpu(1);
    std::vector<Page*> pages;
    while (true) {
        auto page = allocate_page(PageKind::kernel_data);
        if (page.is_error())
            break;
        pages.push_back(page.value());
    }
    CHECK_EQUAL(pages.size(), g_page_allocator.managed_pages);
    free_page(*pages.back()); // into CPU 1's L1
    set_cpu(0);
    CHECK(!allocate_page(PageKind::file).is_error());
    CHECK(allocate_page(PageKind::file).is_error());
    CHECK_MEMORY();
}

TEST(four_cpus_pass_pages_around)
{
    boot_memory(64 * mib, 4);
    auto const before = memory_account();
    std::mutex mutex;
    std::vector<Page*> shared;
    std::atomic<u64> clashes = 0;
    on_each_cpu(4, [&](u32 cpu) {
        Random random(cpu + 1);
        for (int step = 0; step < 20'000; ++step) {
            if (random(500) == 0)
                CHECK_MEMORY();
            if (random(2)) {
                auto page = allocate_page(PageKind::file);
                if (page.is_error())
                    continue;
                auto* const words = static_cast<u64*>(address_of(*page.value()));
                words[0] = words[511] = reinterpret_cast<u64>(words);
                std::lock_guard guard(mutex);
                shared.push_back(page.value());
            } else {
                Page* page = nullptr;
                {
                    std::lock_guard guard(mutex);
                    if (shared.empty())
                        continue;
                    auto const index = random(shared.size());
                    page = shared[index];
                    shared[index] = shared.back();
                    shared.pop_back();
                }
                auto* const words = static_cast<u64*>(address_of(*page));
                clashes += words[0] != reinterpret_cast<u64>(words) || words[511] != words[0];
                words[0] = words[511] = 0;
                free_page(*page);
            }
        }
    });
    CHECK_EQUAL(clashes.load(), 0u);
    for (auto* page : shared)
        free_page(*page);
    page_pools_drain();
    CHECK_EQUAL(memory_account().of(PageKind::free), before.of(PageKind::free) + before.of(PageKind::cached));
    CHECK_MEMORY();
}
