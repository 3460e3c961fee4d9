// kernel sources: fs/*.cc
#include "check.hh"
#include "core/panic.hh"
#include "fs/ramfs.hh"
#include "host.hh"
#include "mm/malloc_pool.hh"
#include "mm/page_pool.hh"
#include "sched/mutex.hh"
#include "tests/vfs_cases.hh"
#include <cstdlib>
#include <map>
#include <vector>

using namespace sprout;

// Memory comes from the host, where the address sanitizer watches it, and fails when the test says so.
namespace {

i64 g_allocations_left = -1; // negative: no bound
i64 g_blocks = 0;
i64 g_file_pages = 0;
bool g_counts = false; // news of the kernel only, not of the test's own containers

bool may_allocate()
{
    if (g_allocations_left == 0)
        return false;
    if (g_allocations_left > 0)
        --g_allocations_left;
    return true;
}

} // namespace

void* operator new(std::size_t size, std::nothrow_t const&) noexcept { return malloc_allocate(size); }
void operator delete(void* pointer, std::size_t) noexcept { malloc_free(pointer); }
void operator delete(void* pointer) noexcept { malloc_free(pointer); }
void* operator new(std::size_t size)
{
    ++g_blocks;
    return std::malloc(size);
}

namespace sprout {

PageArray g_pages;

void* malloc_allocate(usize bytes)
{
    if (g_counts && !may_allocate())
        return nullptr;
    ++g_blocks;
    return std::malloc(bytes);
}
void malloc_free(void* pointer)
{
    g_blocks -= pointer != nullptr;
    std::free(pointer);
}

constexpr u64 page_count = 1024;
static std::vector<u64> g_free_pages;

Result<Page*> allocate_page(PageKind kind, void* owner)
{
    if (!may_allocate() || g_free_pages.empty())
        return Error::no_memory;
    auto& page = g_pages.pages[g_free_pages.back()];
    g_free_pages.pop_back();
    page.kind = kind;
    page.owner = owner;
    memset(address_of(page), 0xaa, page_size);
    ++g_file_pages;
    return &page;
}
void free_page(Page& page)
{
    if (page.kind != PageKind::file)
        panic("a page of another kind is freed");
    page.kind = PageKind::free;
    g_free_pages.push_back(static_cast<u64>(&page - g_pages.pages));
    --g_file_pages;
}

// Locks of one thread: taking what cannot be had would wait for ever, so it is a failure.
static std::map<Lock const*, LockMode> g_held;

void Lock::acquire(LockMode mode)
{
    if (g_held.contains(this))
        panic("lock \"%s\" is taken twice", name);
    for (auto const& [held, held_mode] : g_held) {
        if (held->rank > rank)
            panic("lock \"%s\" is taken after lock \"%s\"", name, held->name);
    }
    g_held[this] = mode;
}
void Lock::release()
{
    if (!g_held.erase(this))
        panic("lock \"%s\" is not held", name);
}
void Mutex::lock() { acquire(LockMode::exclusive); }
void Mutex::unlock() { release(); }
void ReaderWriterLock::lock_shared() { acquire(LockMode::shared); }
void ReaderWriterLock::lock_exclusive() { acquire(LockMode::exclusive); }
void ReaderWriterLock::unlock() { release(); }

} // namespace sprout

namespace {

void prepare()
{
    if (g_pages.pages)
        return;
    host::set_ram({ { 0, page_count * page_size } });
    g_pages.pages = new Page[page_count];
    g_pages.count = page_count;
    for (u64 index = 0; index < page_count; ++index)
        g_free_pages.push_back(index);
    CHECK(!vfs_initialize().is_error());
    test::a_mount_covers_a_directory(); // its mount stays
}

struct Balance {
    i64 blocks = g_blocks;
    i64 pages = g_file_pages;
    u64 vnodes = g_vnodes.count;
    u64 dentries = g_dentries.count;
    u64 files = g_files.count;

    void check() const
    {
        CHECK(g_held.empty());
        CHECK_EQUAL(g_vnodes.count, vnodes);
        CHECK_EQUAL(g_dentries.count, dentries);
        CHECK_EQUAL(g_files.count, files);
        CHECK_EQUAL(g_file_pages, pages);
        CHECK_EQUAL(g_blocks, blocks);
    }
};

} // namespace

TEST(every_case_holds_and_leaves_nothing_behind)
{
    prepare();
    for (auto const& vfs_case : test::vfs_cases) {
        vfs_case.run(); // once, so that the root's tables have grown
        Balance const balance;
        vfs_case.run();
        balance.check();
    }
    host::note("%zu cases", std::size(test::vfs_cases));
}

// Each operation with its first, second, … allocation failing: it says so, and nothing has changed.
TEST(running_out_of_memory_leaves_all_as_it_was)
{
    prepare();
    test::a_file_is_renamed(); // the root's tables have grown
    Balance const whole;
    u64 failures = 0;
    auto attempt = [&](i64 allowed, auto operation) {
        g_counts = true;
        g_allocations_left = allowed;
        auto result = operation();
        g_allocations_left = -1;
        g_counts = false;
        return result;
    };
    auto fails_cleanly = [&](auto operation, auto undo) {
        for (i64 allowed = 0;; ++allowed) {
            Balance balance;
            auto result = attempt(allowed, operation);
            if (!result.is_error()) {
                undo();
                return;
            }
            CHECK(result.error() == Error::no_memory);
            balance.blocks = g_blocks; // a tree may have grown for what then failed: it is freed with its file
            balance.check();
            ++failures;
        }
    };
    File* file = nullptr;
    fails_cleanly(
        [&]() -> Result<void> {
            file = TRY(vfs_open("/fresh", open_read | open_write | open_create));
            return {};
        },
        [&] {
            vfs_close(file);
            CHECK(!vfs_unlink("/fresh").is_error());
        });
    CHECK(!test::exists("/fresh"));
    fails_cleanly([] { return vfs_make_directory("/dir"); }, [] { CHECK(!vfs_remove_directory("/dir").is_error()); });
    test::make_text_file("/from", "text");
    CHECK(!vfs_make_directory("/to").is_error());
    fails_cleanly(
        [] { return vfs_rename("/from", "/to/there"); }, [] { CHECK(!vfs_rename("/to/there", "/from").is_error()); });
    test::make_text_file("/from", "text");
    auto& sparse = test::open_file("/from");
    fails_cleanly(
        [&]() -> Result<void> {
            TRY(vfs_write_at(sparse, 1ull << 40, "x", 1));
            return {};
        },
        [&] { CHECK(!vfs_truncate(sparse, 4).is_error()); });
    CHECK(test::holds(sparse, 0, "text"));
    vfs_close(&sparse);
    CHECK(!vfs_unlink("/from").is_error());
    CHECK(!vfs_remove_directory("/to").is_error());
    whole.check();
    host::note("%llu failures", static_cast<unsigned long long>(failures));
}

// Roadmap F4: appending is linear and copies nothing but the new bytes: as many pages as the file has, none ever moved.
TEST(appending_moves_no_page)
{
    prepare();
    auto& file = test::open_file("/log", open_read | open_write | open_create | open_append);
    std::vector<Page*> seen;
    char piece[512] = {};
    auto const before = g_file_pages;
    for (int i = 0; i < 4096; ++i) {
        CHECK(vfs_write(file, piece, sizeof(piece)).value() == sizeof(piece));
        if (i % 8 != 7)
            continue;
        auto* page = static_cast<RamfsFile&>(vfs_vnode(file)).pages.get(static_cast<u64>(i) / 8);
        CHECK(page && page->owner == &vfs_vnode(file) && page->value == static_cast<u64>(i) / 8);
        seen.push_back(page);
    }
    CHECK_EQUAL(g_file_pages - before, 512);
    for (u64 index = 0; index < seen.size(); ++index)
        CHECK(static_cast<RamfsFile&>(vfs_vnode(file)).pages.get(index) == seen[index]);
    vfs_close(&file);
    CHECK(!vfs_unlink("/log").is_error());
    CHECK_EQUAL(g_file_pages, before);
}
