#include "core/boot_phases.hh"
#include "arch/x64/registers.hh"

namespace sprout {

constinit BootPhases g_boot_phases;

void boot_phase(char const* name)
{
    auto& boot = g_boot_phases;
    if (boot.count == BootPhases::most)
        return;
    boot.phases[boot.count] = { name, arch::read_tsc() };
    __atomic_store_n(&boot.count, boot.count + 1, __ATOMIC_RELEASE);
}

} // namespace sprout
