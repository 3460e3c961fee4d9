// What the files of the scheduler share. Private to sched/.
#pragma once
#include "sched/thread.hh"

namespace sprout {

// The second half of each switch, on the stack of the thread that came. Interrupts are off.
void finish_switch();
// `thread` has finished and left its stack for good: wakes who joins it, or hands it to be reaped.
void thread_is_gone(Thread& thread);
// Adds a thread to g_threads and gives it its id.
void thread_register(Thread& thread, char const* name);
// Frees the detached threads that are gone. Never blocks.
void reap_threads();
// What an idle thread does.
[[noreturn]] void idle_loop(void*);
// Where a new thread begins: ends the switch to it, then runs its entry.
void thread_begin(void* thread);

} // namespace sprout
