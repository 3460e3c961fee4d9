// What the boot loader hands over by PVH: RAM, command line, modules, ACPI.
#pragma once
#include "arch/x64/memory.hh"

namespace sprout::arch {

struct BootModule {
    PhysicalAddress begin;
    PhysicalAddress end;
};
inline constexpr usize max_boot_modules = 4;

struct BootInfo {
    char const* command_line = "";
    PhysicalAddress acpi_root = 0; // RSDP; 0 when the loader does not tell
    BootModule modules[max_boot_modules];
    usize module_count = 0;
};
extern BootInfo g_boot_info;

// Reads hvm_start_info (Xen's public start_info.h) and fills g_boot_info and g_ram_ranges. Panics when it is none.
// Precondition: the boot page tables are in force; the structures lie in the first GiB.
void read_boot_info(PhysicalAddress start_info);

} // namespace sprout::arch
