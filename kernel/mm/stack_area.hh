// Thread stacks in a virtual area of their own: the lowest page of each slot is never mapped (roadmap C2).
#pragma once
#include "core/result.hh"
#include "sched/thread.hh"

namespace sprout {

inline constexpr usize stack_slot_size = 64 * 1024; // guard page included

// A stack of `size` bytes (a multiple of the page size, below stack_slot_size) for `owner`. Slots are used again.
Result<ThreadStack> stack_allocate(usize size, Thread* owner);
void stack_free(ThreadStack const& stack);
// Whether `address` lies in a guard page; used by the page fault handler to name the overflow.
bool is_stack_guard(uptr address);

} // namespace sprout
