// Faults of the kernel itself: each program ends in a panic that names what happened.
#include "core/program.hh"
#include "tests/image/check.hh"

namespace sprout::test {

namespace {

int read_null(int, char const* const*)
{
    auto* volatile nowhere = reinterpret_cast<u64 volatile*>(0x10);
    return static_cast<int>(*nowhere);
}

int write_constant(int, char const* const*)
{
    static constexpr u64 constant = 7;
    *const_cast<u64 volatile*>(&constant) = 8;
    return 1;
}

int execute_data(int, char const* const*)
{
    static u8 code[] = { 0xc3 };
    reinterpret_cast<void (*)()>(code)();
    return 1;
}

int invalid_opcode(int, char const* const*) { __builtin_trap(); }

} // namespace

SPROUT_PROGRAM(s_read_null, "test-read-null", "reads address 0x10: it must panic", read_null);
SPROUT_PROGRAM(s_write_constant, "test-write-constant", "writes a constant: it must panic", write_constant);
SPROUT_PROGRAM(s_execute_data, "test-execute-data", "runs data: it must panic", execute_data);
SPROUT_PROGRAM(s_invalid_opcode, "test-invalid-opcode", "runs ud2: it must panic", invalid_opcode);

} // namespace sprout::test
