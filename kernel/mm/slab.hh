// A slab: 2^order pages cut into objects of one size. Its head's Page record is all that is kept of it, so that objects
// of a power of two are aligned to themselves. Callers hold the lock of the CPU's pool.
#pragma once
#include "mm/malloc_internal.hh"

namespace sprout {

// Cuts the pages into free objects. The page records become of kind pool.
void slab_build(Page& head, MallocPool& pool, u32 cpu);
// Makes its pages nobody's again; they are still allocated, and go to free_page() or free_pages().
void slab_dissolve(Page& head, MallocPool& pool);
// Precondition: the slab is not full.
void* slab_take(Page& head, MallocPool const& pool);
void slab_put(Page& head, void* object);

inline Page& slab_head(Page& page) { return *(&page - page.index_in_block); }
inline MallocPool& slab_pool(Page const& head) { return *static_cast<MallocPool*>(head.owner); }

// Panics unless `object` is where an object of the slab begins. Returns the pool.
MallocPool& slab_check_object(Page const& head, void const* object);
// Debug builds: panics when `object` was freed already, else marks it as freed.
void slab_mark_freed(MallocPool const& pool, void* object);

} // namespace sprout
