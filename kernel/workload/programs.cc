// Small programs that say that the kernel runs.
#include "core/print.hh"
#include "core/program.hh"
#include "sched/thread.hh"

namespace sprout {

namespace {

int hello(int argument_count, char const* const* arguments)
{
    print("Hello, %s!\n", argument_count > 1 ? arguments[1] : "world");
    return 0;
}

int idle(int, char const* const*)
{
    thread_sleep_until(~0ull);
    return 0;
}

int echo(int argument_count, char const* const* arguments)
{
    char line[512];
    usize length = 0;
    line[0] = 0;
    for (int i = 1; i < argument_count && length < sizeof(line); ++i)
        length += format_string(line + length, sizeof(line) - length, i > 1 ? " %s" : "%s", arguments[i]);
    print("%s\n", line);
    return 0;
}

} // namespace

} // namespace sprout

SPROUT_PROGRAM(g_hello_program, "hello", "prints a greeting and ends", sprout::hello);
SPROUT_PROGRAM(g_idle_program, "idle", "sleeps for ever", sprout::idle);
SPROUT_PROGRAM(g_echo_program, "echo", "prints its words", sprout::echo);
