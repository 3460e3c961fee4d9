// The kernel's way from boot to its programs.
#include "arch/x64/acpi.hh"
#include "arch/x64/apic.hh"
#include "arch/x64/boot_info.hh"
#include "arch/x64/clock_source.hh"
#include "arch/x64/cpu.hh"
#include "arch/x64/descriptors.hh"
#include "arch/x64/interrupts.hh"
#include "arch/x64/paging.hh"
#include "arch/x64/registers.hh"
#include "arch/x64/smp.hh"
#include "core/boot_phases.hh"
#include "core/command_line.hh"
#include "core/panic.hh"
#include "core/print.hh"
#include "core/profile.hh"
#include "core/program.hh"
#include "core/trace.hh"
#include "drivers/power.hh"
#include "drivers/serial.hh"
#include "fs/vfs.hh"
#include "mm/allocation_tracking.hh"
#include "mm/early_arena.hh"
#include "mm/malloc_pool.hh"
#include "mm/page_allocator.hh"
#include "mm/page_pool.hh"
#include "mm/stack_area.hh"
#include "sched/scheduler.hh"

extern "C" {
extern char sprout_image_begin[], sprout_image_end[];
extern void (*const sprout_constructors_begin[])();
extern void (*const sprout_constructors_end[])();
}

namespace sprout {

namespace {

constexpr usize main_stack_size = 32 * 1024;
constexpr usize boot_fault_stack_size = 8192;
constexpr u64 early_arena_size = 256 * 1024;
constexpr u64 smallest_early_arena = 64 * 1024;
constexpr u8 status_bad_command_line = 2;

// Until memory works: interrupts are off, only an exception can come, and it ends the kernel.
alignas(16) u8 g_boot_fault_stack[boot_fault_stack_size];
ThreadStack g_main_stack;

void run_constructors()
{
    for (auto const* constructor = sprout_constructors_begin; constructor != sprout_constructors_end; ++constructor)
        (*constructor)();
}

// Where the arena that begins at `begin` ends: where its RAM does, at the latest.
PhysicalAddress end_of_arena(PhysicalAddress begin)
{
    for (usize index = 0; index < arch::g_ram_range_count; ++index) {
        auto const& range = arch::g_ram_ranges[index];
        if (begin < range.begin || begin + smallest_early_arena > range.end)
            continue;
        return begin + early_arena_size < range.end ? begin + early_arena_size : range.end;
    }
    panic("not enough RAM: less than %llu KiB behind the kernel image",
        static_cast<unsigned long long>(smallest_early_arena / 1024));
}

// The arena lies right behind the image, in the same RAM range.
void initialize_memory()
{
    auto const image_begin = arch::virtual_to_physical(sprout_image_begin);
    auto const image_end = arch::virtual_to_physical(sprout_image_end);
    memory_declare(image_begin, image_end, PageKind::image);
    memory_declare(arch::trampoline_address, arch::trampoline_address + arch::page_size, PageKind::reserved);
    auto arena_begin = image_end;
    for (usize index = 0; index < arch::g_boot_info.module_count; ++index) {
        auto const& module = arch::g_boot_info.modules[index];
        memory_declare(module.begin, module.end, PageKind::boot_module);
        if (module.begin < arena_begin + early_arena_size && module.end > arena_begin)
            arena_begin = (module.end + arch::page_size - 1) & ~(arch::page_size - 1);
    }
    early_arena_open(arena_begin, end_of_arena(arena_begin));
    boot_phase("page tables");
    arch::paging_initialize();
    boot_phase("ACPI");
    arch::read_acpi(arch::g_boot_info.acpi_root);
    arch::apic_initialize();
    boot_phase("memory");
    memory_initialize();
    page_pools_initialize();
    malloc_initialize();
}

// For the CPUs that are up.
void make_trace_rings()
{
    if (g_kernel_options.trace_records && trace_initialize(g_kernel_options.trace_records).is_error())
        print("There is no RAM for trace rings of %llu records.\n",
            static_cast<unsigned long long>(g_kernel_options.trace_records));
}

void initialize_time_and_threads()
{
    boot_phase("clock");
    arch::apic_enable();
    arch::g_cpus[0].apic_id = arch::apic_id();
    arch::clock_source_initialize(g_kernel_options.clock);
    boot_phase("scheduler");
    g_trace_mask = g_kernel_options.trace_mask;
    make_trace_rings();
    if (scheduler_initialize(g_main_stack).is_error())
        panic("no RAM for the scheduler");
    clock_keep_going();
    arch::enable_interrupts();
    boot_phase("other CPUs");
    arch::start_secondary_cpus(g_kernel_options.cpus);
    make_trace_rings();
    page_pools_resize(arch::g_cpu_count);
}

void initialize_services()
{
    boot_phase("services");
    if (g_kernel_options.profile_hertz && profile_start(g_kernel_options.profile_hertz).is_error())
        print("There is no RAM to take samples.\n");
    if (g_kernel_options.tracked_allocations
        && allocation_tracking_start(g_kernel_options.tracked_allocations).is_error())
        print("There is no RAM to track %llu allocations.\n",
            static_cast<unsigned long long>(g_kernel_options.tracked_allocations));
    if (vfs_initialize().is_error())
        panic("no RAM for the root file system");
}

void print_help()
{
    print("%s\nPrograms:\n", kernel_options_help);
    for (auto const* program = first_program(); program != end_of_programs(); ++program)
        print("  %-16s %s\n", (*program)->name, (*program)->summary);
}

int run_programs()
{
    if (!g_kernel_options.help)
        return run_command_line(g_command_line);
    print_help();
    return 0;
}

Result<void> allocate_stacks()
{
    g_main_stack = TRY(stack_allocate(main_stack_size, nullptr));
    arch::use_interrupt_stacks(arch::g_cpus[0], TRY(arch::allocate_interrupt_stacks()));
    return {};
}

// The second half of the boot, and all that comes after: on the stack of the thread "main".
void go_on(void*)
{
    initialize_time_and_threads();
    initialize_services();
    boot_phase("programs");
    if (g_kernel_options.log != LogLevel::quiet)
        print("Sprout: %u CPUs, %llu KiB RAM, up in %llu us\n", arch::g_cpu_count,
            static_cast<unsigned long long>(arch::g_ram_bytes / 1024), static_cast<unsigned long long>(now() / 1000));
    auto const status = run_programs();
    if (g_kernel_options.at_end == AtEnd::halt)
        for (;;)
            thread_sleep(3'600'000'000'000);
    end_machine(static_cast<u8>(status < 0 || status >= status_panic ? status_panic - 1 : status));
}

// The boot stacks have no guard pages: they are left as soon as others can be had.
[[noreturn]] void leave_boot_stacks()
{
    if (allocate_stacks().is_error())
        panic("no RAM for the first stacks");
    u64 left_behind;
    arch::sprout_switch_stacks(
        &left_behind, arch::prepare_initial_stack(g_main_stack.base + g_main_stack.size, go_on, nullptr));
    __builtin_unreachable();
}

} // namespace

// From boot.S, on the boot stack, with the boot page tables.
extern "C" [[noreturn]] void sprout_boot(PhysicalAddress start_info)
{
    boot_phase("interrupts");
    arch::g_cpus[0].online = true;
    auto const end_of_stack = reinterpret_cast<u64>(g_boot_fault_stack) + boot_fault_stack_size;
    arch::descriptors_initialize(arch::g_cpus[0], { end_of_stack, end_of_stack, end_of_stack });
    boot_phase("console");
    serial_initialize();
    boot_phase("command line");
    run_constructors();
    arch::read_boot_info(start_info);
    bool const command_line_is_sound = initialize_command_line(arch::g_boot_info.command_line);
    initialize_memory();
    if (!command_line_is_sound) {
        print("%s\n", g_command_line.error);
        end_machine(status_bad_command_line);
    }
    leave_boot_stacks();
}

} // namespace sprout
