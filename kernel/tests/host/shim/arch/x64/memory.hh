// Host stand-in for arch/x64/memory.hh: physical memory is one anonymous mapping, see host::set_ram().
#pragma once
#include "core/result.hh"
#include "core/types.hh"

namespace sprout::arch {

extern uptr linear_base; // where physical address 0 is mapped
inline constexpr uptr stack_area_base = 0xffff'c000'0000'0000;
inline constexpr usize page_size = 4096;

inline void* physical_to_virtual(PhysicalAddress address) { return reinterpret_cast<void*>(linear_base + address); }
inline PhysicalAddress virtual_to_physical(void const* pointer)
{
    return reinterpret_cast<uptr>(pointer) - linear_base;
}

struct RamRange {
    PhysicalAddress begin;
    PhysicalAddress end;
};
inline constexpr usize max_ram_ranges = 16;
extern RamRange g_ram_ranges[max_ram_ranges];
extern usize g_ram_range_count;
extern u64 g_ram_bytes;

// Remembers the mapping only; host_mapping() tells it.
Result<void> map_page(uptr address, PhysicalAddress physical);
// The physical page that map_page() was told for `address`, ~0 when none.
PhysicalAddress host_mapping(uptr address);

} // namespace sprout::arch
