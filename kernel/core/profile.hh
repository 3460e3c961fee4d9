// Which code runs: with --profile=HZ each CPU samples itself by a timer of its own into a ring, read by the debugger
// from RAM alone. Without it there is no ring and no timer.
//
// A timer comes by an interrupt: code that runs with interrupts off is told where it turns them on again. Callers are
// found by frame pointers. One that was interrupted before it had set up its frame, or that never does (gcc gives none
// to a leaf that leaves the stack alone), is known by the debug information: its return address is one of
// `top_of_stack`.
#pragma once
#include "core/per_cpu.hh"
#include "core/result.hh"
#include "sched/timer.hh"
#include <atomic>

namespace sprout {

struct ProfileSample {
    static constexpr u32 max_frames = 28;

    Nanoseconds time;
    u32 thread;             // id of the thread that was interrupted
    u32 depth;              // frames; 0 while the sample is being written: the reader skips it
    u64 top_of_stack[2];    // the words that RSP pointed to
    u64 frames[max_frames]; // innermost first: where it was interrupted, then return addresses
};
static_assert(sizeof(ProfileSample) == 256);

struct ProfileRing {
    ProfileSample* samples = nullptr; // null until profile_start()
    u64 capacity = 0;                 // a power of two
    std::atomic<u64> written = 0;     // samples ever written; the next goes to `written % capacity`
    Timer timer;                      // its period is the time between two samples
};

extern PerCpu<ProfileRing> g_profile_rings;

// Samples every CPU that came up `hertz` times a second, from now on. Once, on a thread. 0 < hertz <= 10,000.
Result<void> profile_start(u32 hertz);

} // namespace sprout
