// Numbers as people write them on a command line.
#pragma once
#include "core/types.hh"

namespace sprout {

// Decimal digits, and then perhaps K, M or G (times 1024, 1024^2, 1024^3). False when `text` is anything else or too
// big.
inline bool parse_number(char const* text, u64& result)
{
    auto const* digits = text;
    u64 value = 0;
    for (; static_cast<u8>(*text - '0') < 10; ++text) {
        if (value > (~0ull - 9) / 10)
            return false;
        value = value * 10 + static_cast<u64>(*text - '0');
    }
    if (text == digits)
        return false;
    if (*text) {
        auto const shift = *text == 'K' ? 10 : *text == 'M' ? 20 : *text == 'G' ? 30 : 0;
        if (!shift || text[1] || value >> (64 - shift))
            return false;
        value <<= shift;
    }
    result = value;
    return true;
}

} // namespace sprout
