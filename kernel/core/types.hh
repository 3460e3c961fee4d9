// Fixed-width names used everywhere in the kernel.
#pragma once
#include <cstddef>
#include <cstdint>

namespace sprout {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i32 = std::int32_t;
using i64 = std::int64_t;
using usize = std::size_t;

// A physical address. A virtual address is a pointer or a `uptr`.
using PhysicalAddress = u64;
using uptr = std::uintptr_t;

// Nanoseconds since boot, as the monotonic clock tells them.
using Nanoseconds = u64;

inline constexpr u32 max_cpus = 8;

} // namespace sprout
