// Blocks above the largest class: whole pages, each with a record in one list.
#include "core/panic.hh"
#include "mm/malloc_internal.hh"
#include "mm/page_allocator.hh"
#include "sched/thread.hh"
#include <new>

namespace sprout {

constinit LargeAllocations g_large_allocations;

namespace {

void add(LargeAllocation& record)
{
    auto& all = g_large_allocations;
    SpinlockGuard guard(all.lock);
    ObserverScope scope;
    all.list.push_back(record);
    ++all.count;
    all.pages += record.pages;
    scope.allocated(malloc_class_count, address_of(*record.head));
}

void remove(LargeAllocation& record)
{
    auto& all = g_large_allocations;
    SpinlockGuard guard(all.lock);
    ObserverScope scope;
    all.list.remove(record);
    --all.count;
    all.pages -= record.pages;
    scope.freed(malloc_class_count, address_of(*record.head));
}

void free_record(LargeAllocation* record) { pool_free(page_of(record), record); }

} // namespace

void* large_allocate(usize bytes)
{
    if (bytes > ~usize(0) - page_size)
        return nullptr;
    auto* const memory = pool_allocate(malloc_size_class(sizeof(LargeAllocation)));
    if (!memory)
        return nullptr;
    auto* const record = new (memory) LargeAllocation;
    record->requested = bytes;
    record->pages = (bytes + page_size - 1) / page_size;
    auto pages = allocate_page_run(record->pages, PageKind::large, record);
    if (pages.is_error()) {
        free_record(record);
        return nullptr;
    }
    record->head = pages.value();
    auto const* const thread = arch::current_thread_pointer();
    record->thread = thread ? thread->id : 0;
    record->time = now();
    add(*record);
    return address_of(*record->head);
}

void large_free(Page& page, void* pointer)
{
    if (!page.is_head || address_of(page) != pointer)
        panic("free of %p, which is inside a large block", pointer);
    auto* const record = static_cast<LargeAllocation*>(page.owner);
    ASSERT(record->head == &page);
    remove(*record);
    free_page_run(page, record->pages);
    free_record(record);
}

} // namespace sprout
