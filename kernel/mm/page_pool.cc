#include "mm/page_pool.hh"
#include "core/panic.hh"
#include "mm/interrupt_guard.hh"
#include "mm/page_allocator_internal.hh"

namespace sprout {

constinit PerCpu<PagePoolL1> g_page_pools;
constinit PagePoolL2 g_global_page_pool;

namespace {

void set_cached(Page& page, u8 cpu)
{
    page_claim(page, PageKind::cached, nullptr);
    page.cpu = cpu;
    page.is_head = false;
}

// Where a refill or a return leaves a pool: half way between its marks, so that neither follows at once.
template<typename Pool> u32 middle(Pool const& pool) { return (pool.low_mark + pool.high_mark) / 2; }

// Under the L2's lock.
void refill_l2(PagePoolL2& global, u32 target)
{
    ++global.refills;
    page_allocator_take(target - global.count, [&](Page& page) {
        set_cached(page, cached_in_l2);
        global.pages.push_back(page);
        ++global.count;
    });
}

// Under the L1's lock.
void refill_l1(PagePoolL1& pool, u8 cpu)
{
    auto const target = middle(pool) > 0 ? middle(pool) : 1;
    auto& global = g_global_page_pool;
    SpinlockGuard guard(global.lock);
    ++pool.refills;
    auto const wanted = target - pool.count;
    if (global.count < wanted + global.low_mark)
        refill_l2(global, wanted + middle(global));
    while (pool.count < target && global.count > 0) {
        Page& page = *global.pages.pop_front();
        --global.count;
        page.cpu = cpu;
        pool.pages.push_back(page);
        ++pool.count;
    }
}

// Under the L2's lock.
void shrink_l2(PagePoolL2& global, u32 target)
{
    ++global.returns;
    while (global.count > target) {
        Page& page = *global.pages.last();
        global.pages.remove(page);
        --global.count;
        page_allocator_return(page);
    }
}

// Under the L1's lock. The pages freed longest ago go first.
void shrink_l1(PagePoolL1& pool, u32 target)
{
    auto& global = g_global_page_pool;
    SpinlockGuard guard(global.lock);
    ++pool.returns;
    while (pool.count > target) {
        Page& page = *pool.pages.last();
        pool.pages.remove(page);
        --pool.count;
        page.cpu = cached_in_l2;
        global.pages.push_front(page);
        ++global.count;
    }
    if (global.count > global.high_mark)
        shrink_l2(global, middle(global));
}

Page* take_page(PageKind kind, void* owner)
{
    InterruptGuard stay;
    auto& pool = g_page_pools.local();
    SpinlockGuard guard(pool.lock);
    if (pool.count == 0 || pool.count < pool.low_mark)
        refill_l1(pool, static_cast<u8>(arch::cpu_index()));
    Page* page = pool.pages.pop_front();
    if (!page)
        return nullptr;
    --pool.count;
    page_claim(*page, kind, owner);
    return page;
}

u32 clamp(u64 value, u32 low, u32 high) { return value < low ? low : value > high ? high : static_cast<u32>(value); }

} // namespace

void page_pools_initialize() { page_pools_resize(1); }

void page_pools_resize(u32 cpus)
{
    ASSERT(cpus >= 1 && cpus <= max_cpus);
    auto const high = clamp(arch::g_ram_bytes / page_size / 256 / cpus, 4, 512);
    for (u32 cpu = 0; cpu < max_cpus; ++cpu) {
        auto& pool = g_page_pools.on(cpu);
        SpinlockGuard guard(pool.lock);
        pool.high_mark = cpu < cpus ? high : 0;
        pool.low_mark = cpu < cpus ? high / 4 : 0;
        if (pool.count > pool.high_mark)
            shrink_l1(pool, middle(pool));
    }
    auto& global = g_global_page_pool;
    SpinlockGuard guard(global.lock);
    global.high_mark = high * cpus;
    global.low_mark = high * cpus / 4;
    if (global.count > global.high_mark)
        shrink_l2(global, middle(global));
}

Result<Page*> allocate_page(PageKind kind, void* owner)
{
    if (Page* page = take_page(kind, owner))
        return page;
    memory_reclaim();
    if (Page* page = take_page(kind, owner))
        return page;
    return Error::no_memory;
}

void free_page(Page& page)
{
    if (page.kind <= PageKind::metadata || page.kind == PageKind::free || page.kind == PageKind::cached || !page.is_head
        || page.order != 0)
        panic("free_page() of page 0x%llx, which is %s", static_cast<unsigned long long>(physical_address(page)),
            page.kind == PageKind::free || page.kind == PageKind::cached ? "free already" : "not a single page in use");
    InterruptGuard stay;
    auto& pool = g_page_pools.local();
    SpinlockGuard guard(pool.lock);
    set_cached(page, static_cast<u8>(arch::cpu_index()));
    pool.pages.push_front(page);
    ++pool.count;
    if (pool.count > pool.high_mark)
        shrink_l1(pool, middle(pool));
}

void page_pools_drain()
{
    for (u32 cpu = 0; cpu < max_cpus; ++cpu) {
        auto& pool = g_page_pools.on(cpu);
        SpinlockGuard guard(pool.lock);
        if (pool.count > 0)
            shrink_l1(pool, 0);
    }
    auto& global = g_global_page_pool;
    SpinlockGuard guard(global.lock);
    if (global.count > 0)
        shrink_l2(global, 0);
}

} // namespace sprout
