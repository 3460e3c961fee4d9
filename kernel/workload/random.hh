// Reproducible: each worker has one of its own, seeded by its number.
#pragma once
#include "core/types.hh"

namespace sprout::workload {

class Random {
public:
    explicit Random(u64 seed)
        : state_(seed * 0x9e37'79b9'7f4a'7c15 + 0x1234'5678'9abc'def1)
    {
    }
    // xorshift64*
    u64 next()
    {
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return state_ * 0x2545'f491'4f6c'dd1d;
    }
    // 0 to bound - 1; bound > 0
    u64 below(u64 bound) { return (next() >> 16) % bound; }

private:
    u64 state_; // never 0
};

} // namespace sprout::workload
