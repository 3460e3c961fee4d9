// Memory on real page tables and real CPUs: accounting, stress with frees on other CPUs and in interrupts, observers,
// exhaustion.
#include "core/program.hh"
#include "mm/allocation_tracking.hh"
#include "mm/early_arena.hh"
#include "mm/malloc_pool.hh"
#include "mm/page_allocator.hh"
#include "mm/page_pool.hh"
#include "mm/stack_area.hh"
#include "mm/verify.hh"
#include "tests/image/threads.hh"
#include <cstring>
#include <new>

namespace sprout::test {

namespace {

void check_memory()
{
    MemoryFault fault;
    if (!memory_verify(fault))
        panic("memory: %s", fault.text);
}

// What is in use of each class, and of large blocks and stacks.
struct Usage {
    u64 live[malloc_class_count];
    u64 large;

    Usage()
        : large(g_large_allocations.count)
    {
        for (usize index = 0; index < malloc_class_count; ++index)
            live[index] = malloc_live_objects(index);
    }
    void check_equals(Usage const& other) const
    {
        for (usize index = 0; index < malloc_class_count; ++index)
            CHECK_EQUAL(live[index], other.live[index]);
        CHECK_EQUAL(large, other.large);
    }
};

void all_ram_is_accounted_for()
{
    auto const account = memory_account();
    CHECK_EQUAL(account.ram * page_size, arch::g_ram_bytes);
    CHECK(account.of(PageKind::reserved) >= 1 && account.of(PageKind::reserved) <= 4);
    CHECK(account.of(PageKind::image) > 0);
    CHECK(page_of(PhysicalAddress(0)).kind == PageKind::reserved);
    CHECK(page_of(reinterpret_cast<void const*>(&all_ram_is_accounted_for)).kind == PageKind::image);
    CHECK(page_of(&g_page_allocator).kind == PageKind::image);
    check_memory();
    for (usize index = 0; index < page_kind_count; ++index)
        if (account.pages[index] && index > 0)
            print("  %s: %lu KiB\n", page_kind_name(static_cast<PageKind>(index)), account.pages[index] * 4);
}

void arena_wastes_little()
{
    auto const used = g_early_arena.position - g_early_arena.begin;
    print("  arena: %lu bytes for %lu requested\n", used, g_early_arena.requested);
    CHECK(g_early_arena.closed);
    CHECK(used * 10 <= g_early_arena.requested * 13);
}

// All RAM that can be had can be written, above 4 GiB too, and no two pages are the same memory. Of much RAM only a
// page in each 64 MiB is touched: the host has to find it.
void all_free_ram_is_memory()
{
    bool const is_much = arch::g_ram_bytes > 1ull << 30;
    u32 const order = is_much ? 9 : 0;
    auto const is_touched = [=](Page const& page) { return !is_much || physical_address(page) % (64u << 20) == 0; };
    Page* taken = nullptr; // linked through `owner`
    u64 count = 0;
    u64 above = 0;
    while (true) {
        auto block = allocate_pages(order, PageKind::kernel_data, taken);
        if (block.is_error())
            break;
        taken = block.value();
        if (is_touched(*taken))
            *static_cast<u64*>(address_of(*taken)) = physical_address(*taken);
        above += physical_address(*taken) >= 1ull << 32;
        ++count;
    }
    CHECK(malloc_allocate(page_size << order) == nullptr);
    check_memory();
    while (taken) {
        if (is_touched(*taken))
            CHECK_EQUAL(*static_cast<u64*>(address_of(*taken)), physical_address(*taken));
        auto* const next = static_cast<Page*>(taken->owner);
        free_pages(*taken);
        taken = next;
    }
    print("  %lu blocks of %lu KiB, %lu of them above 4 GiB\n", count, 4ul << order, above);
    CHECK((count << order) * page_size > arch::g_ram_bytes / 10 * 8);
    CHECK(arch::g_ram_bytes <= 4ull << 30 || above > 0);
    check_memory();
}

constexpr usize exchange_slots = 256;

struct Exchange {
    std::atomic<u8*> slots[exchange_slots] = {};
    std::atomic<u64> foreign = 0; // blocks freed by another thread than their allocator
    std::atomic<u64> refused = 0;
    std::atomic<u32> next_thread = 1;
    u32 rounds = 0;
    std::atomic<bool> go = false; // all threads exist: from here on memory may run out
};

// A block begins with its size and its thread; the rest is a pattern of both.
struct BlockHeader {
    u32 size;
    u32 thread;
};

u8 pattern_of(BlockHeader const& header, u32 index)
{
    return static_cast<u8>(header.size + header.thread * 31 + index);
}

void fill(u8* block, u32 size, u32 thread)
{
    BlockHeader const header { size, thread };
    memcpy(block, &header, sizeof header);
    for (u32 index = sizeof header; index < size; ++index)
        block[index] = pattern_of(header, index);
}

u32 check_block(u8 const* block)
{
    BlockHeader header;
    memcpy(&header, block, sizeof header);
    for (u32 index = sizeof header; index < header.size; ++index)
        if (block[index] != pattern_of(header, index))
            panic(
                "block %p of %u bytes from thread %u is damaged at byte %u", block, header.size, header.thread, index);
    return header.thread;
}

u32 random_size(u32& seed)
{
    auto const choice = next_random(seed) % 100;
    auto const limit = choice < 70 ? 128u : choice < 98 ? 4096u : 30'000u;
    return 8 + next_random(seed) % (limit - 7);
}

// Puts what it allocates into a slot that all threads share, and frees what it finds there.
void exchange_blocks(void* argument)
{
    auto& exchange = *static_cast<Exchange*>(argument);
    auto const self = exchange.next_thread++;
    u32 seed = self * 7919;
    while (!exchange.go)
        thread_yield();
    for (u32 round = 0; round < exchange.rounds; ++round) {
        auto const size = random_size(seed);
        auto* const block = static_cast<u8*>(malloc_allocate(size));
        if (block)
            fill(block, size, self);
        else
            ++exchange.refused;
        auto* const found = exchange.slots[next_random(seed) % exchange_slots].exchange(block);
        if (!found)
            continue;
        exchange.foreign += check_block(found) != self;
        malloc_free(found);
    }
}

void free_all(Exchange& exchange)
{
    for (auto& slot : exchange.slots) {
        if (auto* const block = slot.exchange(nullptr)) {
            check_block(block);
            malloc_free(block);
        }
    }
}

// Runs in interrupt context: one block is always on its way.
struct InterruptUser {
    void* block = nullptr;
    u32 seed = 4711;
    u64 runs = 0;
};

void allocate_in_interrupt(Timer& timer)
{
    auto& user = *static_cast<InterruptUser*>(timer.argument);
    malloc_free(user.block);
    user.block = malloc_allocate(random_size(user.seed));
    ++user.runs;
}

void run_exchange(Exchange& exchange, u32 rounds)
{
    exchange.rounds = rounds;
    exchange.go = false;
    Thread* threads[2 * max_cpus];
    auto const count = 2 * arch::g_cpu_count;
    for (u32 index = 0; index < count; ++index)
        threads[index] = &start("exchange", exchange_blocks, &exchange, index % arch::g_cpu_count);
    exchange.go = true;
    for (int round = 0; round < 10; ++round) {
        check_memory();
        thread_sleep(millisecond);
    }
    for (u32 index = 0; index < count; ++index)
        thread_join(*threads[index]);
}

Exchange s_exchange;

void blocks_survive_threads_cpus_and_interrupts()
{
    Usage const before;
    InterruptUser user;
    Timer timer;
    timer.name = "allocates";
    timer.callback = allocate_in_interrupt;
    timer.argument = &user;
    timer_start(timer, now() + millisecond, millisecond / 2);
    run_exchange(s_exchange, 40'000 / arch::g_cpu_count);
    wait_until("an interrupt that allocates", [&] { return user.runs > 0; });
    timer_cancel(timer);
    malloc_free(user.block);
    print("  %lu blocks freed by others, %lu interrupts\n", s_exchange.foreign.load(), user.runs);
    CHECK(s_exchange.foreign > 1000);
    CHECK_EQUAL(s_exchange.refused, 0);
    free_all(s_exchange);
    check_memory();
    Usage().check_equals(before);
}

Page* take_all_pages()
{
    Page* taken = nullptr; // linked through `owner`
    while (true) {
        auto page = allocate_pages(0, PageKind::kernel_data, taken);
        if (page.is_error())
            return taken;
        taken = page.value();
    }
}

// Up to `count` pages, all by default.
Page* give_pages(Page* taken, u64 count = ~0ull)
{
    while (taken && count-- > 0) {
        auto* const next = static_cast<Page*>(taken->owner);
        free_pages(*taken);
        taken = next;
    }
    return taken;
}

// The same with hardly any RAM left: allocation fails now and then, and nothing breaks.
void exhaustion_harms_nobody()
{
    Usage const before;
    auto* taken = take_all_pages();
    taken = give_pages(taken, 24 + 6 * 2 * arch::g_cpu_count); // the threads of the exchange need stacks
    auto const refused_before = s_exchange.refused.load();
    run_exchange(s_exchange, 3'000);
    auto const refused = s_exchange.refused.load() - refused_before;
    print("  %lu allocations refused\n", refused);
    CHECK(refused > 0);
    free_all(s_exchange);
    give_pages(taken);
    check_memory();
    Usage().check_equals(before);
}

struct Observed {
    std::atomic<i64> live[malloc_class_count + 1];
    std::atomic<u32> open[max_cpus];
};
Observed s_observed;

MallocObserver const s_observer {
    .begin = [](u32 cpu) { CHECK_EQUAL(s_observed.open[cpu]++, 0); },
    .allocated = [](u32, usize size_class, void*) { ++s_observed.live[size_class]; },
    .freed = [](u32, usize size_class, void*) { --s_observed.live[size_class]; },
    .end = [](u32 cpu) { CHECK_EQUAL(--s_observed.open[cpu], 0); },
};

void observer_counts_what_the_pools_count()
{
    Usage const before;
    g_malloc_observer = &s_observer;
    run_exchange(s_exchange, 3'000);
    g_malloc_observer = nullptr;
    Usage const after;
    for (usize index = 0; index < malloc_class_count; ++index)
        CHECK_EQUAL(after.live[index] - before.live[index], s_observed.live[index].load());
    CHECK_EQUAL(after.large - before.large, s_observed.live[malloc_class_count].load());
    free_all(s_exchange);
    Usage().check_equals(before);
}

void work_a_little(void* argument)
{
    *static_cast<uptr*>(argument) = reinterpret_cast<uptr>(__builtin_frame_address(0));
}

void stacks_have_owners_and_guards()
{
    auto const pages_before = memory_account().of(PageKind::stack);
    for (int round = 0; round < 100; ++round) {
        uptr inside = 0;
        auto& thread = start("worker", work_a_little, &inside);
        auto const stack = thread.stack;
        thread_join(thread);
        CHECK(inside >= stack.base && inside < stack.base + stack.size);
        CHECK(is_stack_guard(stack.base - 1) && is_stack_guard(stack.base - page_size));
        CHECK(!is_stack_guard(stack.base));
    }
    // A hundred threads one after the other need one stack, or two where the last one is not off its stack yet.
    CHECK(memory_account().of(PageKind::stack) <= pages_before + 2 * ThreadOptions().stack_size / page_size);
    check_memory();
}

[[gnu::noinline]] void* allocate_tracked()
{
    auto* const block = malloc_allocate(1234);
    asm volatile("" ::: "memory"); // not a tail call
    return block;
}

// Only with --track-allocations.
void tracking_names_the_callers()
{
    auto& tracking = g_allocation_tracking;
    if (!tracking.enabled) {
        print("  tracking is off\n");
        return;
    }
    auto* const block = allocate_tracked();
    bool found = false;
    for (u64 index = 0; index < tracking.capacity; ++index) {
        auto const& record = tracking.records[index];
        if (record.address != block)
            continue;
        found = true;
        CHECK_EQUAL(record.requested, 1234);
        CHECK_EQUAL(record.thread, current_thread().id);
        CHECK(record.time > 0 && record.time <= now());
        auto const function = reinterpret_cast<u64>(&allocate_tracked);
        auto const caller = reinterpret_cast<u64>(&tracking_names_the_callers);
        CHECK(record.callers[0] > function && record.callers[0] < function + 256);
        CHECK(record.callers[1] > caller && record.callers[1] < caller + 4096);
        CHECK(record.callers[2] != 0);
    }
    CHECK(found);
    auto const count = tracking.count;
    malloc_free(block);
    CHECK(tracking.count < count);
}

struct alignas(16) Sixteen {
    u8 bytes[48];
};
struct alignas(64) CacheLine {
    u8 bytes[192];
};
struct alignas(4096) PageSized {
    u8 bytes[3 * 4096];
};

template<typename T> void check_new()
{
    auto* const one = new (std::nothrow) T;
    auto* const several = new (std::nothrow) T[3];
    CHECK(one && several);
    CHECK_EQUAL(reinterpret_cast<uptr>(one) % alignof(T), 0);
    CHECK_EQUAL(reinterpret_cast<uptr>(several) % alignof(T), 0);
    memset(static_cast<void*>(one), 0x11, sizeof(T));
    memset(static_cast<void*>(several), 0x22, 3 * sizeof(T));
    CHECK(malloc_usable_size(one) >= sizeof(T) && malloc_usable_size(several) >= 3 * sizeof(T));
    delete one;
    delete[] several;
}

void new_aligns_every_type()
{
    Usage const before;
    check_new<u8>();
    check_new<u64>();
    check_new<Sixteen>();
    check_new<CacheLine>();
    check_new<PageSized>();
    Usage().check_equals(before);
    check_memory();
}

int memory_main(int argument_count, char const* const* arguments)
{
    static constexpr Case cases[] = {
        { "accounting", all_ram_is_accounted_for },
        { "arena", arena_wastes_little },
        { "all-ram", all_free_ram_is_memory },
        { "new", new_aligns_every_type },
        { "stacks", stacks_have_owners_and_guards },
        { "exchange", blocks_survive_threads_cpus_and_interrupts },
        { "observer", observer_counts_what_the_pools_count },
        { "exhaustion", exhaustion_harms_nobody },
        { "tracking", tracking_names_the_callers },
    };
    return run_cases(cases, argument_count, arguments);
}

} // namespace

SPROUT_PROGRAM(s_memory, "test-memory", "pools, pages, stacks and their accounts", memory_main);

} // namespace sprout::test
