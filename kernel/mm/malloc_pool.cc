#include "core/panic.hh"
#include "mm/page_allocator_internal.hh"
#include "mm/page_pool.hh"
#include "mm/slab.hh"
#include <new>

namespace sprout {

// gcc 12 leaves the self-pointers of lists in an array of objects zero, constinit or not: malloc_initialize()
// constructs them.
constinit MallocPool g_malloc_pools[malloc_class_count];

namespace {

char const* const s_slab_owner = "slab";

// The smallest slab whose end is wasted by at most an eighth: 1,500 B in two pages lose 8 %, and most classes fit one
// page.
u8 slab_order_for(u16 object_size)
{
    u8 order = 0;
    while ((page_size << order) % object_size > (page_size << order) / 8)
        ++order;
    return order;
}

Result<Page*> allocate_slab_pages(MallocPool const& pool)
{
    auto* const owner = const_cast<char*>(s_slab_owner);
    return pool.slab_order == 0 ? allocate_page(PageKind::kernel_data, owner)
                                : allocate_pages(pool.slab_order, PageKind::kernel_data, owner);
}

// Under the lock: takes the slab out of the pool. Its pages go to the page pool, whose lock ranks below.
void release_slab(MallocPool& pool, MallocPoolCpu& local, Page& head)
{
    local.partial.remove(head);
    --local.slabs;
    --local.empty_slabs;
    slab_dissolve(head, pool);
    if (pool.slab_order == 0)
        free_page(head);
    else
        free_pages(head);
}

usize class_of(MallocPool const& pool) { return static_cast<usize>(&pool - g_malloc_pools); }

// The counts change inside an ObserverScope each, which is short: whoever compares them with what the observer counted
// has to leave out what he finds inside one. Under the lock, but for count_remote_free().
void count_allocation(MallocPool const& pool, MallocPoolCpu& local, void* object)
{
    ObserverScope scope;
    ++local.live_objects;
    ++local.allocations;
    scope.allocated(class_of(pool), object);
}

void count_free(MallocPool const& pool, MallocPoolCpu& local, void* object)
{
    ObserverScope scope;
    --local.live_objects;
    ++local.frees;
    scope.freed(class_of(pool), object);
}

void count_remote_free(MallocPool const& pool, MallocPoolCpu& local, void* object)
{
    ObserverScope scope;
    local.remote_count.fetch_add(1, std::memory_order_relaxed);
    scope.freed(class_of(pool), object);
}

// The observer was told by count_remote_free().
void count_drained(MallocPoolCpu& local)
{
    ObserverScope scope;
    --local.live_objects;
    ++local.frees;
    local.remote_count.fetch_sub(1, std::memory_order_relaxed);
}

// Under the lock: the object goes back to its slab, the slab to the list where it now belongs.
void put_object(MallocPool& pool, MallocPoolCpu& local, Page& head, void* object)
{
    bool const was_full = head.live_objects == head.capacity;
    slab_put(head, object);
    if (was_full) {
        local.full.remove(head);
        local.partial.push_front(head);
    }
    if (head.live_objects > 0)
        return;
    local.partial.remove(head);
    local.partial.push_back(head);
    if (++local.empty_slabs > max_empty_slabs)
        release_slab(pool, local, head);
}

// Under the lock.
void drain_remote_frees(MallocPool& pool, MallocPoolCpu& local)
{
    if (!local.remote_free.load(std::memory_order_relaxed))
        return;
    auto* object = local.remote_free.exchange(nullptr, std::memory_order_acquire);
    while (object) {
        auto* const next = *static_cast<void**>(object);
        count_drained(local);
        put_object(pool, local, slab_head(page_of(object)), object);
        object = next;
    }
}

// Under the lock; null when no slab has a free object.
void* take_object(MallocPool& pool, MallocPoolCpu& local)
{
    // Late frees make whole slabs wait: drain before the list is empty, once a slab's worth has gathered.
    if (local.partial.is_empty() || local.remote_count.load(std::memory_order_relaxed) >= pool.objects_per_slab)
        drain_remote_frees(pool, local);
    Page* head = local.partial.first();
    if (!head)
        return nullptr;
    if (head->live_objects == 0)
        --local.empty_slabs;
    void* object = slab_take(*head, pool);
    count_allocation(pool, local, object);
    if (head->live_objects == head->capacity) {
        local.partial.remove(*head);
        local.full.push_back(*head);
    }
    return object;
}

void add_slab(MallocPool& pool, MallocPoolCpu& local, Page& head, u32 cpu)
{
    slab_build(head, pool, cpu);
    local.partial.push_back(head);
    ++local.slabs;
    ++local.empty_slabs;
}

} // namespace

void malloc_initialize()
{
    for (usize index = 0; index < malloc_class_count; ++index) {
        auto& pool = *new (&g_malloc_pools[index]) MallocPool;
        pool.object_size = malloc_class_sizes[index];
        pool.slab_order = slab_order_for(pool.object_size);
        pool.objects_per_slab = static_cast<u16>((page_size << pool.slab_order) / pool.object_size);
    }
}

usize malloc_size_class(usize bytes)
{
    if (bytes <= 64)
        return bytes == 0 ? 0 : (bytes - 1) / 8;
    if (bytes > malloc_class_sizes[malloc_class_count - 1])
        return malloc_class_count;
    // Four classes for each doubling: the two bits below the highest tell which.
    auto const highest = 63 - static_cast<u32>(__builtin_clzll(bytes - 1));
    return 8 + (highest - 6) * 4 + ((bytes - 1) >> (highest - 2) & 3);
}

u64 malloc_live_objects(usize size_class)
{
    u64 live = 0;
    for (auto& local : g_malloc_pools[size_class].cpus) {
        SpinlockGuard guard(local.lock);
        live += local.live_objects - local.remote_count.load(std::memory_order_relaxed);
    }
    return live;
}

void* pool_allocate(usize size_class)
{
    InterruptGuard stay;
    auto const cpu = arch::cpu_index();
    auto& pool = g_malloc_pools[size_class];
    auto& local = pool.cpus[cpu];
    void* object;
    {
        SpinlockGuard guard(local.lock);
        object = take_object(pool, local);
    }
    if (!object) {
        // Without the lock: getting pages may have to reclaim from every pool.
        auto pages = allocate_slab_pages(pool);
        if (pages.is_error())
            return nullptr;
        SpinlockGuard guard(local.lock);
        add_slab(pool, local, *pages.value(), cpu);
        object = take_object(pool, local);
    }
    return object;
}

void pool_free(Page& page, void* pointer)
{
    InterruptGuard stay;
    Page& head = slab_head(page);
    auto& pool = slab_check_object(head, pointer);
    slab_mark_freed(pool, pointer);
    auto& local = pool.cpus[head.cpu];
    if (head.cpu == arch::cpu_index()) {
        SpinlockGuard guard(local.lock);
        count_free(pool, local, pointer);
        put_object(pool, local, head, pointer);
    } else {
        // Counted first: whoever drains subtracts no more than was added.
        count_remote_free(pool, local, pointer);
        auto* next = local.remote_free.load(std::memory_order_relaxed);
        do
            *static_cast<void**>(pointer) = next;
        while (!local.remote_free.compare_exchange_weak(
            next, pointer, std::memory_order_release, std::memory_order_relaxed));
    }
}

void malloc_pools_trim()
{
    for (auto& pool : g_malloc_pools) {
        for (auto& local : pool.cpus) {
            SpinlockGuard guard(local.lock);
            drain_remote_frees(pool, local);
            while (local.empty_slabs > 0)
                release_slab(pool, local, *local.partial.last());
        }
    }
}

} // namespace sprout
