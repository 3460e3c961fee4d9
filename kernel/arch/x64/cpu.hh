// One CPU: who it is, what it runs, and the stacks that it takes interrupts on.
#pragma once
#include "core/types.hh"

namespace sprout {
struct Thread;
}

namespace sprout::arch {

// Found through the GS base. The assembly in entry.S knows the offsets of the first fields.
struct Cpu {
    Cpu* self;
    Thread* current;       // set by the scheduler just before it switches stacks; null before the scheduler
    u32 preemption_depth;  // > 0: no preemption on this CPU
    u32 reschedule_wanted; // set by timer and IPI, honoured when preemption_depth is 0
    u32 index;             // 0 is the boot CPU
    u32 apic_id;
    u64 interrupt_stack; // top of the stack for interrupts (IST1)
    u64 fault_stack;     // top of the stack for exceptions (IST2)
    u64 nmi_stack;       // top of the stack for NMIs (IST3)
    u64 interrupt_depth; // > 0 while an interrupt or fault handler runs
    bool online;
    bool stopped; // for good, by another CPU's panic
};

extern Cpu g_cpus[max_cpus];
extern u32 g_cpu_count; // CPUs that came up

inline Cpu& this_cpu()
{
    Cpu* cpu;
    asm volatile("movq %%gs:0, %0" : "=r"(cpu));
    return *cpu;
}
// Where the caller may migrate at any moment, `this_cpu().field` can read another CPU's field: these are one
// instruction.
inline Thread* current_thread_pointer()
{
    Thread* thread;
    asm volatile("movq %%gs:8, %0" : "=r"(thread));
    return thread;
}
inline u32 cpu_index()
{
    u32 index;
    asm volatile("movl %%gs:24, %0" : "=r"(index));
    return index;
}
inline void increment_preemption_depth() { asm volatile("incl %%gs:16" ::: "memory", "cc"); }
inline void decrement_preemption_depth() { asm volatile("decl %%gs:16" ::: "memory", "cc"); }
static_assert(__builtin_offsetof(Cpu, current) == 8 && __builtin_offsetof(Cpu, preemption_depth) == 16
    && __builtin_offsetof(Cpu, index) == 24);

// Interrupts `cpu` so that it looks at its run queue.
void send_reschedule(u32 cpu);
// Stops every other CPU for good (panic), and waits until they have stopped, but not for ever.
void stop_other_cpus();

// Callee-saved state on a parked thread's stack: what Thread::stack_pointer points to. entry.S writes it.
struct SwitchFrame {
    u64 r15, r14, r13, r12, rbx, rbp;
    u64 return_address;
};

// Saves this thread's callee-saved registers on its stack and its stack pointer in `*from`, takes `to`.
extern "C" void sprout_switch_stacks(u64* from, u64 to);

// Builds a new thread's first SwitchFrame so that it calls entry(argument) with interrupts off: the entry belongs to
// the scheduler, which ends the switch and turns them on. Returns the stack pointer to switch to.
u64 prepare_initial_stack(u64 stack_top, void (*entry)(void*), void* argument);

} // namespace sprout::arch
