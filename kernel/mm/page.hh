// Every page frame has a record that says what it is and whose.
#pragma once
#include "arch/x64/memory.hh"
#include "core/list.hh"
#include "core/types.hh"

namespace sprout {

using arch::page_size;

enum class PageKind : u8 {
    absent,      // no RAM there, or firmware's
    reserved,    // the zero page, the trampoline
    image,       // the kernel image
    boot_module, // initrd
    arena,       // the early bump arena
    metadata,    // the array of Page itself
    free,        // head or part of a free block; `order` is set in the head
    cached,      // in an L1 or L2 page pool; `cpu` is the L1's, cached_in_l2 in the L2
    pool,        // part of a malloc pool's slab; owner: MallocPool
    large,       // part of a large allocation; owner: LargeAllocation
    stack,       // owner: Thread, null while the slot is cached
    page_table,
    file,        // file contents; owner: Vnode, value: page index in it
    kernel_data, // anything else the kernel took by page; owner names it (a C string)
};

inline constexpr usize page_kind_count = static_cast<usize>(PageKind::kernel_data) + 1;
// "free", "page_table", …: as the enumerators are spelled.
char const* page_kind_name(PageKind kind);

inline constexpr u8 cached_in_l2 = 0xff;

struct Page {
    PageKind kind = PageKind::absent;
    u8 order = 0;           // of the free block or slab that this page heads
    u8 cpu = 0;             // cached: whose L1; pool: whose pool
    bool is_head = false;   // first page of a free block or of an allocation (a single page too)
    u32 index_in_block = 0; // pages from the head, for allocations of more than one page
    void* owner = nullptr;
    u64 value = 0;
    ListNode link; // free list, page pool or slab list of the head
    // Slab head only:
    u16 live_objects = 0; // allocated, objects in remote free lists included
    u16 capacity = 0;
    u32 reserved = 0;
    void* free_objects = nullptr; // singly linked through each free object's first word
};

struct PageArray {
    Page* pages = nullptr; // indexed by frame number; null before the page allocator is up
    u64 count = 0;         // one past the highest usable frame
};
extern PageArray g_pages;

inline Page& page_of(PhysicalAddress address) { return g_pages.pages[address / page_size]; }
inline Page& page_of(void const* pointer) { return page_of(arch::virtual_to_physical(pointer)); }
inline PhysicalAddress physical_address(Page const& page)
{
    return static_cast<u64>(&page - g_pages.pages) * page_size;
}
inline void* address_of(Page const& page) { return arch::physical_to_virtual(physical_address(page)); }

} // namespace sprout
