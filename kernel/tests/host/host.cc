// The machine that host tests run on, and their main().
#include "host.hh"
#include "arch/x64/interrupts.hh"
#include "check.hh"
#include "core/panic.hh"
#include "core/print.hh"
#include "core/trace.hh"
#include "sched/clock.hh"
#include <atomic>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace sprout::arch {

Cpu g_cpus[max_cpus];
u32 g_cpu_count = 1;
uptr linear_base = 0;
RamRange g_ram_ranges[max_ram_ranges];
usize g_ram_range_count = 0;
u64 g_ram_bytes = 0;

namespace {
thread_local u32 t_cpu = 0;
thread_local bool t_interrupts = true;
std::mutex g_mappings_mutex;
std::map<uptr, PhysicalAddress> g_mappings;
usize g_ram_length = 0;
} // namespace

Cpu& this_cpu() { return g_cpus[t_cpu]; }
u32 cpu_index() { return t_cpu; }
void send_reschedule(u32) { }
void stop_other_cpus() { }

InterruptState disable_interrupts()
{
    auto const state = t_interrupts;
    t_interrupts = false;
    return state;
}
void restore_interrupts(InterruptState state) { t_interrupts = state; }
void enable_interrupts() { t_interrupts = true; }
bool interrupts_enabled() { return t_interrupts; }
void pause() { std::this_thread::yield(); }

Result<void> map_page(uptr address, PhysicalAddress physical)
{
    std::lock_guard guard(g_mappings_mutex);
    if (!g_mappings.emplace(address, physical).second)
        return Error::exists;
    return {};
}

PhysicalAddress host_mapping(uptr address)
{
    std::lock_guard guard(g_mappings_mutex);
    auto const found = g_mappings.find(address);
    return found == g_mappings.end() ? ~0ull : found->second;
}

} // namespace sprout::arch

namespace sprout {

namespace {
std::atomic<Nanoseconds> g_host_time = 0;
}

// Weak: a test that links the kernel's own clock or trace has those instead.
[[gnu::weak]] Nanoseconds now() { return ++g_host_time; }
[[gnu::weak]] u32 g_trace_mask = 0;
[[gnu::weak]] void trace_record(TraceKind, u64, u64) { }

extern "C" [[gnu::weak]] void sprout_panic_hook(char const*) { }

[[gnu::weak]] void panic(char const* format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    throw host::Panic { text };
}

[[gnu::weak]] void print(char const* format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    std::vprintf(format, arguments);
    va_end(arguments);
}

[[gnu::weak]] usize format_string_v(char* buffer, usize size, char const* format, va_list arguments)
{
    return static_cast<usize>(std::vsnprintf(buffer, size, format, arguments));
}

[[gnu::weak]] usize format_string(char* buffer, usize size, char const* format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    auto const length = format_string_v(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}

} // namespace sprout

namespace host {

using namespace sprout;

namespace {
TestCase* g_first = nullptr;
std::atomic<unsigned> g_failures = 0;
std::mutex g_output_mutex;
std::string g_notes;
} // namespace

TestCase::TestCase(char const* test_name, void (*function)())
    : name(test_name)
    , run(function)
    , next(nullptr)
{
    auto** place = &g_first;
    while (*place)
        place = &(*place)->next;
    *place = this;
}

void check_failed(char const* file, int line, std::string const& text)
{
    std::lock_guard guard(g_output_mutex);
    if (++g_failures <= 20)
        std::printf("    %s:%d: %s\n", file, line, text.c_str());
}

void note(char const* format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    std::lock_guard guard(g_output_mutex);
    g_notes += g_notes.empty() ? " -- " : ", ";
    g_notes += text;
}

void set_cpu(u32 index)
{
    arch::t_cpu = index;
    arch::g_cpus[index].index = index;
    arch::g_cpus[index].self = &arch::g_cpus[index];
    arch::g_cpus[index].online = true;
}

void set_ram(std::initializer_list<arch::RamRange> ranges)
{
    if (arch::g_ram_length)
        munmap(reinterpret_cast<void*>(arch::linear_base), arch::g_ram_length);
    PhysicalAddress end = 0;
    arch::g_ram_range_count = 0;
    arch::g_ram_bytes = 0;
    for (auto const& range : ranges) {
        arch::g_ram_ranges[arch::g_ram_range_count++] = range;
        arch::g_ram_bytes += range.end - range.begin;
        end = range.end > end ? range.end : end;
    }
    auto* const mapping
        = mmap(nullptr, end, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED) {
        std::perror("mmap of the guest's RAM");
        std::exit(2);
    }
    arch::linear_base = reinterpret_cast<uptr>(mapping);
    arch::g_ram_length = end;
    std::lock_guard guard(arch::g_mappings_mutex);
    arch::g_mappings.clear();
}

void set_time(Nanoseconds time) { g_host_time = time; }

} // namespace host

namespace {

using namespace host;

// True when every check of the test held.
bool run_test(TestCase const& test)
{
    set_cpu(0);
    sprout::arch::enable_interrupts();
    try {
        test.run();
    } catch (Panic const& panic) {
        check_failed(test.name, 0, "panic: " + panic.message);
    }
    if (!sprout::arch::interrupts_enabled())
        check_failed(test.name, 0, "interrupts were left off");
    std::printf("%s %s%s\n", g_failures ? "FAILED" : "ok    ", test.name, g_notes.c_str());
    return g_failures == 0;
}

// In a process of its own: the kernel's global state is fresh, and one crash is one failed test.
bool run_apart(TestCase const& test)
{
    std::fflush(stdout);
    auto const child = fork();
    if (child < 0) {
        std::perror("fork");
        std::exit(2);
    }
    if (child == 0)
        std::exit(run_test(test) ? 0 : 1);
    int status = 0;
    waitpid(child, &status, 0);
    bool const told = WIFEXITED(status) && WEXITSTATUS(status) <= 1;
    if (!told)
        std::printf("FAILED %s: ended with %s %d\n", test.name, WIFSIGNALED(status) ? "signal" : "exit status",
            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return told && WEXITSTATUS(status) == 0;
}

} // namespace

// The first argument, if any, is a part of the names of the tests to run; `--here` after it runs them in this process,
// for gdb.
int main(int argument_count, char** arguments)
{
    bool const here = argument_count > 2 && std::strcmp(arguments[2], "--here") == 0;
    bool all_good = true;
    for (auto const* test = g_first; test; test = test->next)
        if (argument_count < 2 || std::strstr(test->name, arguments[1]))
            all_good = (here ? run_test(*test) : run_apart(*test)) && all_good;
    return all_good ? 0 : 1;
}
