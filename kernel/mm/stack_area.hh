// Thread stacks in a virtual area of their own: the lowest page of each slot is never mapped (roadmap C2).
#pragma once
#include "core/result.hh"
#include "core/spinlock.hh"
#include "mm/page.hh"
#include "sched/thread.hh"

namespace sprout {

inline constexpr usize stack_slot_size = 64 * 1024; // guard page included
inline constexpr usize stacks_per_chunk = 64;
inline constexpr usize max_stack_chunks = 1024; // 65,536 stacks

// A slot's stack ends where the slot ends; its pages stay mapped while the slot is cached.
struct StackSlot {
    List<Page, &Page::link> pages; // highest first
    u32 page_count = 0;
    u32 index = 0;           // the slot begins at stack_area_base + index * stack_slot_size
    Thread* owner = nullptr; // null: cached
    ListNode link;           // in StackArea::cached of its page_count while cached
};

struct StackArea {
    static constexpr usize max_pages = stack_slot_size / page_size - 1;

    Spinlock lock;
    StackSlot* chunks[max_stack_chunks] = {}; // stacks_per_chunk slots each
    u32 slot_count = 0;                       // slots ever used
    u32 used = 0;                             // slots with an owner
    List<StackSlot, &StackSlot::link> cached[max_pages + 1];
};
extern StackArea g_stack_area;

// A stack of `size` bytes (a multiple of the page size, below stack_slot_size) for `owner`. Slots are used again;
// all bytes are zero. The page right below is not mapped.
Result<ThreadStack> stack_allocate(usize size, Thread* owner);
// The stack may be another thread's the moment this returns.
void stack_free(ThreadStack const& stack);
// Makes `owner` the owner of a stack that was allocated for nobody.
void stack_give(ThreadStack const& stack, Thread& owner);
// Where the stack that `address` lies in ends; 0 when it lies in none, or in a guard. For backtraces; takes no lock.
uptr stack_end(uptr address);
// Whether `address` lies below the stack in a slot that was ever used: an overflow. For the page fault handler; takes
// no lock.
bool is_stack_guard(uptr address);
// Whose slot `address` lies in, guard included; null when it is nobody's. Takes no lock.
Thread* stack_owner(uptr address);

} // namespace sprout
