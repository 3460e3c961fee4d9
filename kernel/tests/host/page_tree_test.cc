// kernel sources: fs/radix_tree.cc
#include "check.hh"
#include "fs/page_tree.hh"
#include <cstdlib>
#include <ctime>
#include <map>
#include <vector>

using namespace sprout;

// Nodes are counted, and fail when the test says so: the tree asks for them by new (std::nothrow).
namespace {
i64 g_nodes = 0;
i64 g_allocations_left = -1; // negative: no bound
} // namespace

void* operator new(std::size_t size, std::nothrow_t const&) noexcept
{
    if (size != sizeof(RadixTreeBase::Node))
        return std::malloc(size);
    if (g_allocations_left == 0)
        return nullptr;
    if (g_allocations_left > 0)
        --g_allocations_left;
    ++g_nodes;
    return std::malloc(size);
}
void operator delete(void* pointer, std::size_t size) noexcept
{
    if (size == sizeof(RadixTreeBase::Node))
        --g_nodes;
    std::free(pointer);
}
void operator delete(void* pointer) noexcept { std::free(pointer); }
void* operator new(std::size_t size) { return std::malloc(size); }

namespace {

Page g_test_pages[4096];

} // namespace

TEST(an_empty_tree_holds_nothing)
{
    PageTree tree;
    u64 found = 0;
    CHECK(tree.get(0) == nullptr);
    CHECK(tree.get(~0ull) == nullptr);
    CHECK(tree.remove(5) == nullptr);
    CHECK(tree.find_from(0, found) == nullptr);
}

TEST(a_tree_of_one_page_needs_no_node)
{
    PageTree tree;
    CHECK(!tree.insert(0, g_test_pages[0]).is_error());
    CHECK_EQUAL(g_nodes, 0);
    CHECK(tree.get(0) == &g_test_pages[0]);
    CHECK(tree.get(1) == nullptr);
    CHECK(tree.get(64) == nullptr);
    u64 found = 9;
    CHECK(tree.find_from(0, found) == &g_test_pages[0] && found == 0);
    CHECK(tree.find_from(1, found) == nullptr);
    CHECK(tree.remove(0) == &g_test_pages[0]);
    CHECK(tree.root == nullptr && tree.count == 0);
}

TEST(the_largest_index_is_an_index)
{
    PageTree tree;
    CHECK(!tree.insert(~0ull, g_test_pages[1]).is_error());
    CHECK(!tree.insert(0, g_test_pages[0]).is_error());
    u64 found = 0;
    CHECK(tree.find_from(1, found) == &g_test_pages[1] && found == ~0ull);
    CHECK(tree.find_from(~0ull, found) == &g_test_pages[1] && found == ~0ull);
    CHECK(tree.remove(~0ull) == &g_test_pages[1]);
    CHECK(tree.find_from(1, found) == nullptr);
    CHECK(tree.get(0) == &g_test_pages[0]);
    CHECK(tree.remove(0) == &g_test_pages[0]);
    CHECK_EQUAL(g_nodes, 0);
    CHECK_EQUAL(tree.height, 0u);
}

TEST(a_sparse_tree_is_what_a_map_is)
{
    PageTree tree;
    std::map<u64, Page*> model;
    u64 state = 0x5eed;
    auto random = [&] {
        state ^= state << 13;
        state ^= state >> 7;
        return state ^= state << 17;
    };
    for (int round = 0; round < 200'000; ++round) {
        // Dense low ones and far ones alike.
        u64 const index = random() >> (random() % 64);
        auto& page = g_test_pages[random() % 4096];
        switch (random() % 4) {
        case 0:
        case 1:
            if (model.contains(index))
                break;
            CHECK(!tree.insert(index, page).is_error());
            model[index] = &page;
            break;
        case 2: {
            auto const it = model.find(index);
            CHECK(tree.remove(index) == (it == model.end() ? nullptr : it->second));
            if (it != model.end())
                model.erase(it);
            break;
        }
        default: {
            u64 found = 0;
            auto const it = model.lower_bound(index);
            auto* page_found = tree.find_from(index, found);
            CHECK(page_found == (it == model.end() ? nullptr : it->second));
            CHECK(!page_found || found == it->first);
            auto const exact = model.find(index);
            CHECK(tree.get(index) == (exact == model.end() ? nullptr : exact->second));
        }
        }
        CHECK_EQUAL(tree.count, model.size());
    }
    host::note("%zu pages in %lld nodes at the end", model.size(), static_cast<long long>(g_nodes));
    for (auto const& [index, page] : model)
        CHECK(tree.remove(index) == page);
    CHECK_EQUAL(g_nodes, 0);
    CHECK(tree.root == nullptr);
}

TEST(running_out_of_memory_changes_nothing_and_leaks_nothing)
{
    for (u64 const index : { 1ull, 63ull, 64ull, 5000ull, 1ull << 40, ~0ull }) {
        for (int prepared = 0; prepared < 2; ++prepared) {
            PageTree tree;
            if (prepared)
                CHECK(!tree.insert(0, g_test_pages[0]).is_error());
            auto const before = tree.count;
            i64 needed = 0;
            for (;; ++needed) {
                g_allocations_left = needed;
                if (!tree.insert(index, g_test_pages[1]).is_error())
                    break;
                CHECK_EQUAL(tree.count, before);
                CHECK(tree.get(index) == nullptr);
                CHECK(tree.get(0) == (prepared ? &g_test_pages[0] : nullptr));
                u64 found = 0;
                CHECK((tree.find_from(0, found) != nullptr) == (prepared == 1));
            }
            g_allocations_left = -1;
            CHECK(tree.get(index) == &g_test_pages[1]);
            tree.remove(index);
            tree.remove(0);
            CHECK_EQUAL(g_nodes, 0);
        }
    }
}

// Appending page after page costs the same at the end as at the start, in nodes: one in 64 pages, and their parents.
TEST(appending_is_linear)
{
    PageTree tree;
    constexpr u64 pages = 1 << 20;
    for (u64 index = 0; index < pages; ++index)
        CHECK(!tree.insert(index, g_test_pages[index % 4096]).is_error());
    CHECK_EQUAL(g_nodes, static_cast<i64>(pages / 64 + pages / 4096 + pages / 262144 + 1));
    u64 found = 0;
    u64 seen = 0;
    for (u64 index = 0; tree.find_from(index, found); index = found + 1)
        ++seen;
    CHECK_EQUAL(seen, pages);
    for (u64 index = pages; index > 0; --index)
        CHECK(tree.remove(index - 1) != nullptr);
    CHECK_EQUAL(g_nodes, 0);
}
