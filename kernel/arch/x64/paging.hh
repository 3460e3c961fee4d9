// The kernel's own page tables.
#pragma once
#include "arch/x64/memory.hh"

namespace sprout::arch {

// Builds them from the early arena: the linear map of g_ram_ranges, and the image with each section's permission; takes
// them on this CPU. Panics when the early arena is too small.
void paging_initialize();
// The physical address of the root table, for secondary CPUs.
PhysicalAddress page_table_root();
// Device registers in the linear map, uncached. `physical` needs no alignment; panics when no page table can be had.
void* map_device(PhysicalAddress physical, usize bytes);
// Firmware tables: any memory, RAM or not, in the linear map, cached, for reading.
void const* map_firmware(PhysicalAddress physical, usize bytes);

} // namespace sprout::arch
