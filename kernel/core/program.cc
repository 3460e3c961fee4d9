#include "core/program.hh"
#include <cstring>

extern "C" sprout::Program const* const sprout_programs_begin[];
extern "C" sprout::Program const* const sprout_programs_end[];

namespace sprout {

Program const* const* first_program() { return sprout_programs_begin; }
Program const* const* end_of_programs() { return sprout_programs_end; }

Program const* find_program(char const* name)
{
    for (auto const* program = first_program(); program != end_of_programs(); ++program)
        if (!strcmp((*program)->name, name))
            return *program;
    return nullptr;
}

} // namespace sprout
