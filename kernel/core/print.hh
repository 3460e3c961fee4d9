// Text to the console. Formats: %s %c %d %i %u %x %p %zu %lu %llu %ld %lld %lx %llx %%, width and zero padding.
#pragma once
#include "core/types.hh"
#include <cstdarg>

namespace sprout {

// One line is printed whole: concurrent printers do not mix within one call.
void print(char const* format, ...) __attribute__((format(printf, 1, 2)));

// Formats into `buffer` of `size` bytes, always terminated when size > 0; returns the length that was needed.
usize format_string(char* buffer, usize size, char const* format, ...) __attribute__((format(printf, 3, 4)));
usize format_string_v(char* buffer, usize size, char const* format, va_list arguments);

// For a panic alone, when the other CPUs are stopped: frees the console from whoever was printing.
void print_break_lock();

} // namespace sprout
