// Variables of the command line: `--env NAME=VALUE` sets one, `$NAME` and `${NAME}` read it. Pure; tested on the host.
#pragma once
#include "core/types.hh"

namespace sprout {

struct Environment {
    static constexpr usize capacity = 4096;

    char storage[capacity] = {}; // "NAME=VALUE", each terminated, one behind the other
    u32 used = 0;                // bytes of `storage`

    // The value, terminated; null when there is no such variable. Valid until the next set().
    char const* get(char const* name, usize name_length) const;
    // False when there is no room left, and then nothing has changed. Precondition: the name is not empty and has no
    // '='.
    bool set(char const* name, usize name_length, char const* value, usize value_length);
};

} // namespace sprout
