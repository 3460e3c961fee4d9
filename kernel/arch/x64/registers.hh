// Control and model-specific registers, and I/O ports.
#pragma once
#include "core/types.hh"

namespace sprout::arch {

inline constexpr u32 msr_apic_base = 0x1b;
inline constexpr u32 msr_efer = 0xc0000080;
inline constexpr u32 msr_gs_base = 0xc0000101;

inline u64 read_msr(u32 number)
{
    u32 low, high;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
    return static_cast<u64>(high) << 32 | low;
}
inline void write_msr(u32 number, u64 value)
{
    asm volatile("wrmsr" ::"c"(number), "a"(static_cast<u32>(value)), "d"(static_cast<u32>(value >> 32)) : "memory");
}
inline u64 read_cr2()
{
    u64 value;
    asm volatile("movq %%cr2, %0" : "=r"(value));
    return value;
}
inline u64 read_cr3()
{
    u64 value;
    asm volatile("movq %%cr3, %0" : "=r"(value));
    return value;
}
inline void write_cr3(u64 value) { asm volatile("movq %0, %%cr3" ::"r"(value) : "memory"); }
inline void invalidate_page(uptr address) { asm volatile("invlpg (%0)" ::"r"(address) : "memory"); }

struct CpuidResult {
    u32 eax, ebx, ecx, edx;
};
inline CpuidResult cpuid(u32 leaf, u32 subleaf = 0)
{
    CpuidResult result;
    asm volatile("cpuid"
                 : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
                 : "a"(leaf), "c"(subleaf));
    return result;
}

// Ordered against itself on one CPU: no later read of the counter can come first.
inline u64 read_tsc()
{
    u32 low, high;
    asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
    return static_cast<u64>(high) << 32 | low;
}

inline void out8(u16 port, u8 value) { asm volatile("outb %0, %1" ::"a"(value), "Nd"(port)); }
inline void out16(u16 port, u16 value) { asm volatile("outw %0, %1" ::"a"(value), "Nd"(port)); }
inline void out32(u16 port, u32 value) { asm volatile("outl %0, %1" ::"a"(value), "Nd"(port)); }
inline u8 in8(u16 port)
{
    u8 value;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
inline u32 in32(u16 port)
{
    u32 value;
    asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

} // namespace sprout::arch
