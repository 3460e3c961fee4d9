// Address space: where things are, and the page tables.
//
//   0x0000000000000000  programs (lower half)
//   0xffff800000000000  linear map of all RAM: address = linear_base + physical
//   0xffffc00000000000  stacks: fixed slots, the lowest page of each is never mapped (guard)
//   0xffffffff80000000  kernel image: address = image_base + physical
#pragma once
#include "core/result.hh"
#include "core/types.hh"

namespace sprout::arch {

inline constexpr uptr linear_base = 0xffff'8000'0000'0000;
inline constexpr uptr stack_area_base = 0xffff'c000'0000'0000;
inline constexpr uptr image_base = 0xffff'ffff'8000'0000;
inline constexpr usize page_size = 4096;

inline void* physical_to_virtual(PhysicalAddress address) { return reinterpret_cast<void*>(linear_base + address); }
// Precondition: `pointer` lies in the linear map or in the kernel image.
inline PhysicalAddress virtual_to_physical(void const* pointer)
{
    auto const address = reinterpret_cast<uptr>(pointer);
    return address >= image_base ? address - image_base : address - linear_base;
}

// One range of usable RAM as the boot protocol tells it, page-aligned.
struct RamRange {
    PhysicalAddress begin;
    PhysicalAddress end;
};
inline constexpr usize max_ram_ranges = 16;
extern RamRange g_ram_ranges[max_ram_ranges];
extern usize g_ram_range_count;
extern u64 g_ram_bytes; // sum of the ranges: what e820 calls usable

// Maps one 4 KiB page, writable, never executable. Page tables come from the page allocator (or the early arena).
Result<void> map_page(uptr address, PhysicalAddress physical);

} // namespace sprout::arch
