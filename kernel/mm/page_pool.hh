// Single pages, fast: a pool for each CPU (L1) over one global pool (L2) over the page allocator.
// Roadmap M4: sizes itself: clamp(RAM pages / 256 / CPUs, 4, 512) pages for each CPU.
#pragma once
#include "core/per_cpu.hh"
#include "core/result.hh"
#include "core/spinlock.hh"
#include "mm/page.hh"

namespace sprout {

struct PagePoolL1 {
    Spinlock lock; // taken by its own CPU, and by whoever drains it
    List<Page, &Page::link> pages;
    u32 count = 0;
    u32 low_mark = 0;  // refill from L2 below it
    u32 high_mark = 0; // give back to L2 above it
    u64 refills = 0;
    u64 returns = 0;
};

struct PagePoolL2 {
    Spinlock lock;
    List<Page, &Page::link> pages;
    u32 count = 0;
    u32 low_mark = 0;
    u32 high_mark = 0;
    u64 refills = 0;
    u64 returns = 0;
};

extern PerCpu<PagePoolL1> g_page_pools;
extern PagePoolL2 g_global_page_pool;

// Sets the marks for one CPU. Until then both functions below work, straight over the page allocator.
void page_pools_initialize();
// Sets the marks again once the number of CPUs is known.
void page_pools_resize(u32 cpus);
// Contents undefined. Under pressure the caches of all CPUs are drained first; the caller holds no lock of mm/.
Result<Page*> allocate_page(PageKind kind, void* owner = nullptr);
// A page from allocate_page(), or from allocate_pages() with order 0.
void free_page(Page& page);
// Gives every cached page of every CPU back to the page allocator.
void page_pools_drain();

} // namespace sprout
