// The boot command line, its programs and its scripts.
#include "core/command_line.hh"
#include "core/print.hh"
#include "core/program.hh"
#include "core/spinlock.hh"
#include "fs/vfs.hh"
#include "mm/malloc_pool.hh"
#include "sched/thread.hh"
#include <cstring>

namespace sprout {

constinit KernelOptions g_kernel_options;
constinit CommandLine g_command_line;

namespace {

constexpr int status_unusable = 2;
constexpr int status_unknown_program = 126; // 127 is a panic
constexpr u32 max_script_depth = 8;
constexpr usize max_script_bytes = 64 * 1024;

constinit SpinlockProtected<Environment> g_environment;

int run_programs(CommandLine const& line, u32 script_depth);

// What a thread of `program &` needs.
struct BackgroundProgram {
    Invocation const* invocation = nullptr;
    u32 script_depth = 0;
    int status = 0;
    Thread* thread = nullptr;
};

// The file's text, from malloc_allocate(); `size` tells its length.
Result<char*> read_script(char const* path, usize& size)
{
    auto* file = TRY(vfs_open(path, open_read));
    auto* text = static_cast<char*>(malloc_allocate(max_script_bytes));
    auto bytes = text ? vfs_read(*file, text, max_script_bytes) : Result<usize>(Error::no_memory);
    vfs_close(file);
    if (bytes && bytes.value() < max_script_bytes) {
        size = bytes.value();
        return text;
    }
    malloc_free(text);
    return bytes ? Error::file_too_big : bytes.error();
}

// Parses `text` into a CommandLine of its own and runs it.
int run_script_text(char const* path, char const* text, usize size, u32 depth)
{
    auto* memory = malloc_allocate(sizeof(CommandLine));
    if (!memory) {
        print("runscript: %s: out of memory\n", path);
        return status_unusable;
    }
    auto& line = *new (memory) CommandLine;
    auto const parsed = g_environment.with(
        [&](Environment& environment) { return parse_command_line(text, size, environment, nullptr, line); });
    if (!parsed)
        print("runscript: %s: %s\n", path, line.error);
    auto const status = parsed ? run_programs(line, depth) : status_unusable;
    malloc_free(memory);
    return status;
}

int run_script(Invocation const& invocation, u32 depth)
{
    if (invocation.count != 2) {
        print("runscript: it takes one path: runscript PATH\n");
        return status_unusable;
    }
    auto const* path = invocation.arguments[1];
    if (depth >= max_script_depth) {
        print("runscript: %s: scripts are nested more than %u deep\n", path, max_script_depth);
        return status_unusable;
    }
    usize size = 0;
    auto text = read_script(path, size);
    if (text.is_error()) {
        print("runscript: %s: %s\n", path, error_text(text.error()));
        return status_unusable;
    }
    auto const status = run_script_text(path, text.value(), size, depth + 1);
    malloc_free(text.value());
    return status;
}

int run_program(Invocation const& invocation, u32 script_depth)
{
    auto const* name = invocation.arguments[0];
    if (!strcmp(name, "runscript"))
        return run_script(invocation, script_depth);
    auto const* program = find_program(name);
    if (!program) {
        print("Line %u, column %u: there is no program %s; --help lists them.\n", invocation.line, invocation.column,
            name);
        return status_unknown_program;
    }
    return program->main(static_cast<int>(invocation.count), invocation.arguments);
}

void run_in_background(void* argument)
{
    auto& program = *static_cast<BackgroundProgram*>(argument);
    program.status = run_program(*program.invocation, program.script_depth);
}

int run_programs(CommandLine const& line, u32 script_depth)
{
    int status = 0;
    auto note = [&](int program_status) { status = status ? status : program_status; };
    // One for each program: simple, and at most a page or two.
    auto* const started = static_cast<BackgroundProgram*>(
        line.program_count ? malloc_allocate(line.program_count * sizeof(BackgroundProgram)) : nullptr);
    if (!started && line.program_count) {
        print("the command line: out of memory\n");
        return status_unusable;
    }
    for (u32 i = 0; i < line.program_count; ++i) {
        auto& program = *new (&started[i]) BackgroundProgram { &line.programs[i], script_depth, 0, nullptr };
        if (!line.programs[i].background) {
            note(run_program(line.programs[i], script_depth));
            continue;
        }
        auto thread = thread_create({ .name = line.programs[i].arguments[0] }, run_in_background, &program);
        if (thread) {
            program.thread = thread.value();
            continue;
        }
        print("%s: no thread could be started: %s\n", line.programs[i].arguments[0], error_text(thread.error()));
        note(status_unusable);
    }
    for (u32 i = 0; i < line.program_count; ++i) {
        if (!started[i].thread)
            continue;
        thread_join(*started[i].thread);
        note(started[i].status);
    }
    malloc_free(started);
    return status;
}

} // namespace

bool initialize_command_line(char const* text)
{
    // The lock is free and nobody else runs: nothing is waited for.
    return g_environment.with([&](Environment& environment) {
        return parse_command_line(
            text ? text : "", text ? strlen(text) : 0, environment, &g_kernel_options, g_command_line);
    });
}

bool environment_get(char const* name, char* buffer, usize size)
{
    return g_environment.with([&](Environment& environment) {
        auto const* value = environment.get(name, strlen(name));
        if (!value)
            return false;
        auto const length = strlen(value) < size ? strlen(value) : size - 1;
        memcpy(buffer, value, length);
        buffer[length] = 0;
        return true;
    });
}

int run_command_line(CommandLine const& line) { return run_programs(line, 0); }

} // namespace sprout
