// The machine's end.
#pragma once
#include "core/types.hh"

namespace sprout {

inline constexpr u8 status_panic = 127;

// Ends the machine. With QEMU's isa-debug-exit device at port 0xf4 QEMU's exit code is 2 * status + 1 (status 0 to 127,
// 127 is a panic: 255); without it, or on hardware, ACPI powers off and the status is lost.
[[noreturn]] void end_machine(u8 status);
[[noreturn]] void reboot_machine();

// What ACPI's FADT tells about powering off; called once at boot by the ACPI reader.
void set_power_off_by_port(u16 pm1a_control, u16 value);
void set_power_off_by_register(u64 physical, u8 value);

} // namespace sprout
