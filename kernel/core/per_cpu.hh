// One T for each CPU, each on cache lines of its own.
#pragma once
#include "arch/x64/cpu.hh"
#include "core/types.hh"

namespace sprout {

template<typename T> struct PerCpu {
    struct alignas(64) Slot {
        T value;
    };
    Slot slots[max_cpus];

    // Precondition: the caller cannot migrate (interrupts or preemption are off).
    T& local() { return slots[arch::cpu_index()].value; }
    T& on(u32 cpu) { return slots[cpu].value; }
};

} // namespace sprout
