// Free ranges of pages by size order (buddy system), behind one lock.
#pragma once
#include "core/result.hh"
#include "core/spinlock.hh"
#include "mm/page.hh"

namespace sprout {

struct PageAllocator {
    static constexpr usize order_count = 19; // up to 1 GiB

    Spinlock lock;
    List<Page, &Page::link> free[order_count]; // heads of free blocks of 2^order pages
    u64 free_blocks[order_count] = {};
    u64 free_pages = 0;
    u64 managed_pages = 0; // pages ever handed to it
};
extern PageAllocator g_page_allocator;

// Builds g_pages from arch::g_ram_ranges, gives the rest of the early arena back, opens the allocator.
// Panics when RAM is too small to hold the page array.
void memory_initialize();

// 2^order pages, physically contiguous; contents undefined. The caller sets kind and owner.
Result<Page*> allocate_pages(u32 order, PageKind kind, void* owner = nullptr);
void free_pages(Page& head);

} // namespace sprout
