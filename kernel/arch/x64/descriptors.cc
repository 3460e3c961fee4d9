#include "arch/x64/descriptors.hh"
#include "arch/x64/registers.hh"

extern "C" char sprout_interrupt_entries[];

namespace sprout::arch {

Cpu g_cpus[max_cpus];
u32 g_cpu_count = 1;

namespace {

constexpr u16 selector_code = 0x08;
constexpr u16 selector_task = 0x10;
constexpr usize entry_size = 16; // of sprout_interrupt_entries
constexpr u8 vector_nmi = 2, exception_count = 32;
constexpr u8 stack_interrupt = 1, stack_fault = 2, stack_nmi = 3;

struct [[gnu::packed]] TaskState {
    u32 reserved0;
    u64 privilege_stacks[3];
    u64 reserved1;
    u64 interrupt_stacks[7];
    u64 reserved2;
    u16 reserved3;
    u16 io_map_base;
};

struct Gate {
    u16 offset_low;
    u16 selector;
    u8 stack;
    u8 type;
    u16 offset_middle;
    u32 offset_high;
    u32 reserved;
};

struct [[gnu::packed]] TablePointer {
    u16 limit;
    u64 base;
};

struct Descriptors {
    u64 gdt[4];
    TaskState task;
};

Descriptors g_descriptors[max_cpus];
Gate g_gates[256];

u8 stack_of(usize vector)
{
    if (vector == vector_nmi)
        return stack_nmi;
    return vector < exception_count ? stack_fault : stack_interrupt;
}

void fill_gates()
{
    constexpr u8 interrupt_gate = 0x8e; // present, ring 0, interrupts off
    for (usize vector = 0; vector < 256; ++vector) {
        auto const address = reinterpret_cast<u64>(sprout_interrupt_entries) + vector * entry_size;
        g_gates[vector] = { static_cast<u16>(address), selector_code, stack_of(vector), interrupt_gate,
            static_cast<u16>(address >> 16), static_cast<u32>(address >> 32), 0 };
    }
}

void fill_segments(Descriptors& descriptors)
{
    auto const base = reinterpret_cast<u64>(&descriptors.task);
    constexpr u64 limit = sizeof(TaskState) - 1;
    constexpr u64 available_task = 0x89;
    descriptors.gdt[selector_code / 8] = 0x0020'9a00'0000'0000;
    descriptors.gdt[selector_task / 8]
        = limit | (base & 0xff'ffff) << 16 | available_task << 40 | (base >> 24 & 0xff) << 56;
    descriptors.gdt[selector_task / 8 + 1] = base >> 32;
}

template<typename Table> TablePointer pointer_to(Table& table)
{
    return { sizeof(table) - 1, reinterpret_cast<u64>(&table) };
}

} // namespace

void use_interrupt_stacks(Cpu& cpu, InterruptStacks const& stacks)
{
    cpu.interrupt_stack = stacks.interrupt;
    cpu.fault_stack = stacks.fault;
    cpu.nmi_stack = stacks.nmi;
    auto& task = g_descriptors[cpu.index].task;
    task.interrupt_stacks[stack_interrupt - 1] = stacks.interrupt;
    task.interrupt_stacks[stack_fault - 1] = stacks.fault;
    task.interrupt_stacks[stack_nmi - 1] = stacks.nmi;
}

void descriptors_initialize(Cpu& cpu, InterruptStacks const& stacks)
{
    cpu.self = &cpu;
    use_interrupt_stacks(cpu, stacks);
    auto& descriptors = g_descriptors[cpu.index];
    descriptors.task.io_map_base = sizeof(TaskState);
    fill_segments(descriptors);
    if (cpu.index == 0)
        fill_gates();
    auto const gdt = pointer_to(descriptors.gdt);
    auto const idt = pointer_to(g_gates);
    asm volatile("lgdt %0" ::"m"(gdt));
    asm volatile("pushq %0; leaq 1f(%%rip), %%rax; pushq %%rax; lretq; 1:" ::"i"(selector_code) : "rax", "memory");
    asm volatile("ltr %0" ::"r"(selector_task));
    asm volatile("lidt %0" ::"m"(idt));
    write_msr(msr_gs_base, reinterpret_cast<u64>(&cpu));
}

} // namespace sprout::arch
