// The parts of malloc: slabs and pools (malloc_pool.cc), large blocks (large_allocation.cc), both behind malloc.cc.
#pragma once
#include "mm/interrupt_guard.hh"
#include "mm/malloc_pool.hh"

namespace sprout {

#ifdef SPROUT_DEBUG
inline constexpr bool malloc_checks = true;
#else
inline constexpr bool malloc_checks = false;
#endif

// One begin/end pair of the observer on this CPU, around a change of the counts. Interrupts are off while it lives, so
// that none is inside another.
class ObserverScope {
public:
    ObserverScope();
    ~ObserverScope();
    ObserverScope(ObserverScope const&) = delete;
    ObserverScope& operator=(ObserverScope const&) = delete;
    void allocated(usize size_class, void* object)
    {
        if (observer_) [[unlikely]]
            observer_->allocated(cpu_, size_class, object);
    }
    void freed(usize size_class, void* object)
    {
        if (observer_) [[unlikely]]
            observer_->freed(cpu_, size_class, object);
    }

private:
    InterruptGuard stay_;
    MallocObserver const* observer_;
    u32 cpu_;
};

// An object of the class, told to the observer; null when there is no memory.
void* pool_allocate(usize size_class);
// `page` is of kind pool and holds `pointer`.
void pool_free(Page& page, void* pointer);
void* large_allocate(usize bytes);
void large_free(Page& page, void* pointer);

// Drains all remote frees and gives all empty slabs back.
void malloc_pools_trim();

} // namespace sprout
