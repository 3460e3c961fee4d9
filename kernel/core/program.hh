// A program built into the image: the command line starts it by name. Tests and the workload are programs.
#pragma once
#include "core/types.hh"

namespace sprout {

struct Program {
    char const* name;
    char const* summary;
    int (*main)(
        int argument_count, char const* const* arguments); // arguments[0] is the name; the exit status is returned
};

// A pointer to it is placed in a linker section that core/program.cc walks: nothing else names the program.
#define SPROUT_PROGRAM(identifier, name, summary, function)                                                            \
    constinit ::sprout::Program const identifier { name, summary, function };                                          \
    [[gnu::used, gnu::section(".sprout.programs")]] constinit ::sprout::Program const* const identifier##_entry        \
        = &identifier

// All programs of the image: [first_program(), end_of_programs()).
Program const* const* first_program();
Program const* const* end_of_programs();
// Null when there is no such program.
Program const* find_program(char const* name);

} // namespace sprout
