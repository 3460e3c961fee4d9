// The front of malloc: picks pool or large block, tells trace, tracking and observer.
#include "core/panic.hh"
#include "core/trace.hh"
#include "mm/allocation_tracking.hh"
#include "mm/malloc_internal.hh"
#include "mm/page_allocator_internal.hh"
#include "mm/page_pool.hh"

namespace sprout {

MallocObserver const* g_malloc_observer = nullptr;

namespace {

// The record of the page that `pointer` lies in, of kind pool or large. Panics for every other pointer.
Page& allocated_page(void const* pointer, char const* what)
{
    auto const physical = arch::virtual_to_physical(pointer);
    if (reinterpret_cast<uptr>(pointer) >= arch::linear_base && physical / page_size < g_pages.count) {
        Page& page = page_of(physical);
        if (page.kind == PageKind::pool || page.kind == PageKind::large)
            return page;
        panic("%s of %p, which lies in a page of kind %s", what, pointer, page_kind_name(page.kind));
    }
    panic("%s of %p, which is not in RAM", what, pointer);
}

} // namespace

ObserverScope::ObserverScope()
    : observer_(__atomic_load_n(&g_malloc_observer, __ATOMIC_ACQUIRE))
    , cpu_(arch::cpu_index())
{
    if (observer_) [[unlikely]]
        observer_->begin(cpu_);
}

ObserverScope::~ObserverScope()
{
    if (observer_) [[unlikely]]
        observer_->end(cpu_);
}

void* malloc_allocate(usize bytes)
{
    auto const size_class = malloc_size_class(bytes);
    auto* const block = size_class < malloc_class_count ? pool_allocate(size_class) : large_allocate(bytes);
    if (!block) [[unlikely]]
        return nullptr;
    if (g_allocation_tracking.enabled) [[unlikely]]
        allocation_tracking_add(block, bytes, __builtin_frame_address(0));
    trace(TraceKind::allocate, block, bytes);
    return block;
}

void malloc_free(void* pointer)
{
    if (!pointer)
        return;
    Page& page = allocated_page(pointer, "free");
    trace(TraceKind::release_memory, pointer);
    // Forgotten first: the address may be somebody else's the moment it is free.
    if (g_allocation_tracking.enabled) [[unlikely]]
        allocation_tracking_remove(pointer);
    if (page.kind == PageKind::pool)
        pool_free(page, pointer);
    else
        large_free(page, pointer);
}

usize malloc_usable_size(void const* pointer)
{
    Page& page = allocated_page(pointer, "usable size");
    if (page.kind == PageKind::pool)
        return static_cast<MallocPool*>(page.owner)->object_size;
    return static_cast<LargeAllocation*>(page.owner)->pages * page_size;
}

void memory_reclaim()
{
    malloc_pools_trim();
    page_pools_drain();
}

} // namespace sprout
