// kernel sources: core/memory_functions.cc
// memcpy and its like against the host's own, for all small sizes, offsets and overlaps.
#include "check.hh"
#include <cstring>
#include <vector>

extern "C" {
void* sprout_memcpy(void* destination, void const* source, size_t bytes);
void* sprout_memmove(void* destination, void const* source, size_t bytes);
void* sprout_memset(void* destination, int value, size_t bytes);
int sprout_memcmp(void const* left, void const* right, size_t bytes);
size_t sprout_strlen(char const* text);
}

namespace {

std::vector<unsigned char> pattern(size_t bytes)
{
    std::vector<unsigned char> result(bytes);
    for (size_t index = 0; index < bytes; ++index)
        result[index] = static_cast<unsigned char>(index * 7 + 1);
    return result;
}

int sign(int value) { return (value > 0) - (value < 0); }

} // namespace

TEST(memcpy_copies_exactly_the_bytes)
{
    for (size_t bytes = 0; bytes < 70; ++bytes)
        for (size_t from = 0; from < 9; ++from)
            for (size_t to = 0; to < 9; ++to) {
                auto const source = pattern(100);
                std::vector<unsigned char> mine(100, 0xee);
                auto theirs = mine;
                CHECK(sprout_memcpy(&mine[to], &source[from], bytes) == &mine[to]);
                std::memcpy(&theirs[to], &source[from], bytes);
                CHECK(mine == theirs);
            }
}

TEST(memmove_bears_every_overlap)
{
    for (size_t bytes = 0; bytes < 70; ++bytes)
        for (size_t from = 0; from < 30; ++from)
            for (size_t to = 0; to < 30; ++to) {
                auto mine = pattern(110);
                auto theirs = mine;
                CHECK(sprout_memmove(&mine[to], &mine[from], bytes) == &mine[to]);
                std::memmove(&theirs[to], &theirs[from], bytes);
                CHECK(mine == theirs);
            }
}

TEST(memset_sets_exactly_the_bytes)
{
    for (int const value : { 0, 1, 0xff, 0x1a5, -1 })
        for (size_t bytes = 0; bytes < 70; ++bytes)
            for (size_t offset = 0; offset < 9; ++offset) {
                std::vector<unsigned char> mine(100, 0xee);
                auto theirs = mine;
                CHECK(sprout_memset(&mine[offset], value, bytes) == &mine[offset]);
                std::memset(&theirs[offset], value, bytes);
                CHECK(mine == theirs);
            }
}

TEST(memcmp_orders_as_unsigned_bytes)
{
    auto const left = pattern(100);
    for (size_t bytes = 0; bytes < 40; ++bytes) {
        CHECK_EQUAL(sprout_memcmp(left.data(), left.data(), bytes), 0);
        for (size_t place = 0; place < bytes; ++place)
            for (int const change : { 1, 0x7f, 0x80, 0xff }) {
                auto right = left;
                right[place] = static_cast<unsigned char>(right[place] + change);
                CHECK_EQUAL(sign(sprout_memcmp(left.data(), right.data(), bytes)),
                    sign(std::memcmp(left.data(), right.data(), bytes)));
            }
    }
}

TEST(strlen_counts_up_to_the_terminator)
{
    CHECK_EQUAL(sprout_strlen(""), 0u);
    CHECK_EQUAL(sprout_strlen("sprout"), 6u);
    CHECK_EQUAL(sprout_strlen("cut\0off"), 3u);
}
