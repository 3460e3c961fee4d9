#include "arch/x64/interrupt_stacks.hh"
#include "arch/x64/cpu.hh"
#include "mm/stack_area.hh"

namespace sprout::arch {

namespace {

Result<u64> allocate_stack(usize size)
{
    auto const stack = TRY(stack_allocate(size, nullptr));
    return stack.base + stack.size;
}

struct NamedStack {
    char const* name;
    u64 end;
    usize size;
};

// Calls `function` with each stack of `cpu` until it returns true.
template<typename Function> char const* find_stack(Cpu const& cpu, Function function)
{
    NamedStack const stacks[] = { { "interrupt", cpu.interrupt_stack, interrupt_stack_size },
        { "fault", cpu.fault_stack, fault_stack_size }, { "NMI", cpu.nmi_stack, nmi_stack_size } };
    for (auto const& stack : stacks)
        if (function(stack))
            return stack.name;
    return nullptr;
}

} // namespace

Result<InterruptStacks> allocate_interrupt_stacks()
{
    InterruptStacks stacks;
    stacks.interrupt = TRY(allocate_stack(interrupt_stack_size));
    stacks.fault = TRY(allocate_stack(fault_stack_size));
    stacks.nmi = TRY(allocate_stack(nmi_stack_size));
    return stacks;
}

void own_interrupt_stacks(Cpu const& cpu, Thread& idle)
{
    find_stack(cpu, [&](NamedStack const& stack) {
        stack_give({ stack.end - stack.size, stack.size }, idle);
        return false;
    });
}

char const* overflown_interrupt_stack(Cpu const& cpu, uptr address)
{
    return find_stack(cpu, [&](NamedStack const& stack) {
        return address < stack.end - stack.size && address >= stack.end - stack_slot_size;
    });
}

} // namespace sprout::arch
