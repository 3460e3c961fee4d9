#include "mm/verify.hh"
#include "core/print.hh"
#include "mm/malloc_internal.hh"
#include "mm/page_allocator_internal.hh"
#include "mm/page_pool.hh"
#include "mm/slab.hh"

namespace sprout {

namespace {

using Number = unsigned long long;

Spinlock s_verify_lock;

// Calls `function` with each lock of mm/, in the order in which mm/ nests them.
template<typename Function> void for_each_lock(Function function)
{
    for (auto& pool : g_malloc_pools)
        for (auto& local : pool.cpus)
            function(local.lock);
    function(g_large_allocations.lock);
    for (auto& slot : g_page_pools.slots)
        function(slot.value.lock);
    function(g_global_page_pool.lock);
    function(g_page_allocator.lock);
}

#define FAIL_UNLESS(condition, ...)                                                                                    \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            format_string(fault.text, sizeof fault.text, __VA_ARGS__);                                                 \
            return false;                                                                                              \
        }                                                                                                              \
    } while (false)

Number frame_of(Page const& page) { return static_cast<Number>(&page - g_pages.pages); }

bool verify_free_block(Page const& head, u32 order, MemoryFault& fault)
{
    auto const frame = frame_of(head);
    auto const size = 1ull << order;
    FAIL_UNLESS(
        head.is_head && head.order == order, "free block at frame %llu is not the head of order %u", frame, order);
    FAIL_UNLESS(frame % size == 0 && frame + size <= g_pages.count, "free block at frame %llu of order %u is misplaced",
        frame, order);
    for (u64 index = 0; index < size; ++index) {
        auto const& page = (&head)[index];
        FAIL_UNLESS(page.kind == PageKind::free && page.is_head == (index == 0) && !page.owner,
            "frame %llu in the free block at %llu is %s", frame + index, frame, page_kind_name(page.kind));
    }
    auto const buddy = frame ^ size;
    if (order + 1 < PageAllocator::order_count && buddy + size <= g_pages.count) {
        auto const& other = g_pages.pages[buddy];
        FAIL_UNLESS(!(page_kind(other) == PageKind::free && other.is_head && other.order == order),
            "free buddies at frames %llu and %llu of order %u are apart", frame, static_cast<Number>(buddy), order);
    }
    return true;
}

bool verify_page_allocator(MemoryFault& fault)
{
    auto& allocator = g_page_allocator;
    u64 pages = 0;
    for (u32 order = 0; order < PageAllocator::order_count; ++order) {
        u64 blocks = 0;
        for (Page& head : allocator.free[order]) {
            if (!verify_free_block(head, order, fault))
                return false;
            ++blocks;
        }
        FAIL_UNLESS(blocks == allocator.free_blocks[order], "order %u lists %llu free blocks and counts %llu", order,
            static_cast<Number>(blocks), static_cast<Number>(allocator.free_blocks[order]));
        pages += blocks << order;
    }
    FAIL_UNLESS(pages == allocator.free_pages, "free lists hold %llu pages and the count says %llu",
        static_cast<Number>(pages), static_cast<Number>(allocator.free_pages));
    return true;
}

template<typename Pool> bool verify_page_pool(Pool& pool, u32 cpu, MemoryFault& fault)
{
    u64 count = 0;
    for (Page& page : pool.pages) {
        FAIL_UNLESS(page.kind == PageKind::cached && page.cpu == cpu, "frame %llu in page pool %u is %s of CPU %u",
            frame_of(page), cpu, page_kind_name(page.kind), page.cpu);
        ++count;
    }
    FAIL_UNLESS(count == pool.count, "page pool %u lists %llu pages and counts %u", cpu, static_cast<Number>(count),
        pool.count);
    return true;
}

bool verify_page_pools(u64 cached, MemoryFault& fault)
{
    u64 sum = g_global_page_pool.count;
    for (u32 cpu = 0; cpu < max_cpus; ++cpu) {
        if (!verify_page_pool(g_page_pools.on(cpu), cpu, fault))
            return false;
        sum += g_page_pools.on(cpu).count;
    }
    if (!verify_page_pool(g_global_page_pool, cached_in_l2, fault))
        return false;
    FAIL_UNLESS(sum == cached, "page pools hold %llu pages and %llu are of kind cached", static_cast<Number>(sum),
        static_cast<Number>(cached));
    return true;
}

bool verify_slab(Page const& head, MallocPool& pool, u32 cpu, bool in_full, MemoryFault& fault)
{
    auto const frame = frame_of(head);
    for (u32 index = 0; index < 1u << pool.slab_order; ++index) {
        auto const& page = (&head)[index];
        FAIL_UNLESS(page.kind == PageKind::pool && page.owner == &pool && page.cpu == cpu
                && page.index_in_block == index && page.is_head == (index == 0),
            "frame %llu, page %u of a slab of %u bytes on CPU %u, is %s", frame + index, index, pool.object_size, cpu,
            page_kind_name(page.kind));
    }
    FAIL_UNLESS(head.capacity == pool.objects_per_slab && head.live_objects <= head.capacity,
        "slab at frame %llu has %u of %u objects", frame, head.live_objects, head.capacity);
    FAIL_UNLESS((head.live_objects == head.capacity) == in_full, "slab at frame %llu with %u of %u objects is in %s",
        frame, head.live_objects, head.capacity, in_full ? "full" : "partial");
    u32 free_objects = 0;
    for (auto* object = head.free_objects; object; object = *static_cast<void**>(object)) {
        auto const offset = reinterpret_cast<uptr>(object) - reinterpret_cast<uptr>(address_of(head));
        FAIL_UNLESS(offset % pool.object_size == 0 && offset / pool.object_size < head.capacity
                && ++free_objects <= head.capacity,
            "free list of the slab at frame %llu is damaged", frame);
    }
    FAIL_UNLESS(free_objects + head.live_objects == head.capacity, "slab at frame %llu: %u free and %u live of %u",
        frame, free_objects, head.live_objects, head.capacity);
    return true;
}

struct PoolSums {
    u64 slabs = 0;
    u64 empty = 0;
    u64 live = 0;
};

template<typename SlabList>
bool verify_slabs(SlabList& list, MallocPool& pool, u32 cpu, bool full, PoolSums& sums, MemoryFault& fault)
{
    for (Page& head : list) {
        if (!verify_slab(head, pool, cpu, full, fault))
            return false;
        ++sums.slabs;
        sums.empty += head.live_objects == 0;
        sums.live += head.live_objects;
    }
    return true;
}

bool verify_pool_cpu(MallocPool& pool, u32 cpu, MemoryFault& fault)
{
    auto& local = pool.cpus[cpu];
    PoolSums sums;
    if (!verify_slabs(local.partial, pool, cpu, false, sums, fault)
        || !verify_slabs(local.full, pool, cpu, true, sums, fault))
        return false;
    FAIL_UNLESS(sums.slabs == local.slabs && sums.empty == local.empty_slabs && sums.live == local.live_objects,
        "pool of %u bytes on CPU %u: %llu slabs, %llu empty, %llu live, counted as %u, %u, %llu", pool.object_size, cpu,
        static_cast<Number>(sums.slabs), static_cast<Number>(sums.empty), static_cast<Number>(sums.live), local.slabs,
        local.empty_slabs, static_cast<Number>(local.live_objects));
    FAIL_UNLESS(
        local.allocations - local.frees == local.live_objects && local.remote_count.load() <= local.live_objects,
        "pool of %u bytes on CPU %u: %llu live, but %llu allocations, %llu frees, %llu remote", pool.object_size, cpu,
        static_cast<Number>(local.live_objects), static_cast<Number>(local.allocations),
        static_cast<Number>(local.frees), static_cast<Number>(local.remote_count.load()));
    return true;
}

bool verify_pools(u64 pool_pages, MemoryFault& fault)
{
    u64 pages = 0;
    for (auto& pool : g_malloc_pools) {
        for (u32 cpu = 0; cpu < max_cpus; ++cpu) {
            if (!verify_pool_cpu(pool, cpu, fault))
                return false;
            pages += static_cast<u64>(pool.cpus[cpu].slabs) << pool.slab_order;
        }
    }
    FAIL_UNLESS(pages == pool_pages, "slabs have %llu pages and %llu are of kind pool", static_cast<Number>(pages),
        static_cast<Number>(pool_pages));
    return true;
}

bool verify_large(MemoryFault& fault)
{
    u64 count = 0;
    u64 pages = 0;
    for (auto& record : g_large_allocations.list) {
        for (u64 index = 0; index < record.pages; ++index)
            FAIL_UNLESS(record.head[index].kind == PageKind::large && record.head[index].owner == &record,
                "frame %llu of a large block is %s", frame_of(record.head[index]),
                page_kind_name(record.head[index].kind));
        ++count;
        pages += record.pages;
    }
    FAIL_UNLESS(count == g_large_allocations.count && pages == g_large_allocations.pages,
        "%llu large blocks of %llu pages, counted as %llu of %llu", static_cast<Number>(count),
        static_cast<Number>(pages), static_cast<Number>(g_large_allocations.count),
        static_cast<Number>(g_large_allocations.pages));
    return true;
}

bool verify_sums(MemoryAccount const& account, MemoryFault& fault)
{
    auto const managed = g_page_allocator.managed_pages;
    FAIL_UNLESS(account.of(PageKind::free) == g_page_allocator.free_pages,
        "%llu pages are of kind free, %llu are counted", static_cast<Number>(account.of(PageKind::free)),
        static_cast<Number>(g_page_allocator.free_pages));
    FAIL_UNLESS(account.of(PageKind::free) + account.of(PageKind::cached) + account.in_use() == managed,
        "%llu free + %llu cached + %llu in use are not %llu managed pages",
        static_cast<Number>(account.of(PageKind::free)), static_cast<Number>(account.of(PageKind::cached)),
        static_cast<Number>(account.in_use()), static_cast<Number>(managed));
    FAIL_UNLESS(account.ram == arch::g_ram_bytes / page_size, "%llu pages have a kind, boot told of %llu",
        static_cast<Number>(account.ram), static_cast<Number>(arch::g_ram_bytes / page_size));
    return true;
}

bool verify_all(MemoryFault& fault)
{
    auto const account = memory_account();
    return verify_page_allocator(fault) && verify_page_pools(account.of(PageKind::cached), fault)
        && verify_pools(account.of(PageKind::pool), fault) && verify_large(fault) && verify_sums(account, fault);
}

} // namespace

u64 MemoryAccount::in_use() const
{
    return of(PageKind::pool) + of(PageKind::large) + of(PageKind::stack) + of(PageKind::page_table)
        + of(PageKind::file) + of(PageKind::kernel_data);
}

MemoryAccount memory_account()
{
    MemoryAccount account;
    for (u64 index = 0; index < g_pages.count; ++index) {
        auto const kind = page_kind(g_pages.pages[index]);
        ++account.pages[static_cast<usize>(kind)];
        account.ram += kind != PageKind::absent;
    }
    return account;
}

bool memory_verify(MemoryFault& fault)
{
    SpinlockGuard guard(s_verify_lock);
    for_each_lock([](Spinlock& lock) { lock.lock(); });
    bool const good = verify_all(fault);
    for_each_lock([](Spinlock& lock) { lock.unlock(); });
    return good;
}

} // namespace sprout
