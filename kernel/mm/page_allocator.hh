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

// RAM that boot took and that must never be free: the kernel image, boot modules, the trampoline. Called before
// memory_initialize() for each such range (up to 16); partial pages count whole. The zero page and the used part of the
// early arena need no call.
void memory_declare(PhysicalAddress begin, PhysicalAddress end, PageKind kind);

// Builds g_pages from arch::g_ram_ranges, gives the rest of the early arena back, opens the allocator.
// All RAM is in the linear map by then. Panics when RAM is too small to hold the page array.
// Then, in this order: page_pools_initialize(), malloc_initialize().
void memory_initialize();

// 2^order pages, physically contiguous and aligned to their size; contents undefined. Under pressure the caches of all
// CPUs are drained first; the caller holds no lock of mm/. Callable with interrupts off.
Result<Page*> allocate_pages(u32 order, PageKind kind, void* owner = nullptr);
void free_pages(Page& head);

// Any number of contiguous pages, aligned to the next power of two; what is over is free at once. Freed by
// free_page_run() with the same count, not by free_pages().
Result<Page*> allocate_page_run(u64 count, PageKind kind, void* owner = nullptr);
void free_page_run(Page& head, u64 count);

} // namespace sprout
