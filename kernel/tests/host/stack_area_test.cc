// kernel sources: mm/*.cc
// Thread stacks: slots, guards, owners and reuse. What the MMU does with a guard is an image test.
#include "memory_fixture.hh"
#include "mm/stack_area.hh"

using namespace sprout;
using namespace host;

namespace {

Thread* thread(uptr number) { return reinterpret_cast<Thread*>(number * 0x100); }

Page& page_at(uptr address) { return page_of(arch::host_mapping(address)); }

void check_stack(ThreadStack const& stack, usize size, Thread* owner)
{
    CHECK_EQUAL(stack.size, size);
    for (uptr address = stack.base; address < stack.base + size; address += page_size) {
        CHECK(page_at(address).kind == PageKind::stack);
        CHECK(page_at(address).owner == owner);
        CHECK(!is_stack_guard(address));
    }
    CHECK_EQUAL(arch::host_mapping(stack.base - page_size), ~0ull);
    CHECK(is_stack_guard(stack.base - 1));
    CHECK(is_stack_guard(stack.base - page_size));
    CHECK(stack_owner(stack.base) == owner);
    CHECK(stack_owner(stack.base - 1) == owner);
}

} // namespace

TEST(each_stack_has_an_unmapped_page_below)
{
    boot_memory(64 * mib);
    for (usize pages = 1; pages <= StackArea::max_pages; ++pages)
        check_stack(stack_allocate(pages * page_size, thread(pages)).value(), pages * page_size, thread(pages));
    CHECK_EQUAL(g_stack_area.used, StackArea::max_pages);
    CHECK(stack_allocate(stack_slot_size, thread(1)).is_error());
    CHECK(stack_allocate(100, thread(1)).is_error());
    CHECK(stack_allocate(0, thread(1)).is_error());
    CHECK_MEMORY();
}

TEST(nothing_outside_the_used_slots_is_a_guard)
{
    boot_memory(64 * mib);
    auto const stack = stack_allocate(16 * kib, thread(1)).value();
    CHECK(!is_stack_guard(0));
    CHECK(!is_stack_guard(arch::stack_area_base - 1));
    CHECK(!is_stack_guard(stack.base + stack.size));
    CHECK(!is_stack_guard(~uptr(0)));
    CHECK(stack_owner(stack.base + stack.size) == nullptr);
}

TEST(freed_slots_serve_again_without_new_pages)
{
    boot_memory(64 * mib);
    auto const first = stack_allocate(16 * kib, thread(1)).value();
    auto const stack_pages = memory_account().of(PageKind::stack);
    stack_free(first);
    CHECK(page_at(first.base).owner == nullptr);
    CHECK(stack_owner(first.base) == nullptr);
    auto const second = stack_allocate(16 * kib, thread(2)).value();
    CHECK_EQUAL(second.base, first.base);
    check_stack(second, 16 * kib, thread(2));
    CHECK_EQUAL(memory_account().of(PageKind::stack), stack_pages);
    // A smaller stack takes another slot: its guard must be unmapped. A larger one may grow this slot.
    stack_free(second);
    check_stack(stack_allocate(8 * kib, thread(3)).value(), 8 * kib, thread(3));
    check_stack(stack_allocate(32 * kib, thread(4)).value(), 32 * kib, thread(4));
    CHECK_EQUAL(g_stack_area.slot_count, 2u);
    CHECK_MEMORY();
}

TEST(stacks_are_zero_when_they_are_handed_out)
{
    boot_memory(64 * mib);
    auto const stack = stack_allocate(16 * kib, thread(1)).value();
    auto const bytes = [&](usize index) -> u8& {
        auto const offset = index % page_size;
        return static_cast<u8*>(address_of(page_at(stack.base + index - offset)))[offset];
    };
    for (usize index = 0; index < stack.size; ++index)
        bytes(index) = 0xa5;
    stack_free(stack);
    CHECK_EQUAL(stack_allocate(16 * kib, thread(2)).value().base, stack.base);
    for (usize index = 0; index < stack.size; ++index)
        CHECK_EQUAL(bytes(index), 0);
}

TEST(ten_thousand_stacks)
{
    boot_memory(512 * mib);
    std::vector<ThreadStack> stacks;
    for (uptr index = 1; index <= 10'000; ++index)
        stacks.push_back(stack_allocate(8 * kib, thread(index)).value());
    CHECK_EQUAL(g_stack_area.used, 10'000u);
    CHECK(stack_owner(stacks[4999].base) == thread(5000));
    for (auto const& stack : stacks)
        stack_free(stack);
    CHECK_EQUAL(g_stack_area.used, 0u);
    CHECK_MEMORY();
}

TEST(running_out_of_memory_leaves_the_slot_usable)
{
    boot_memory(8 * mib);
    std::vector<ThreadStack> stacks;
    while (true) {
        auto stack = stack_allocate(60 * kib, thread(1));
        if (stack.is_error()) {
            CHECK(stack.error() == Error::no_memory);
            break;
        }
        stacks.push_back(stack.value());
    }
    CHECK(stacks.size() > 50);
    CHECK_EQUAL(g_stack_area.used, stacks.size());
    CHECK_MEMORY();
    stack_free(stacks.back());
    CHECK(!stack_allocate(60 * kib, thread(2)).is_error());
}

TEST(four_cpus_take_and_give_stacks)
{
    boot_memory(64 * mib, 4);
    on_each_cpu(4, [](u32 cpu) {
        Random random(cpu);
        std::vector<ThreadStack> stacks;
        for (int step = 0; step < 2000; ++step) {
            if (random(2)) {
                auto const size = (1 + random(4)) * page_size;
                stacks.push_back(stack_allocate(size, thread(cpu + 1)).value());
                CHECK(stack_owner(stacks.back().base) == thread(cpu + 1));
            } else if (!stacks.empty()) {
                stack_free(stacks.back());
                stacks.pop_back();
            }
        }
        for (auto const& stack : stacks)
            stack_free(stack);
    });
    CHECK_EQUAL(g_stack_area.used, 0u);
    CHECK_MEMORY();
}
