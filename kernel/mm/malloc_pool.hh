// Small objects: pools of one size class, with slabs for each CPU. Roadmap M2 and M5.
#pragma once
#include "core/per_cpu.hh"
#include "core/result.hh"
#include "core/spinlock.hh"
#include "mm/page.hh"
#include "sched/clock.hh"
#include <atomic>

namespace sprout {

// 8, 16, 24, 32, then four classes for each doubling up to 4096.
inline constexpr u16 malloc_class_sizes[] = {
    8,
    16,
    24,
    32,
    40,
    48,
    56,
    64,
    80,
    96,
    112,
    128,
    160,
    192,
    224,
    256,
    320,
    384,
    448,
    512,
    640,
    768,
    896,
    1024,
    1280,
    1536,
    1792,
    2048,
    2560,
    3072,
    3584,
    4096,
};
inline constexpr usize malloc_class_count = sizeof(malloc_class_sizes) / sizeof(malloc_class_sizes[0]);

// Empty slabs that a CPU keeps in each class; the next one goes back to the page pool.
inline constexpr u32 max_empty_slabs = 2;

// What one CPU has of one class.
struct MallocPoolCpu {
    Spinlock lock;                   // its own CPU, and whoever reclaims memory
    List<Page, &Page::link> partial; // slab heads with free objects; empty slabs stand last
    List<Page, &Page::link> full;    // slab heads without: no slab is in no list
    u32 slabs = 0;
    u32 empty_slabs = 0;
    u64 live_objects = 0; // objects of this CPU's slabs that are allocated (remote frees count until drained)
    u64 allocations = 0;  // allocations - frees = live_objects
    u64 frees = 0;
    // Objects of this CPU's slabs that other CPUs freed; linked through their first word, drained by this CPU.
    std::atomic<void*> remote_free = nullptr;
    std::atomic<u64> remote_count = 0; // objects in remote_free, or about to be
};

struct MallocPool {
    u16 object_size = 0;
    u8 slab_order = 0; // 2^slab_order pages in a slab
    u16 objects_per_slab = 0;
    MallocPoolCpu cpus[max_cpus];
};
extern MallocPool g_malloc_pools[malloc_class_count];

// A block too big for the pools; the record is apart, so that each can be found.
struct LargeAllocation {
    ListNode link; // in g_large_allocations.list
    Page* head = nullptr;
    u64 pages = 0;
    u64 requested = 0; // bytes
    u32 thread = 0;    // id of who asked, 0 before the scheduler
    Nanoseconds time = 0;
};

struct LargeAllocations {
    Spinlock lock;
    List<LargeAllocation, &LargeAllocation::link> list;
    u64 count = 0;
    u64 pages = 0;
};
extern LargeAllocations g_large_allocations;

// Told of each allocation and free, inside one begin/end pair, with preemption off: the workload's truth counts with
// it. `size_class` is malloc_class_count for a large allocation. Null: one predictable branch.
struct MallocObserver {
    void (*begin)(u32 cpu);
    void (*allocated)(u32 cpu, usize size_class, void* object);
    void (*freed)(u32 cpu, usize size_class, void* object);
    void (*end)(u32 cpu);
};
extern MallocObserver const* g_malloc_observer;

void malloc_initialize();
// Null when there is no memory; the caches of all CPUs were drained first. Zero bytes count as one. Aligned to 8 bytes,
// to 16 when `bytes` is a multiple of 16 (as every C++ type that needs it is), and a power of two to itself (up to
// 4096). Callable in interrupt context; the caller holds no lock of mm/.
void* malloc_allocate(usize bytes);
// Any pointer from malloc_allocate, or null. Panics on any other pointer; debug builds find most double frees and
// writes after free, too.
void malloc_free(void* pointer);
// Bytes that the block at `pointer` really has.
usize malloc_usable_size(void const* pointer);
// Index in malloc_class_sizes of the smallest class that holds `bytes` (0 counts as 1); malloc_class_count when it is
// large.
usize malloc_size_class(usize bytes);
// Objects of one class that are really in use now: live_objects minus remote_count over all CPUs. Exact when nobody
// allocates.
u64 malloc_live_objects(usize size_class);

} // namespace sprout
