// Bootable tests: a program is a list of cases. A case that fails panics with the place and the values; one that passes
// prints `ok NAME` and how long it took. Arguments, if any, name the cases to run.
#pragma once
#include "core/panic.hh"
#include "core/print.hh"
#include "core/types.hh"
#include "sched/clock.hh"

namespace sprout::test {

struct Case {
    char const* name;
    void (*run)();
};

inline bool equal(char const* left, char const* right)
{
    for (; *left && *left == *right; ++left, ++right) { }
    return *left == *right;
}

template<usize count> int run_cases(Case const (&cases)[count], int argument_count, char const* const* arguments)
{
    int ran = 0;
    for (auto const& test_case : cases) {
        bool wanted = argument_count < 2;
        for (int index = 1; index < argument_count; ++index)
            wanted |= equal(arguments[index], test_case.name);
        if (!wanted)
            continue;
        auto const began = now();
        test_case.run();
        print("ok %s (%lu ms)\n", test_case.name, (now() - began) / 1'000'000);
        ++ran;
    }
    return ran ? 0 : 1;
}

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) [[unlikely]]                                                                                 \
            ::sprout::panic("check failed: %s (%s:%d)", #condition, __FILE__, __LINE__);                               \
    } while (false)

// Compares whole numbers, or anything that converts to u64.
#define CHECK_EQUAL(left, right)                                                                                       \
    do {                                                                                                               \
        auto const left_value = static_cast<::sprout::u64>(left);                                                      \
        auto const right_value = static_cast<::sprout::u64>(right);                                                    \
        if (left_value != right_value) [[unlikely]]                                                                    \
            ::sprout::panic("check failed: %s is %lu, %s is %lu (%s:%d)", #left, left_value, #right, right_value,      \
                __FILE__, __LINE__);                                                                                   \
    } while (false)

} // namespace sprout::test
