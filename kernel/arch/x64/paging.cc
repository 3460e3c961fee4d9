#include "arch/x64/paging.hh"
#include "arch/x64/registers.hh"
#include "core/panic.hh"
#include "core/spinlock.hh"
#include "mm/early_arena.hh"
#include "mm/page_pool.hh"
#include <cstring>

extern "C" char sprout_image_begin[], sprout_rodata_begin[], sprout_data_begin[], sprout_image_end[];

namespace sprout::arch {

namespace {

using Entry = u64;

constexpr Entry present = 1 << 0;
constexpr Entry writable = 1 << 1;
constexpr Entry write_through = 1 << 3;
constexpr Entry cache_disabled = 1 << 4;
constexpr Entry huge = 1 << 7;
constexpr Entry global = 1 << 8;
constexpr Entry not_executable = 1ull << 63;
constexpr Entry address_mask = 0x000f'ffff'ffff'f000;
constexpr Entry device_flags = present | writable | write_through | cache_disabled | not_executable | global;
constexpr usize entries_per_table = 512;
constexpr u64 huge_size = 2 << 20;

Spinlock g_page_table_lock;
Entry* g_root; // null until paging_initialize()

// A zeroed table: from the page pools once they are open, from the early arena before.
Result<Entry*> allocate_table()
{
    if (!g_early_arena.closed)
        return static_cast<Entry*>(TRY(early_allocate(page_size, page_size)));
    auto* page = TRY(allocate_page(PageKind::page_table));
    auto* table = static_cast<Entry*>(address_of(*page));
    memset(table, 0, page_size);
    return table;
}

usize index_at(uptr address, u32 level) { return address >> (12 + 9 * level) & (entries_per_table - 1); }

// The entry for `address` in the table of `level` (0: 4 KiB pages, 1: 2 MiB pages); makes the tables above it.
Result<Entry*> find_entry(uptr address, u32 level)
{
    auto* table = g_root;
    for (u32 above = 3; above > level; --above) {
        auto& entry = table[index_at(address, above)];
        if (entry & huge)
            return Error::exists;
        if (!(entry & present))
            entry = virtual_to_physical(TRY(allocate_table())) | present | writable;
        table = static_cast<Entry*>(physical_to_virtual(entry & address_mask));
    }
    return &table[index_at(address, level)];
}

Result<void> set_entry(uptr address, u32 level, Entry value)
{
    auto& entry = *TRY(find_entry(address, level));
    if (!(entry & present))
        entry = value;
    return {};
}

// All 2 MiB pages that [begin, end) touches: firmware tables at the end of RAM are seen too.
Result<void> map_linear(PhysicalAddress begin, PhysicalAddress end, Entry flags)
{
    for (auto physical = begin & ~(huge_size - 1); physical < end; physical += huge_size)
        TRY(set_entry(linear_base + physical, 1, physical | flags | huge));
    return {};
}

Result<void> map_image(char const* begin, char const* end, Entry flags)
{
    for (auto address = reinterpret_cast<uptr>(begin); address < reinterpret_cast<uptr>(end); address += page_size)
        TRY(set_entry(address, 0, (address - image_base) | present | global | flags));
    return {};
}

Result<void> build_tables()
{
    g_root = TRY(allocate_table());
    for (usize index = 0; index < g_ram_range_count; ++index)
        TRY(map_linear(
            g_ram_ranges[index].begin, g_ram_ranges[index].end, present | writable | global | not_executable));
    TRY(map_image(sprout_image_begin, sprout_rodata_begin, 0));
    TRY(map_image(sprout_rodata_begin, sprout_data_begin, not_executable));
    return map_image(sprout_data_begin, sprout_image_end, writable | not_executable);
}

} // namespace

void paging_initialize()
{
    if (build_tables().is_error())
        panic("not enough RAM for the page tables");
    write_cr3(page_table_root());
}

PhysicalAddress page_table_root() { return virtual_to_physical(g_root); }

Result<void> map_page(uptr address, PhysicalAddress physical)
{
    SpinlockGuard guard(g_page_table_lock);
    return set_entry(address, 0, physical | present | writable | global | not_executable);
}

void* map_device(PhysicalAddress physical, usize bytes)
{
    SpinlockGuard guard(g_page_table_lock);
    if (map_linear(physical, physical + bytes, device_flags).is_error())
        panic("no page table for the device at %llx", static_cast<unsigned long long>(physical));
    return physical_to_virtual(physical);
}

void const* map_firmware(PhysicalAddress physical, usize bytes)
{
    SpinlockGuard guard(g_page_table_lock);
    if (map_linear(physical, physical + bytes, present | global | not_executable).is_error())
        panic("no page table for the firmware table at %llx", static_cast<unsigned long long>(physical));
    return physical_to_virtual(physical);
}

} // namespace sprout::arch
