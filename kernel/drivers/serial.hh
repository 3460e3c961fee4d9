// COM1 and QEMU's debugcon (port 0xe9): where print() goes.
#pragma once
#include "core/types.hh"

namespace sprout {

// 115200 baud, 8N1. Usable before anything else; finds out which of the two exist.
void serial_initialize();
void serial_write(char const* text, usize length);
// Waits until the last byte has left.
void serial_flush();

} // namespace sprout
