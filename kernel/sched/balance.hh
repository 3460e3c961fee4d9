// Which CPU a thread goes to. Private to the scheduler.
#pragma once
#include "sched/scheduler.hh"

namespace sprout {

// Where a thread that becomes ready should run; a guess made without locks. An idle CPU that is chosen is claimed.
u32 choose_cpu(Thread const& thread);

// Takes a ready thread from another CPU's queue into `queue`, this CPU's, whose lock the caller holds.
// False when there was none, or when its queue was busy just now.
bool steal_into(RunQueue& queue, Nanoseconds time);
// Whether another CPU has a thread to steal; a guess made without locks.
bool is_work_elsewhere();
// Called when a slice of this CPU ended, with `queue`'s lock held: gives a thread to a CPU that has less to do.
void balance_from(RunQueue& queue, Nanoseconds time);

// Asks an idle CPU, if there is one, to look for work.
void kick_idle_cpu();
// Makes `cpu` look at its run queue.
void request_reschedule(u32 cpu);

} // namespace sprout
