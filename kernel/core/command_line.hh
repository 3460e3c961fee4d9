// The kernel's command line: options, then programs (roadmap D1). A parser of our own, in less than 4 KB of code.
//
//   --trace=switch,lock --env NAME=Ada  hello "$NAME" ; workload threads=4 & runscript /etc/start
//
// - Long options stand before a program: `--name=value` or `--name value`; `--` ends them.
// - Words are divided by blanks. 'single quotes' keep everything, "double quotes" keep all but $ and \; a backslash
//   outside single quotes keeps the next character; # at the start of a word begins a comment up to the end of the
//   line.
// - `;` and the end of a line end a program, the next begins when it has ended; `&` runs it in a thread of its own.
// - $NAME and ${NAME} stand for a variable's value, which is never divided into words; an unknown variable is empty,
//   and a word that comes out empty without any quotes is left out.
// - `--env NAME=VALUE` holds for everything to the right of it, and may stand before any program.
//
// parse_command_line() is pure, needs no memory but its result, and is fuzzed on the host.
#pragma once
#include "core/environment.hh"
#include "core/trace.hh"
#include "core/types.hh"

namespace sprout {

enum class PanicMode : u8 {
    exit, // end the machine with exit status 255
    halt, // stay, so that a debugger can look
    reboot,
};
enum class LogLevel : u8 { quiet, normal, verbose };
enum class AtEnd : u8 {
    exit, // power off with the programs' exit status
    halt, // stay idle
};
enum class ClockChoice : u8 {
    best,
    tsc,
    hpet,
    hpet_wrap, // the HPET as if it had 32 bits, wrapping soon after boot: for tests
};

// Everything but the memory kinds.
inline constexpr u32 default_trace_mask = ~(1u << static_cast<u32>(TraceKind::none)
    | 1u << static_cast<u32>(TraceKind::allocate) | 1u << static_cast<u32>(TraceKind::release_memory));

struct KernelOptions {
    PanicMode panic = PanicMode::exit;     // --panic=exit|halt|reboot
    LogLevel log = LogLevel::normal;       // --log=quiet|normal|verbose
    AtEnd at_end = AtEnd::exit;            // --at-end=exit|halt
    ClockChoice clock = ClockChoice::best; // --clock=best|tsc|hpet|hpet-wrap
    bool help = false;                     // --help: list options and programs, then end
    u32 cpus = 0;                          // --cpus=1..8: bring up this many at most; 0: all
    u64 tracked_allocations = 0;           // --track-allocations[=capacity]: 0 is off
    u32 trace_mask = default_trace_mask;   // --trace=all|none|kind,kind: one bit for each TraceKind
    u64 trace_records = 4096;              // --trace-records=N for each CPU; 0: no rings at all
    u32 profile_hertz = 0;                 // --profile[=HZ]: samples a second of each CPU; 0 is off
};

// One program to run, with its words.
struct Invocation {
    char const* const* arguments = nullptr; // `count` words, arguments[0] is the program's name; a null follows
    u32 count = 0;
    u32 line = 0;   // where its name stands, from 1
    u32 column = 0; // from 1
    bool background = false;
};

struct CommandLine {
    static constexpr usize max_words = 512; // of all programs, with one for each program's end
    static constexpr usize max_programs = 64;
    static constexpr usize max_text = 8192; // characters after expansion

    Invocation programs[max_programs];
    u32 program_count = 0;

    char error[160] = {}; // one sentence with the place, without a line end; empty when all is well
    u32 error_line = 0;   // from 1
    u32 error_column = 0; // from 1

    char const* words[max_words] = {};
    u32 word_count = 0;
    char text[max_text] = {};
    u32 text_used = 0;
};

// Parses `length` characters of `text` into `line`, which must be fresh: `line.programs` point into `line` itself.
// `options` is changed by the options, or null: then every option but --env is an error. `environment` is read, and
// changed by --env. False on an error: `line.error` says what is wrong and where, and no program of the line may run.
bool parse_command_line(
    char const* text, usize length, Environment& environment, KernelOptions* options, CommandLine& line);

// For --help: one line for each option.
extern char const kernel_options_help[];

// What the boot loader's command line says; the defaults until initialize_command_line() has run.
extern KernelOptions g_kernel_options;
extern CommandLine g_command_line;

// Parses the boot loader's command line (null: empty) into g_command_line and g_kernel_options. Once, on the boot CPU,
// before anything else: it needs no memory, no lock, no thread. False on an error: print g_command_line.error, end with
// exit status 2.
bool initialize_command_line(char const* text);

// Copies a variable's value, terminated, cut to `size` bytes; false when there is no such variable. size > 0.
bool environment_get(char const* name, char* buffer, usize size);

// Runs the programs of `line` on the calling thread, those with `&` on threads of their own, and waits for all of them.
// Returns the exit status of the first program that failed (an unknown program: 126), else 0.
// `runscript PATH` is a program of its own: the file's lines as further command line.
int run_command_line(CommandLine const& line);

} // namespace sprout
