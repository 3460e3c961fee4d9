// kernel sources: mm/*.cc
// The early arena, the hand-over, and the buddy allocator against a model.
#include "memory_fixture.hh"
#include <map>

using namespace sprout;
using namespace host;

TEST(early_arena_wastes_little_before_the_hand_over)
{
    set_pc_ram(64 * mib);
    early_arena_open(mib, 2 * mib);
    // What early boot asks for: many small things, a few aligned ones.
    Random random(1);
    for (int round = 0; round < 500; ++round) {
        auto* const bytes = static_cast<char*>(early_allocate(1 + random(200)).value());
        CHECK_EQUAL(reinterpret_cast<uptr>(bytes) % 8, 0u);
        CHECK_EQUAL(bytes[0], 0);
        bytes[0] = 1;
        if (round % 100 == 0)
            CHECK_EQUAL(reinterpret_cast<uptr>(early_allocate(4096, 4096).value()) % 4096, 0u);
    }
    auto const used = static_cast<double>(g_early_arena.position - g_early_arena.begin);
    auto const ratio = used / static_cast<double>(g_early_arena.requested);
    note("M1: arena / requested = %.3f", ratio);
    CHECK(ratio <= 1.3);
    CHECK(early_allocate(2 * mib).is_error());
    memory_initialize();
    malloc_initialize();
    CHECK(early_allocate(8).is_error());
    auto const account = memory_account();
    CHECK_EQUAL(account.of(PageKind::arena), (static_cast<u64>(used) + 4095) / 4096);
    CHECK_MEMORY();
}

namespace {

void check_account(u64 bytes)
{
    boot_memory(bytes);
    auto const account = memory_account();
    CHECK_EQUAL(account.ram * page_size, arch::g_ram_bytes);
    CHECK_EQUAL(account.ram,
        g_page_allocator.managed_pages + account.of(PageKind::reserved) + account.of(PageKind::image)
            + account.of(PageKind::arena) + account.of(PageKind::metadata));
    CHECK_EQUAL(account.of(PageKind::reserved), 2u); // the zero page and the trampoline
    CHECK_EQUAL(account.of(PageKind::image), 128u);
    CHECK(account.of(PageKind::metadata) * page_size <= g_pages.count * sizeof(Page) + page_size);
    // RAM below 1 MiB is used like any other.
    CHECK(g_pages.pages[0x9e].kind != PageKind::absent);
    CHECK(g_pages.pages[0x9f].kind == PageKind::absent);
    note("M3: all of %llu KiB, %llu in the page array", static_cast<unsigned long long>(account.ram * 4),
        static_cast<unsigned long long>(account.of(PageKind::metadata) * 4));
    CHECK_MEMORY();
}

} // namespace

TEST(every_page_of_8_mib_is_accounted_for) { check_account(8 * mib); }
TEST(every_page_of_512_mib_is_accounted_for) { check_account(512 * mib); }
TEST(every_page_of_5_gib_is_accounted_for) { check_account(5 * gib); }

TEST(ram_above_4_gib_is_used_and_the_hole_is_not)
{
    boot_memory(5 * gib);
    CHECK_EQUAL(g_pages.count, 6 * gib / page_size);
    CHECK(g_pages.pages[3 * gib / page_size].kind == PageKind::absent);
    std::vector<Page*> blocks;
    bool above = false;
    while (true) {
        auto block = allocate_pages(PageAllocator::order_count - 1, PageKind::kernel_data);
        if (block.is_error())
            break;
        CHECK_EQUAL(physical_address(*block.value()) % gib, 0u);
        above = above || physical_address(*block.value()) >= 4 * gib;
        blocks.push_back(block.value());
    }
    CHECK(above);
    CHECK(blocks.size() >= 3);
    for (auto* block : blocks)
        free_pages(*block);
    CHECK_MEMORY();
}

TEST(the_kernel_fits_in_8_mib)
{
    boot_memory(8 * mib);
    CHECK(g_page_allocator.free_pages * page_size > 7 * mib - 600 * kib);
    CHECK_MEMORY();
}

TEST(too_little_ram_is_told)
{
    set_ram({ { 0, 0x2000 }, { mib, mib + 0x1000 } });
    memory_declare(mib, mib + 0x1000, PageKind::image);
    memory_declare(0x1000, 0x2000, PageKind::reserved);
    CHECK_PANIC(memory_initialize(), "not enough RAM");
}

TEST(blocks_never_overlap_and_all_memory_comes_back)
{
    boot_memory(64 * mib);
    auto const at_start = g_page_allocator.free_pages;
    std::map<u64, u64> taken; // first frame -> pages
    Random random(7);
    for (int step = 0; step < 20'000; ++step) {
        if (random(100) < 55) {
            bool const run = random(2);
            auto const order = static_cast<u32>(random(8));
            auto const count = run ? 1 + random(200) : 1ull << order;
            auto const kind = random(2) ? PageKind::kernel_data : PageKind::file;
            auto block = run ? allocate_page_run(count, kind) : allocate_pages(order, kind);
            if (block.is_error())
                continue;
            auto const first = physical_address(*block.value()) / page_size;
            auto const after = taken.lower_bound(first);
            CHECK(after == taken.end() || after->first >= first + count);
            CHECK(after == taken.begin() || std::prev(after)->first + std::prev(after)->second <= first);
            taken[first] = count;
            CHECK(g_pages.pages[first].is_head && g_pages.pages[first + count - 1].kind == kind);
        } else if (!taken.empty()) {
            auto victim = taken.lower_bound(random(g_pages.count));
            if (victim == taken.end())
                victim = taken.begin();
            free_page_run(g_pages.pages[victim->first], victim->second);
            taken.erase(victim);
        }
        if (step % 1000 == 0)
            CHECK_MEMORY();
    }
    for (auto const& [first, count] : taken)
        free_page_run(g_pages.pages[first], count);
    CHECK_EQUAL(g_page_allocator.free_pages, at_start);
    CHECK_MEMORY();
    // Everything has joined again: the largest block is there.
    CHECK(!allocate_pages(12, PageKind::kernel_data).is_error());
}

TEST(exhaustion_is_an_error_and_ends_with_the_last_page)
{
    boot_memory(8 * mib);
    std::vector<Page*> pages;
    auto const free_before = g_page_allocator.free_pages;
    while (true) {
        auto page = allocate_pages(0, PageKind::kernel_data);
        if (page.is_error()) {
            CHECK(page.error() == Error::no_memory);
            break;
        }
        pages.push_back(page.value());
    }
    CHECK_EQUAL(pages.size(), free_before);
    CHECK_EQUAL(g_page_allocator.free_pages, 0u);
    CHECK(allocate_page(PageKind::file).is_error());
    CHECK(malloc_allocate(1) == nullptr);
    CHECK(malloc_allocate(100'000) == nullptr);
    CHECK_MEMORY();
    for (auto* page : pages)
        free_pages(*page);
    CHECK_MEMORY();
    CHECK(malloc_allocate(100'000) != nullptr);
}

TEST(impossible_sizes_are_errors)
{
    boot_memory(64 * mib);
    CHECK(allocate_pages(PageAllocator::order_count, PageKind::file).is_error());
    CHECK(allocate_page_run(0, PageKind::file).is_error());
    CHECK(allocate_page_run(~0ull, PageKind::file).is_error());
    CHECK(malloc_allocate(~usize(0)) == nullptr);
    CHECK(malloc_allocate(~usize(0) - 4000) == nullptr);
    CHECK(malloc_allocate(usize(1) << 40) == nullptr);
    CHECK_MEMORY();
}

TEST(freeing_twice_is_told)
{
    boot_memory(64 * mib);
    Page& block = *allocate_pages(3, PageKind::kernel_data).value();
    CHECK_PANIC(free_pages((&block)[1]), "free_pages()");
    free_pages(block);
    CHECK_PANIC(free_pages(block), "free already");
    Page& page = *allocate_page(PageKind::file).value();
    free_page(page);
    CHECK_PANIC(free_page(page), "free already");
    CHECK_PANIC(free_page(g_pages.pages[0]), "not a single page in use");
    CHECK_MEMORY();
}
