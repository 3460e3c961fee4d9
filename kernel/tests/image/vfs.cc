// The file system's semantics in the kernel, and that they cost no memory.
#include "core/program.hh"
#include "mm/malloc_pool.hh"
#include "mm/verify.hh"
#include "sched/thread.hh"
#include "tests/image/check.hh"
#include "tests/vfs_cases.hh"

namespace sprout::test {

namespace {

u64 live_objects()
{
    u64 live = 0;
    for (usize size_class = 0; size_class < malloc_class_count; ++size_class)
        live += malloc_live_objects(size_class);
    return live;
}

void every_case_gives_back_what_it_took()
{
    for (auto const& vfs_case : vfs_cases) {
        vfs_case.run(); // once, so that the root's tables have grown
        auto const live = live_objects();
        auto const vnodes = g_vnodes.count;
        auto const file_pages = memory_account().of(PageKind::file);
        vfs_case.run();
        CHECK_EQUAL(live_objects(), live);
        CHECK_EQUAL(g_vnodes.count, vnodes);
        CHECK_EQUAL(memory_account().of(PageKind::file), file_pages);
        CHECK_EQUAL(g_files.count, 0);
        CHECK_EQUAL(current_thread().held_count, 0);
    }
}

// All RAM goes into one file: the write stops with an error, the kernel goes on, and all comes back.
void a_file_as_large_as_ram_ends_with_an_error()
{
    auto const before = memory_account().of(PageKind::file);
    auto& file = open_file("/huge", open_write | open_create | open_append);
    static char piece[64 * 1024];
    u64 written = 0;
    for (;;) {
        auto done = vfs_write(file, piece, sizeof(piece));
        if (done.is_error()) {
            CHECK(done.error() == Error::no_memory);
            break;
        }
        written += done.value();
    }
    CHECK_EQUAL(vfs_status(file).value().size, written);
    CHECK(written > arch::g_ram_bytes / 2);
    vfs_close(&file);
    CHECK(!vfs_unlink("/huge").is_error());
    CHECK_EQUAL(memory_account().of(PageKind::file), before);
    MemoryFault fault;
    if (!memory_verify(fault))
        panic("%s", fault.text);
    print("   %lu MiB were written\n", written >> 20);
}

// Roadmap F4: the last thousand of 64 K appends cost what the first thousand did.
void sixty_four_thousand_appends_are_linear()
{
    constexpr u32 appends = 64 * 1024;
    constexpr u32 lap = 8 * 1024;
    auto& file = open_file("/log", open_write | open_create | open_append);
    char record[100] = {};
    Nanoseconds laps[appends / lap] = {};
    for (u32 lap_index = 0; lap_index < appends / lap; ++lap_index) {
        auto const start = now();
        for (u32 i = 0; i < lap; ++i)
            CHECK(vfs_write(file, record, sizeof(record)).value() == sizeof(record));
        laps[lap_index] = now() - start;
    }
    CHECK_EQUAL(vfs_status(file).value().size, appends * sizeof(record));
    // The least of each half: a loaded host holds some laps up. The old way, copying, would be five times slower at the
    // end.
    Nanoseconds early = ~0ull;
    Nanoseconds late = ~0ull;
    for (u32 i = 0; i < appends / lap / 2; ++i) {
        early = laps[i] < early ? laps[i] : early;
        late = laps[appends / lap - 1 - i] < late ? laps[appends / lap - 1 - i] : late;
    }
    CHECK(late < 3 * early);
    vfs_close(&file);
    CHECK(!vfs_unlink("/log").is_error());
    print("   %lu ns an append early, %lu late\n", early / lap, late / lap);
}

constexpr Case cases[] = {
    { "every-case-gives-back-what-it-took", every_case_gives_back_what_it_took },
    { "a-file-as-large-as-ram-ends-with-an-error", a_file_as_large_as_ram_ends_with_an_error },
    { "sixty-four-thousand-appends-are-linear", sixty_four_thousand_appends_are_linear },
};

int main(int argument_count, char const* const* arguments) { return run_cases(cases, argument_count, arguments); }

} // namespace

} // namespace sprout::test

SPROUT_PROGRAM(g_vfs_test, "test-vfs", "files, directories, names", sprout::test::main);
