// What happened lately: one ring of fixed-size records per CPU, written by the kernel, read by the debugger from RAM
// alone.
#pragma once
#include "core/per_cpu.hh"
#include "core/result.hh"
#include "core/types.hh"
#include <atomic>

namespace sprout {

enum class TraceKind : u8 {
    none,
    thread_switch,   // object: the thread switched to; value: its id
    thread_wake,     // object: the thread woken; value: the CPU it goes to
    lock_wait,       // object: the Lock or WaitQueue; value: its kind
    lock_acquire,    // object: the Lock; value: nanoseconds waited (0: at once)
    lock_release,    // object: the Lock; value: nanoseconds held
    allocate,        // object: the address; value: the bytes asked for
    release_memory,  // object: the address
    timer_fire,      // object: the Timer; value: nanoseconds late
    vnode_operation, // object: the Vnode; value: a VnodeOperation
    thread_start,    // object: the thread; value: its id
    thread_exit,     // object: the thread; value: its id
};

struct TraceRecord {
    Nanoseconds time;
    u32 thread;     // id of the thread that ran, 0 before the scheduler
    TraceKind kind; // `none` while the record is being written: the reader skips it
    u8 reserved[3];
    u64 object;
    u64 value;
};
static_assert(sizeof(TraceRecord) == 32);

struct TraceRing {
    TraceRecord* records = nullptr; // null until trace_initialize()
    u64 capacity = 0;               // a power of two
    std::atomic<u64> written = 0;   // records ever written; the next goes to `written % capacity`
};

extern PerCpu<TraceRing> g_trace_rings;
// One bit for each TraceKind that is recorded; --trace=kinds sets it. Allocation kinds are off by default.
extern u32 g_trace_mask;

// `records_per_cpu` is rounded up to a power of two. Makes rings for the CPUs that came up (the boot CPU at least) and
// have none; called after the page allocator is up, and again for CPUs that come up later.
Result<void> trace_initialize(u64 records_per_cpu);

void trace_record(TraceKind kind, u64 object, u64 value);
// The same of an event whose time was read already. Precondition: interrupts are off since.
void trace_record_at(Nanoseconds time, TraceKind kind, u64 object, u64 value);

inline void trace(TraceKind kind, void const* object, u64 value = 0)
{
    if (g_trace_mask & (1u << static_cast<u32>(kind))) [[likely]]
        trace_record(kind, reinterpret_cast<u64>(object), value);
}
inline void trace_at(Nanoseconds time, TraceKind kind, void const* object, u64 value)
{
    if (g_trace_mask & (1u << static_cast<u32>(kind))) [[likely]]
        trace_record_at(time, kind, reinterpret_cast<u64>(object), value);
}

} // namespace sprout
