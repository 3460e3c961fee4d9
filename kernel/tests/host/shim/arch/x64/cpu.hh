// Host stand-in for arch/x64/cpu.hh: a CPU is whatever host::set_cpu() says of the calling std::thread.
#pragma once
#include "core/types.hh"

namespace sprout {
struct Thread;
}

namespace sprout::arch {

struct Cpu {
    Cpu* self = nullptr;
    Thread* current = nullptr;
    u32 preemption_depth = 0;
    u32 reschedule_wanted = 0;
    u32 index = 0;
    u32 apic_id = 0;
    u64 interrupt_stack = 0;
    u64 fault_stack = 0;
    u64 interrupt_depth = 0;
    bool online = false;
};

extern Cpu g_cpus[max_cpus];
extern u32 g_cpu_count;

Cpu& this_cpu();
u32 cpu_index();
inline Thread* current_thread_pointer() { return this_cpu().current; }
inline void increment_preemption_depth() { ++this_cpu().preemption_depth; }
inline void decrement_preemption_depth() { --this_cpu().preemption_depth; }
void send_reschedule(u32 cpu);
void stop_other_cpus();

} // namespace sprout::arch
