#include "core/panic.hh"
#include "mm/page_allocator_internal.hh"

namespace sprout {

constinit PageArray g_pages;
constinit PageAllocator g_page_allocator;

char const* page_kind_name(PageKind kind)
{
    static constexpr char const* names[page_kind_count] = { "absent", "reserved", "image", "boot_module", "arena",
        "metadata", "free", "cached", "pool", "large", "stack", "page_table", "file", "kernel_data" };
    return static_cast<usize>(kind) < page_kind_count ? names[static_cast<usize>(kind)] : "?";
}

namespace {

u64 index_of(Page const& page) { return static_cast<u64>(&page - g_pages.pages); }

bool is_free_block(u64 index, u32 order)
{
    if (index + (1ull << order) > g_pages.count)
        return false;
    auto const& page = g_pages.pages[index];
    return page_kind(page) == PageKind::free && page.is_head && page.order == order;
}

void link_block(u64 index, u32 order)
{
    auto& head = g_pages.pages[index];
    head.is_head = true;
    head.order = static_cast<u8>(order);
    g_page_allocator.free[order].push_front(head);
    ++g_page_allocator.free_blocks[order];
}

void unlink_block(Page& head)
{
    g_page_allocator.free[head.order].remove(head);
    --g_page_allocator.free_blocks[head.order];
    head.is_head = false;
    head.order = 0;
}

// All pages of the block are of kind free already; joins it with its free buddies.
void insert_block(u64 index, u32 order)
{
    for (; order + 1 < PageAllocator::order_count; ++order) {
        auto const buddy = index ^ (1ull << order);
        if (!is_free_block(buddy, order))
            break;
        unlink_block(g_pages.pages[buddy]);
        index &= ~(1ull << order);
    }
    link_block(index, order);
}

void mark_free(Page& page)
{
    set_page_kind(page, PageKind::free);
    page.order = 0;
    page.cpu = 0;
    page.is_head = false;
    page.index_in_block = 0;
    page.owner = nullptr;
    page.value = 0;
}

// Under the lock: the largest aligned blocks that the run is made of.
void insert_run(u64 first, u64 count)
{
    for (u64 index = first; index < first + count; ++index)
        mark_free(g_pages.pages[index]);
    g_page_allocator.free_pages += count;
    while (count > 0) {
        u32 order = 63 - static_cast<u32>(__builtin_clzll(count));
        if (first != 0 && static_cast<u32>(__builtin_ctzll(first)) < order)
            order = static_cast<u32>(__builtin_ctzll(first));
        if (order >= PageAllocator::order_count)
            order = PageAllocator::order_count - 1;
        insert_block(first, order);
        first += 1ull << order;
        count -= 1ull << order;
    }
}

void check_allocated(Page const& head, char const* function)
{
    if (head.kind <= PageKind::metadata || head.kind == PageKind::free || head.kind == PageKind::cached
        || !head.is_head)
        panic("%s of page 0x%llx, which is %s", function, static_cast<unsigned long long>(index_of(head) * page_size),
            head.kind == PageKind::free || head.kind == PageKind::cached ? "free already" : page_kind_name(head.kind));
}

u32 order_for(u64 count) { return count <= 1 ? 0 : 64 - static_cast<u32>(__builtin_clzll(count - 1)); }

Page* take_run(u64 count, PageKind kind, void* owner)
{
    auto const order = order_for(count);
    SpinlockGuard guard(g_page_allocator.lock);
    Page* head = page_allocator_take_block(order);
    if (!head)
        return nullptr;
    for (u64 index = 0; index < count; ++index) {
        page_claim(head[index], kind, owner);
        head[index].is_head = index == 0;
        head[index].index_in_block = static_cast<u32>(index);
    }
    head->order = static_cast<u8>(order);
    if (auto const over = (1ull << order) - count)
        insert_run(index_of(*head) + count, over);
    return head;
}

} // namespace

Page* page_allocator_take_block(u32 order)
{
    auto& allocator = g_page_allocator;
    u32 found = order;
    while (found < PageAllocator::order_count && allocator.free[found].is_empty())
        ++found;
    if (found >= PageAllocator::order_count)
        return nullptr;
    Page& head = *allocator.free[found].first();
    unlink_block(head);
    while (found > order) {
        --found;
        link_block(index_of(head) + (1ull << found), found);
    }
    allocator.free_pages -= 1ull << order;
    return &head;
}

Result<Page*> allocate_page_run(u64 count, PageKind kind, void* owner)
{
    if (count == 0)
        return Error::invalid;
    if (order_for(count) >= PageAllocator::order_count)
        return Error::no_memory;
    if (Page* head = take_run(count, kind, owner))
        return head;
    memory_reclaim();
    if (Page* head = take_run(count, kind, owner))
        return head;
    return Error::no_memory;
}

Result<Page*> allocate_pages(u32 order, PageKind kind, void* owner)
{
    if (order >= PageAllocator::order_count)
        return Error::no_memory;
    return allocate_page_run(1ull << order, kind, owner);
}

void free_page_run(Page& head, u64 count)
{
    check_allocated(head, "free_page_run()");
    ASSERT(count > 0 && order_for(count) == head.order);
    SpinlockGuard guard(g_page_allocator.lock);
    insert_run(index_of(head), count);
}

void free_pages(Page& head)
{
    check_allocated(head, "free_pages()");
    SpinlockGuard guard(g_page_allocator.lock);
    insert_run(index_of(head), 1ull << head.order);
}

void page_allocator_return(Page& page)
{
    SpinlockGuard guard(g_page_allocator.lock);
    insert_run(index_of(page), 1);
}

void page_allocator_add(u64 first, u64 count)
{
    SpinlockGuard guard(g_page_allocator.lock);
    g_page_allocator.managed_pages += count;
    insert_run(first, count);
}

} // namespace sprout
