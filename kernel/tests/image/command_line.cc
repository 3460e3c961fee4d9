// The command line's programs: in turn, side by side, from scripts; their exit status, their variables.
#include "core/command_line.hh"
#include "core/program.hh"
#include "fs/vfs.hh"
#include "tests/image/threads.hh"
#include <cstring>
#include <new>

namespace sprout::test {

namespace {

char g_journal[256]; // what the programs below noted
Mutex g_journal_lock { "journal" };
std::atomic<u32> g_waiting;

void note(char const* word)
{
    ScopedLock lock(g_journal_lock);
    auto const length = strlen(g_journal);
    format_string(g_journal + length, sizeof(g_journal) - length, length ? " %s" : "%s", word);
}

// `note WORD [STATUS]`: notes the word, and ends with the status.
int note_main(int argument_count, char const* const* arguments)
{
    note(argument_count > 1 ? arguments[1] : "(nothing)");
    return argument_count > 2 ? arguments[2][0] - '0' : 0;
}

// `meet N`: ends when N of it run at the same time.
int meet_main(int, char const* const* arguments)
{
    auto const wanted = static_cast<u32>(arguments[1][0] - '0');
    ++g_waiting;
    wait_until("the others", [&] { return g_waiting.load() >= wanted; });
    return 0;
}

int run(char const* text)
{
    g_journal[0] = 0;
    g_waiting = 0;
    // As a script does it: the same parser, the same runner, the same variables.
    auto file = vfs_open("/script", open_write | open_create | open_truncate);
    CHECK(!file.is_error());
    CHECK(vfs_write(*file.value(), text, strlen(text)).value() == strlen(text));
    vfs_close(file.value());
    static constinit CommandLine line;
    line = {};
    Environment environment;
    char const command[] = "runscript /script";
    CHECK(parse_command_line(command, strlen(command), environment, nullptr, line));
    auto const status = run_command_line(line);
    CHECK(!vfs_unlink("/script").is_error());
    return status;
}

bool noted(char const* words) { return equal(g_journal, words); }

void programs_run_in_turn()
{
    CHECK_EQUAL(run("note a; note b\n# note x\nnote 'c d'\n"), 0);
    CHECK(noted("a b c d"));
    CHECK_EQUAL(run(""), 0);
}

void programs_run_side_by_side()
{
    CHECK_EQUAL(run("meet 4 & meet 4 & meet 4 & meet 4"), 0);
    CHECK_EQUAL(g_waiting.load(), 4);
    CHECK_EQUAL(run("meet 2 &; meet 2 &\nnote end"), 0);
    CHECK(noted("end"));
}

void the_first_failure_is_the_status()
{
    CHECK_EQUAL(run("note a; note b 3; note c 4"), 3);
    CHECK(noted("a b c"));
    CHECK_EQUAL(run("note a 5 &"), 5);
    CHECK_EQUAL(run("no-such-program; note a"), 126);
    CHECK(noted("a"));
}

void variables_reach_the_programs()
{
    CHECK_EQUAL(run("--env WHO=me note $WHO; --env WHO='you all' note \"$WHO\"; note ${WHO}!"), 0);
    CHECK(noted("me you all you all!"));
    char value[16];
    CHECK(environment_get("WHO", value, sizeof(value)) && equal(value, "you all"));
    CHECK(environment_get("WHO", value, 4) && equal(value, "you"));
    CHECK(!environment_get("NOBODY", value, sizeof(value)));
}

void a_bad_script_runs_nothing()
{
    CHECK_EQUAL(run("note a\nnote 'b"), 2);
    CHECK(noted(""));
    CHECK_EQUAL(run("note a\n--cpus=1 note b"), 2);
    CHECK_EQUAL(run("runscript /none"), 2);
    CHECK_EQUAL(run("runscript"), 2);
    CHECK_EQUAL(run("runscript /"), 2);
    // A script that runs itself comes to an end.
    CHECK_EQUAL(run("note a\nrunscript /script"), 2);
    CHECK(noted("a a a a a a a a"));
}

constexpr Case cases[] = {
    { "programs-run-in-turn", programs_run_in_turn },
    { "programs-run-side-by-side", programs_run_side_by_side },
    { "the-first-failure-is-the-status", the_first_failure_is_the_status },
    { "variables-reach-the-programs", variables_reach_the_programs },
    { "a-bad-script-runs-nothing", a_bad_script_runs_nothing },
};

int main(int argument_count, char const* const* arguments) { return run_cases(cases, argument_count, arguments); }

} // namespace

} // namespace sprout::test

SPROUT_PROGRAM(g_command_line_test, "test-command-line", "programs, scripts, variables", sprout::test::main);
SPROUT_PROGRAM(g_note_program, "note", "of the command line's test", sprout::test::note_main);
SPROUT_PROGRAM(g_meet_program, "meet", "of the command line's test", sprout::test::meet_main);
