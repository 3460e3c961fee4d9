#include "mm/slab.hh"
#include "core/panic.hh"
#include "mm/page_allocator_internal.hh"

namespace sprout {

namespace {

// A free object's words: the next free object, then (debug builds, from 16 bytes on) a mark that only a free object
// has.
struct FreeObject {
    void* next;
    u64 mark;
};

constexpr u64 free_mark = 0x6672'6565'6d61'726b; // "freemark"

u64 mark_of(void const* object) { return free_mark ^ reinterpret_cast<u64>(object); }
bool can_be_marked(MallocPool const& pool) { return malloc_checks && pool.object_size >= sizeof(FreeObject); }

bool holds(Page const& head, MallocPool const& pool, void const* object)
{
    auto const offset = reinterpret_cast<uptr>(object) - reinterpret_cast<uptr>(address_of(head));
    return offset % pool.object_size == 0 && offset / pool.object_size < head.capacity;
}

} // namespace

void slab_build(Page& head, MallocPool& pool, u32 cpu)
{
    for (u32 index = 0; index < 1u << pool.slab_order; ++index) {
        Page& page = (&head)[index];
        set_page_kind(page, PageKind::pool);
        page.cpu = static_cast<u8>(cpu);
        page.owner = &pool;
    }
    head.live_objects = 0;
    head.capacity = pool.objects_per_slab;
    auto* const base = static_cast<char*>(address_of(head));
    void* next = nullptr;
    for (usize index = pool.objects_per_slab; index-- > 0;) {
        auto* const object = base + index * pool.object_size;
        static_cast<FreeObject*>(static_cast<void*>(object))->next = next;
        if (can_be_marked(pool))
            static_cast<FreeObject*>(static_cast<void*>(object))->mark = mark_of(object);
        next = object;
    }
    head.free_objects = next;
}

void slab_dissolve(Page& head, MallocPool& pool)
{
    ASSERT(head.live_objects == 0);
    head.free_objects = nullptr;
    head.capacity = 0;
    for (u32 index = 0; index < 1u << pool.slab_order; ++index) {
        set_page_kind((&head)[index], PageKind::kernel_data);
        (&head)[index].owner = const_cast<char*>("slab");
        (&head)[index].cpu = 0;
    }
}

void* slab_take(Page& head, MallocPool const& pool)
{
    auto* const object = static_cast<FreeObject*>(head.free_objects);
    if (can_be_marked(pool)) {
        if (object->mark != mark_of(object) || (object->next && !holds(head, pool, object->next)))
            panic("the free %u-byte object %p was written after it was freed", pool.object_size,
                static_cast<void*>(object));
        object->mark = 0;
    }
    head.free_objects = object->next;
    ++head.live_objects;
    return object;
}

void slab_put(Page& head, void* object)
{
    if (malloc_checks && (head.live_objects == 0 || head.free_objects == object))
        panic("double free of %p", object);
    static_cast<FreeObject*>(object)->next = head.free_objects;
    head.free_objects = object;
    --head.live_objects;
}

MallocPool& slab_check_object(Page const& head, void const* object)
{
    auto& pool = slab_pool(head);
    if (!holds(head, pool, object))
        panic("free of %p, which is inside a %u-byte object", object, pool.object_size);
    return pool;
}

void slab_mark_freed(MallocPool const& pool, void* object)
{
    if (!can_be_marked(pool))
        return;
    auto* const free_object = static_cast<FreeObject*>(object);
    if (free_object->mark == mark_of(object))
        panic("double free of %p, an object of %u bytes", object, pool.object_size);
    free_object->mark = mark_of(object);
}

} // namespace sprout
