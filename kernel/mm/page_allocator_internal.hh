// What the rest of mm/ may ask of the page allocator.
#pragma once
#include "mm/page_allocator.hh"

namespace sprout {

// A page's kind is its user's to write, but the page allocator looks at neighbours that it does not own, and malloc at
// whatever page it is given. `free` is set and taken back under the allocator's lock only, so a stale answer is never
// wrongly `free`.
inline void set_page_kind(Page& page, PageKind kind) { __atomic_store_n(&page.kind, kind, __ATOMIC_RELAXED); }
inline PageKind page_kind(Page const& page) { return __atomic_load_n(&page.kind, __ATOMIC_RELAXED); }

// Makes `page` the only page of an allocation.
inline void page_claim(Page& page, PageKind kind, void* owner)
{
    set_page_kind(page, kind);
    page.order = 0;
    page.cpu = 0;
    page.is_head = true;
    page.index_in_block = 0;
    page.owner = owner;
    page.value = 0;
}

// Takes up to `count` single pages in one go and hands each to `taken(Page&)` under the allocator's lock; how many
// there were.
template<typename Function> u64 page_allocator_take(u64 count, Function taken);
// Gives one page back; the caller has it on no list.
void page_allocator_return(Page& page);

// Gives pages that nobody uses yet to the allocator, at boot.
void page_allocator_add(u64 first, u64 count);

// Under g_page_allocator.lock: a free block of exactly 2^order pages, out of the free lists but not yet claimed; null
// when none.
Page* page_allocator_take_block(u32 order);

template<typename Function> u64 page_allocator_take(u64 count, Function taken)
{
    SpinlockGuard guard(g_page_allocator.lock);
    u64 done = 0;
    while (done < count) {
        // Whole blocks leave fewer splinters than single pages.
        u32 order = 63 - static_cast<u32>(__builtin_clzll(count - done));
        order = order < PageAllocator::order_count ? order : PageAllocator::order_count - 1;
        Page* head = page_allocator_take_block(order);
        while (!head && order > 0)
            head = page_allocator_take_block(--order);
        if (!head)
            break;
        for (u64 index = 0; index < 1ull << order; ++index)
            taken(head[index]);
        done += 1ull << order;
    }
    return done;
}

// Frees what the caches hold: empty slabs, remote frees not yet drained, L1 and L2 pages. The caller holds no lock of
// mm/.
void memory_reclaim();

} // namespace sprout
