// ACPI 6.4: RSDP 5.2.5, MADT 5.2.12, FADT 5.2.9; the HPET table is of the IA-PC HPET specification 1.0a, 3.2.4.
#include "arch/x64/acpi.hh"
#include "arch/x64/paging.hh"
#include "drivers/power.hh"
#include <cstring>

namespace sprout::arch {

AcpiFacts g_acpi;

namespace {

constexpr u32 max_table_bytes = 1 << 20;

struct [[gnu::packed]] Root {
    char signature[8];
    u8 checksum;
    char oem[6];
    u8 revision;
    u32 rsdt;
    u32 length;
    u64 xsdt;
};

struct [[gnu::packed]] Header {
    char signature[4];
    u32 length;
    u8 revision;
    u8 checksum;
    char oem[22];
    u32 creator_revision;
};

struct [[gnu::packed]] GenericAddress {
    u8 space;
    u8 width;
    u8 offset;
    u8 access;
    u64 address;
};

struct [[gnu::packed]] FixedDescription {
    Header header;
    u8 skipped[28];
    u32 pm1a_control; // at 64
    u8 skipped2[44];
    u32 flags; // at 112
    u8 skipped3[128];
    GenericAddress sleep_control; // at 244
};
static_assert(offsetof(FixedDescription, pm1a_control) == 64 && offsetof(FixedDescription, flags) == 112
    && offsetof(FixedDescription, sleep_control) == 244);

template<typename T> T const* map(PhysicalAddress address, usize bytes = sizeof(T))
{
    return static_cast<T const*>(map_firmware(address, bytes));
}

bool sums_to_zero(void const* table, usize bytes)
{
    u8 sum = 0;
    for (usize index = 0; index < bytes; ++index)
        sum += static_cast<u8 const*>(table)[index];
    return sum == 0;
}

bool has_signature(void const* table, char const* signature) { return !memcmp(table, signature, strlen(signature)); }

// The table at `address`, wholly mapped and of a sound sum; else null.
Header const* open_table(PhysicalAddress address)
{
    auto const* header = map<Header>(address);
    if (header->length < sizeof(Header) || header->length > max_table_bytes)
        return nullptr;
    header = map<Header>(address, header->length);
    return sums_to_zero(header, header->length) ? header : nullptr;
}

PhysicalAddress find_root()
{
    constexpr PhysicalAddress begin = 0xe0000, end = 0x100000;
    auto const* area = map<u8>(begin, end - begin);
    for (PhysicalAddress offset = 0; offset < end - begin; offset += 16)
        if (has_signature(area + offset, "RSD PTR ") && sums_to_zero(area + offset, 20))
            return begin + offset;
    return 0;
}

// Local APICs that are enabled (5.2.12.2); entries of other types are passed over.
void read_madt(Header const& table)
{
    auto const* bytes = reinterpret_cast<u8 const*>(&table);
    memcpy(&g_acpi.local_apic, bytes + sizeof(Header), 4);
    for (u32 offset = sizeof(Header) + 8; offset + 2 <= table.length && bytes[offset + 1] >= 2;
         offset += bytes[offset + 1]) {
        bool const is_local_apic = bytes[offset] == 0 && offset + 8 <= table.length;
        if (is_local_apic && (bytes[offset + 4] & 1) && g_acpi.cpu_count < max_cpus)
            g_acpi.apic_ids[g_acpi.cpu_count++] = bytes[offset + 3];
    }
}

// Sleep type 5 of \_S5 is 0 on pc and q35; a machine with reduced hardware (microvm) has a sleep register and type 5.
void read_fadt(Header const& table)
{
    constexpr u32 reduced_hardware = 1 << 20;
    constexpr u16 pm1_sleep_enable = 1 << 13;
    constexpr u8 sleep_type_5 = 5 << 2, sleep_enable = 1 << 5;
    constexpr u8 system_memory = 0;
    auto const& fadt = reinterpret_cast<FixedDescription const&>(table);
    if (table.length >= sizeof(FixedDescription) && (fadt.flags & reduced_hardware)) {
        if (fadt.sleep_control.address && fadt.sleep_control.space == system_memory)
            set_power_off_by_register(fadt.sleep_control.address, sleep_type_5 | sleep_enable);
    } else if (table.length >= offsetof(FixedDescription, pm1a_control) + 4 && fadt.pm1a_control) {
        set_power_off_by_port(static_cast<u16>(fadt.pm1a_control), pm1_sleep_enable);
    }
}

void read_hpet(Header const& table)
{
    constexpr u32 base_offset = 44; // of the generic address's address
    if (table.length >= base_offset + 8)
        memcpy(&g_acpi.hpet, reinterpret_cast<u8 const*>(&table) + base_offset, 8);
}

void read_table(PhysicalAddress address)
{
    auto const* table = open_table(address);
    if (!table)
        return;
    if (has_signature(table, "APIC"))
        read_madt(*table);
    else if (has_signature(table, "FACP"))
        read_fadt(*table);
    else if (has_signature(table, "HPET"))
        read_hpet(*table);
}

void read_list(Header const& list, usize entry_size)
{
    auto const* bytes = reinterpret_cast<u8 const*>(&list);
    for (u32 offset = sizeof(Header); offset + entry_size <= list.length; offset += entry_size) {
        PhysicalAddress address = 0;
        memcpy(&address, bytes + offset, entry_size);
        read_table(address);
    }
}

} // namespace

void read_acpi(PhysicalAddress address)
{
    address = address ? address : find_root();
    if (!address)
        return;
    auto const& root = *map<Root>(address);
    bool const is_extended = root.revision >= 2 && root.xsdt;
    if (auto const* list = open_table(is_extended ? root.xsdt : root.rsdt))
        read_list(*list, is_extended ? 8 : 4);
}

} // namespace sprout::arch
