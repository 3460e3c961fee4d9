// Boots mm/ on the host, as boot does in the guest.
#pragma once
#include "check.hh"
#include "host.hh"
#include "mm/early_arena.hh"
#include "mm/malloc_pool.hh"
#include "mm/page_allocator.hh"
#include "mm/page_pool.hh"
#include "mm/verify.hh"
#include <thread>
#include <vector>

namespace host {

inline constexpr sprout::u64 kib = 1024;
inline constexpr sprout::u64 mib = 1024 * kib;
inline constexpr sprout::u64 gib = 1024 * mib;

// What a PC has: RAM below the EBDA, RAM from 1 MiB on, and above 4 GiB what does not fit below 3 GiB.
inline void set_pc_ram(sprout::u64 bytes)
{
    auto const low_end = bytes < 3 * gib ? bytes : 3 * gib;
    if (bytes > 3 * gib)
        set_ram({ { 0, 0x9f000 }, { mib, low_end }, { 4 * gib, 4 * gib + bytes - low_end } });
    else
        set_ram({ { 0, 0x9f000 }, { mib, low_end } });
}

// A kernel image of 512 KiB at 1 MiB, the arena behind it, the trampoline at 0x8000.
inline void boot_memory(sprout::u64 bytes, sprout::u32 cpus = 1)
{
    using namespace sprout;
    set_pc_ram(bytes);
    early_arena_open(mib + 512 * kib, 2 * mib);
    memory_declare(mib, mib + 512 * kib, PageKind::image);
    memory_declare(0x8000, 0x9000, PageKind::reserved);
    memory_initialize();
    page_pools_initialize();
    malloc_initialize();
    page_pools_resize(cpus);
}

// Runs function(cpu) at once on as many threads as CPUs.
template<typename Function> void on_each_cpu(sprout::u32 cpus, Function function)
{
    std::vector<std::thread> threads;
    for (sprout::u32 cpu = 0; cpu < cpus; ++cpu)
        threads.emplace_back([cpu, &function] {
            set_cpu(cpu);
            function(cpu);
        });
    for (auto& thread : threads)
        thread.join();
}

// A small generator, the same on every run.
struct Random {
    sprout::u64 state;
    explicit Random(sprout::u64 seed)
        : state(seed * 2 + 1)
    {
    }
    sprout::u64 operator()(sprout::u64 below)
    {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return state % below;
    }
};

} // namespace host

#define CHECK_MEMORY()                                                                                                 \
    do {                                                                                                               \
        ::sprout::MemoryFault memory_fault;                                                                            \
        if (!::sprout::memory_verify(memory_fault))                                                                    \
            ::host::check_failed(__FILE__, __LINE__, memory_fault.text);                                               \
    } while (false)
