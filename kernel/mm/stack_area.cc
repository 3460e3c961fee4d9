#include "mm/stack_area.hh"
#include "core/panic.hh"
#include "mm/page_allocator.hh"
#include "mm/page_pool.hh"
#include <cstring>
#include <new>

namespace sprout {

constinit StackArea g_stack_area;

namespace {

constexpr u32 chunk_order = [] {
    u32 order = 0;
    while ((page_size << order) < stacks_per_chunk * sizeof(StackSlot))
        ++order;
    return order;
}();

uptr slot_end(StackSlot const& slot) { return arch::stack_area_base + (slot.index + 1ull) * stack_slot_size; }

ThreadStack stack_of(StackSlot const& slot)
{
    auto const size = slot.page_count * page_size;
    return { slot_end(slot) - size, size };
}

// The slot that `address` lies in, null when there is none yet.
StackSlot* find_slot(uptr address)
{
    if (address < arch::stack_area_base)
        return nullptr;
    auto const index = (address - arch::stack_area_base) / stack_slot_size;
    if (index >= __atomic_load_n(&g_stack_area.slot_count, __ATOMIC_ACQUIRE))
        return nullptr;
    return &g_stack_area.chunks[index / stacks_per_chunk][index % stacks_per_chunk];
}

// Pages of kind stack for a slot that is cached have no owner.
void set_owner(StackSlot& slot, Thread* owner)
{
    slot.owner = owner;
    for (Page& page : slot.pages)
        page.owner = owner;
}

StackSlot* take_cached(u32 page_count, Thread* owner)
{
    auto& area = g_stack_area;
    SpinlockGuard guard(area.lock);
    auto* const slot = area.cached[page_count].pop_front();
    if (!slot)
        return nullptr;
    set_owner(*slot, owner);
    ++area.used;
    return slot;
}

// A slot never used before; null when there is no record for it yet.
StackSlot* take_new(Thread* owner)
{
    auto& area = g_stack_area;
    SpinlockGuard guard(area.lock);
    auto const index = area.slot_count;
    auto* const chunk = index < max_stack_chunks * stacks_per_chunk ? area.chunks[index / stacks_per_chunk] : nullptr;
    if (!chunk)
        return nullptr;
    auto& slot = chunk[index % stacks_per_chunk];
    slot.index = index;
    slot.owner = owner;
    ++area.used;
    // Published last: find_slot() takes no lock.
    __atomic_store_n(&area.slot_count, index + 1, __ATOMIC_RELEASE);
    return &slot;
}

// Makes records for more slots, unless another CPU does so first.
Result<void> add_chunk()
{
    auto& area = g_stack_area;
    Page& pages = *TRY(allocate_pages(chunk_order, PageKind::kernel_data, const_cast<char*>("stack slots")));
    auto* const slots = static_cast<StackSlot*>(address_of(pages));
    for (usize index = 0; index < stacks_per_chunk; ++index)
        new (&slots[index]) StackSlot;
    {
        SpinlockGuard guard(area.lock);
        auto const chunk = area.slot_count / stacks_per_chunk;
        if (chunk < max_stack_chunks && !area.chunks[chunk]) {
            area.chunks[chunk] = slots;
            return {};
        }
    }
    free_pages(pages);
    return area.slot_count < max_stack_chunks * stacks_per_chunk ? Result<void>() : Error::no_memory;
}

// Adds mapped pages below those that the slot has, until it has `page_count`.
Result<void> grow(StackSlot& slot, u32 page_count, Thread* owner)
{
    while (slot.page_count < page_count) {
        Page& page = *TRY(allocate_page(PageKind::stack, owner));
        auto const mapped = arch::map_page(slot_end(slot) - (slot.page_count + 1) * page_size, physical_address(page));
        if (mapped.is_error()) {
            free_page(page);
            return mapped.error();
        }
        slot.pages.push_back(page);
        ++slot.page_count;
    }
    return {};
}

void cache(StackSlot& slot)
{
    set_owner(slot, nullptr);
    g_stack_area.cached[slot.page_count].push_front(slot);
}

// What no thread reaches stays zero: so a debugger tells how deep a stack ever was.
void clear(StackSlot& slot)
{
    for (Page& page : slot.pages)
        memset(address_of(page), 0, page_size);
}

// A cached slot with fewer pages, for when there is no memory for a new one's.
StackSlot* take_smaller(u32 page_count, Thread* owner)
{
    while (page_count-- > 0)
        if (auto* const slot = take_cached(page_count, owner))
            return slot;
    return nullptr;
}

Result<StackSlot*> grown_slot(u32 page_count, Thread* owner)
{
    auto* slot = take_smaller(page_count, owner);
    while (!slot) {
        slot = take_new(owner);
        if (!slot)
            TRY(add_chunk());
    }
    auto const grown = grow(*slot, page_count, owner);
    if (!grown.is_error())
        return slot;
    SpinlockGuard guard(g_stack_area.lock);
    --g_stack_area.used;
    cache(*slot);
    return grown.error();
}

} // namespace

Result<ThreadStack> stack_allocate(usize size, Thread* owner)
{
    if (size == 0 || size % page_size != 0 || size >= stack_slot_size)
        return Error::invalid;
    auto const page_count = static_cast<u32>(size / page_size);
    auto* slot = take_cached(page_count, owner);
    if (!slot)
        slot = TRY(grown_slot(page_count, owner));
    clear(*slot);
    return stack_of(*slot);
}

void stack_free(ThreadStack const& stack)
{
    auto* const slot = find_slot(stack.base);
    ASSERT(slot && slot->owner && stack_of(*slot).base == stack.base);
    SpinlockGuard guard(g_stack_area.lock);
    --g_stack_area.used;
    cache(*slot);
}

void stack_give(ThreadStack const& stack, Thread& owner)
{
    auto* const slot = find_slot(stack.base);
    ASSERT(slot && !slot->owner && stack_of(*slot).base == stack.base);
    SpinlockGuard guard(g_stack_area.lock);
    set_owner(*slot, &owner);
}

uptr stack_end(uptr address)
{
    auto const* const slot = find_slot(address);
    return slot && address >= stack_of(*slot).base ? slot_end(*slot) : 0;
}

bool is_stack_guard(uptr address)
{
    auto const* const slot = find_slot(address);
    return slot && address < stack_of(*slot).base;
}

Thread* stack_owner(uptr address)
{
    auto const* const slot = find_slot(address);
    return slot ? slot->owner : nullptr;
}

} // namespace sprout
