// From what boot says of RAM to a record for each page and an open page allocator.
#include "core/panic.hh"
#include "mm/early_arena.hh"
#include "mm/page_allocator_internal.hh"
#include <cstring>

namespace sprout {

namespace {

struct BootRange {
    u64 first = 0; // frame numbers
    u64 end = 0;
    PageKind kind = PageKind::reserved;
};

constexpr usize max_boot_ranges = 16;
constinit BootRange s_boot_ranges[max_boot_ranges + 2]; // two more for the zero page and the arena
usize s_boot_range_count = 0;

u64 frames_up(PhysicalAddress address) { return (address + page_size - 1) / page_size; }

void add_boot_range(PhysicalAddress begin, PhysicalAddress end, PageKind kind)
{
    s_boot_ranges[s_boot_range_count++] = { begin / page_size, frames_up(end), kind };
}

void close_early_arena()
{
    g_early_arena.closed = true;
    if (g_early_arena.position == g_early_arena.begin)
        return;
    add_boot_range(arch::virtual_to_physical(reinterpret_cast<void*>(g_early_arena.begin)),
        arch::virtual_to_physical(reinterpret_cast<void*>(g_early_arena.position)), PageKind::arena);
}

// The end of the boot range that overlaps [first, end), 0 when there is none.
u64 end_of_overlap(u64 first, u64 end)
{
    for (usize index = 0; index < s_boot_range_count; ++index)
        if (auto const& range = s_boot_ranges[index]; range.first < end && first < range.end)
            return range.end;
    return 0;
}

// The lowest place for `count` frames that nothing at boot uses: large blocks above stay whole. 0 when there is none.
u64 find_room(u64 count)
{
    for (usize index = 0; index < arch::g_ram_range_count; ++index) {
        auto first = frames_up(arch::g_ram_ranges[index].begin);
        while (first + count <= arch::g_ram_ranges[index].end / page_size) {
            auto const taken_end = end_of_overlap(first, first + count);
            if (taken_end == 0)
                return first;
            first = taken_end;
        }
    }
    return 0;
}

void set_kind(u64 first, u64 end, PageKind kind)
{
    for (u64 frame = first; frame < end && frame < g_pages.count; ++frame)
        if (g_pages.pages[frame].kind != PageKind::absent)
            g_pages.pages[frame].kind = kind;
}

void build_page_array()
{
    u64 count = 0;
    for (usize index = 0; index < arch::g_ram_range_count; ++index)
        if (auto const end = arch::g_ram_ranges[index].end / page_size; end > count)
            count = end;
    auto const array_frames = frames_up(count * sizeof(Page));
    auto const array_first = find_room(array_frames);
    if (array_first == 0)
        panic("not enough RAM: no %llu KiB in one piece for the page array", array_frames * page_size / 1024ull);
    g_pages.pages = static_cast<Page*>(arch::physical_to_virtual(array_first * page_size));
    // All zero is a Page of kind absent on no list.
    memset(static_cast<void*>(g_pages.pages), 0, count * sizeof(Page));
    g_pages.count = count;
    for (usize index = 0; index < arch::g_ram_range_count; ++index) {
        auto const& range = arch::g_ram_ranges[index];
        for (auto frame = frames_up(range.begin); frame < range.end / page_size; ++frame)
            g_pages.pages[frame].kind = PageKind::free;
    }
    for (usize index = 0; index < s_boot_range_count; ++index)
        set_kind(s_boot_ranges[index].first, s_boot_ranges[index].end, s_boot_ranges[index].kind);
    set_kind(array_first, array_first + array_frames, PageKind::metadata);
}

void give_free_runs()
{
    u64 first = 0;
    while (first < g_pages.count) {
        auto end = first;
        while (end < g_pages.count && g_pages.pages[end].kind == PageKind::free)
            ++end;
        if (end > first)
            page_allocator_add(first, end - first);
        first = end + 1;
    }
}

} // namespace

void memory_declare(PhysicalAddress begin, PhysicalAddress end, PageKind kind)
{
    ASSERT(begin < end && s_boot_range_count < max_boot_ranges && !g_pages.pages);
    add_boot_range(begin, end, kind);
}

void memory_initialize()
{
    add_boot_range(0, page_size, PageKind::reserved);
    close_early_arena();
    build_page_array();
    give_free_runs();
}

} // namespace sprout
