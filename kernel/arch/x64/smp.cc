#include "arch/x64/smp.hh"
#include "arch/x64/acpi.hh"
#include "arch/x64/apic.hh"
#include "arch/x64/cpu.hh"
#include "arch/x64/descriptors.hh"
#include "arch/x64/interrupts.hh"
#include "arch/x64/paging.hh"
#include "arch/x64/registers.hh"
#include "core/print.hh"
#include "mm/page_allocator.hh"
#include "mm/stack_area.hh"
#include "sched/clock.hh"
#include "sched/scheduler.hh"
#include <cstring>

extern "C" {
extern char sprout_trampoline_begin[], sprout_trampoline_end[], sprout_boot_root[];
// Read by trampoline.S: one CPU starts at a time.
sprout::u64 sprout_secondary_stack;
sprout::u64 sprout_secondary_root;
sprout::arch::Cpu* sprout_secondary_cpu;
}

namespace sprout::arch {

namespace {

constexpr Nanoseconds longest_start = 200'000'000;
constexpr usize idle_stack_size = 16 * 1024;
constexpr u32 interrupt_stacks_order = 3;
static_assert(page_size << interrupt_stacks_order >= cpu_stacks_size);

// What the CPU that starts finds its stacks by.
struct Start {
    ThreadStack idle_stack;
    u8* interrupt_stacks;
};
Start g_starts[max_cpus];

Result<void> prepare(Cpu& cpu)
{
    auto& start = g_starts[cpu.index];
    start.idle_stack = TRY(stack_allocate(idle_stack_size, nullptr));
    auto* pages
        = TRY(allocate_pages(interrupt_stacks_order, PageKind::kernel_data, const_cast<char*>("interrupt stacks")));
    start.interrupt_stacks = static_cast<u8*>(address_of(*pages));
    sprout_secondary_stack = start.idle_stack.base + start.idle_stack.size;
    sprout_secondary_cpu = &cpu;
    return {};
}

bool wait_until_online(Cpu const& cpu)
{
    auto const deadline = now() + longest_start;
    // Until it runs its idle thread: threads can be given to it then.
    while (!__atomic_load_n(&g_run_queues.on(cpu.index).idle, __ATOMIC_ACQUIRE)) {
        if (now() >= deadline)
            return false;
        pause();
    }
    return true;
}

bool start(Cpu& cpu)
{
    if (prepare(cpu).is_error())
        return false;
    send_ipi(cpu.apic_id, Ipi::init, 0);
    send_ipi(cpu.apic_id, Ipi::startup, trampoline_address / page_size);
    return wait_until_online(cpu);
}

} // namespace

extern "C" [[noreturn]] void sprout_secondary_boot(Cpu* cpu)
{
    auto const& start = g_starts[cpu->index];
    descriptors_initialize(*cpu, start.interrupt_stacks);
    apic_enable();
    __atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE);
    scheduler_start_secondary(start.idle_stack);
}

void start_secondary_cpus(u32 limit)
{
    auto const count = limit && limit < g_acpi.cpu_count ? limit : g_acpi.cpu_count;
    memcpy(physical_to_virtual(trampoline_address), sprout_trampoline_begin,
        static_cast<usize>(sprout_trampoline_end - sprout_trampoline_begin));
    sprout_secondary_root = page_table_root();
    for (u32 listed = 0; listed < g_acpi.cpu_count && g_cpu_count < count; ++listed) {
        if (g_acpi.apic_ids[listed] == g_cpus[0].apic_id)
            continue;
        auto& cpu = g_cpus[g_cpu_count];
        cpu.index = g_cpu_count;
        cpu.apic_id = g_acpi.apic_ids[listed];
        if (start(cpu))
            __atomic_store_n(&g_cpu_count, g_cpu_count + 1, __ATOMIC_RELEASE);
        else
            print("The CPU with APIC id %u did not start.\n", cpu.apic_id);
    }
}

} // namespace sprout::arch
