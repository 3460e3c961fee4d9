// The few facts that the kernel takes from ACPI: CPUs, HPET, how to power off.
#pragma once
#include "arch/x64/memory.hh"

namespace sprout::arch {

struct AcpiFacts {
    u32 apic_ids[max_cpus]; // of the CPUs that may be started, as the MADT lists them; max_cpus at most
    u32 cpu_count = 0;
    PhysicalAddress local_apic = 0xfee00000;
    PhysicalAddress hpet = 0; // 0: none
};
extern AcpiFacts g_acpi;

// Reads the tables that start at `root` (RSDP; 0: looked for where firmware puts it). Without ACPI the facts stay as
// they are: one CPU, no HPET. Corrupt tables are passed over.
void read_acpi(PhysicalAddress root);

} // namespace sprout::arch
