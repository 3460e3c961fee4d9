#include "arch/x64/boot_info.hh"
#include "core/panic.hh"

namespace sprout::arch {

BootInfo g_boot_info;
RamRange g_ram_ranges[max_ram_ranges];
usize g_ram_range_count;
u64 g_ram_bytes;

namespace {

constexpr u32 start_info_magic = 0x336ec578;
constexpr u32 memory_type_ram = 1;
constexpr u32 max_memory_map_entries = 128;

struct StartInfo {
    u32 magic;
    u32 version;
    u32 flags;
    u32 module_count;
    u64 module_list;
    u64 command_line;
    u64 acpi_root;
    u64 memory_map; // from version 1 on
    u32 memory_map_entries;
    u32 reserved;
};

struct ModuleEntry {
    u64 address;
    u64 size;
    u64 command_line;
    u64 reserved;
};

struct MemoryMapEntry {
    u64 address;
    u64 size;
    u32 type;
    u32 reserved;
};

template<typename T> T const* at(PhysicalAddress address)
{
    return static_cast<T const*>(physical_to_virtual(address));
}

void add_ram(MemoryMapEntry const& entry)
{
    auto const begin = (entry.address + page_size - 1) & ~(page_size - 1);
    auto const end = (entry.address + entry.size) & ~(page_size - 1);
    if (entry.type != memory_type_ram || begin >= end || g_ram_range_count == max_ram_ranges)
        return;
    g_ram_ranges[g_ram_range_count++] = { begin, end };
    g_ram_bytes += end - begin;
}

} // namespace

void read_boot_info(PhysicalAddress address)
{
    auto const& info = *at<StartInfo>(address);
    if (info.magic != start_info_magic)
        panic("not booted by PVH: the start info says %x", info.magic);
    if (info.version < 1 || !info.memory_map)
        panic("the boot loader tells no memory map");
    auto const* entries = at<MemoryMapEntry>(info.memory_map);
    for (u32 index = 0; index < info.memory_map_entries && index < max_memory_map_entries; ++index)
        add_ram(entries[index]);
    if (info.command_line)
        g_boot_info.command_line = at<char>(info.command_line);
    g_boot_info.acpi_root = info.acpi_root;
    auto const* modules = at<ModuleEntry>(info.module_list);
    for (u32 index = 0; index < info.module_count && index < max_boot_modules; ++index)
        g_boot_info.modules[g_boot_info.module_count++]
            = { modules[index].address, modules[index].address + modules[index].size };
}

} // namespace sprout::arch
