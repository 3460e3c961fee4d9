#include "arch/x64/smp.hh"
#include "arch/x64/acpi.hh"
#include "arch/x64/apic.hh"
#include "arch/x64/cpu.hh"
#include "arch/x64/descriptors.hh"
#include "arch/x64/interrupt_stacks.hh"
#include "arch/x64/interrupts.hh"
#include "arch/x64/paging.hh"
#include "arch/x64/registers.hh"
#include "core/print.hh"
#include "mm/stack_area.hh"
#include "sched/clock.hh"
#include "sched/scheduler.hh"
#include <cstring>

extern "C" {
extern char sprout_trampoline_begin[], sprout_trampoline_end[], sprout_boot_root[];
// Read by trampoline.S: one CPU starts at a time. The offer is 1 until a CPU takes it: then the rest is that CPU's.
sprout::u32 sprout_secondary_offer;
sprout::u64 sprout_secondary_stack;
sprout::u64 sprout_secondary_root;
sprout::arch::Cpu* sprout_secondary_cpu;
}

namespace sprout::arch {

namespace {

constexpr Nanoseconds usual_start = 20'000'000;
constexpr Nanoseconds longest_start = 2'000'000'000; // a loaded host may let a virtual CPU wait
constexpr usize idle_stack_size = 16 * 1024;

// What the CPU that starts finds its stacks by. Those of a CPU that did not come serve the next one.
struct Start {
    ThreadStack idle_stack;
    InterruptStacks interrupt_stacks;
};
Start g_starts[max_cpus];

Result<void> prepare(Cpu& cpu)
{
    auto& start = g_starts[cpu.index];
    if (!start.idle_stack.size)
        start.idle_stack = TRY(stack_allocate(idle_stack_size, nullptr));
    if (!start.interrupt_stacks.nmi)
        start.interrupt_stacks = TRY(allocate_interrupt_stacks());
    sprout_secondary_stack = start.idle_stack.base + start.idle_stack.size;
    sprout_secondary_cpu = &cpu;
    __atomic_store_n(&sprout_secondary_offer, 1, __ATOMIC_RELEASE);
    return {};
}

bool wait_until_offer_is_taken(Nanoseconds longest)
{
    auto const deadline = now() + longest;
    while (__atomic_load_n(&sprout_secondary_offer, __ATOMIC_ACQUIRE)) {
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
    if (!wait_until_offer_is_taken(usual_start)) {
        // Intel SDM volume 3, 8.4.4.1: once more; a CPU that has begun does not mind.
        send_ipi(cpu.apic_id, Ipi::startup, trampoline_address / page_size);
        if (!wait_until_offer_is_taken(longest_start)
            && __atomic_exchange_n(&sprout_secondary_offer, 0, __ATOMIC_ACQ_REL))
            return false;
    }
    // It is on its way. Until it runs its idle thread: threads can be given to it then.
    while (!__atomic_load_n(&g_run_queues.on(cpu.index).idle, __ATOMIC_ACQUIRE))
        pause();
    return true;
}

} // namespace

extern "C" [[noreturn]] void sprout_secondary_boot(Cpu* cpu)
{
    auto const& start = g_starts[cpu->index];
    descriptors_initialize(*cpu, start.interrupt_stacks);
    apic_enable();
    cpu->apic_id = apic_id(); // whoever came first took the offer
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
