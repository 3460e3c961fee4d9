// kernel sources: workload/options.cc
#include "check.hh"
#include "workload/options.hh"
#include <string>
#include <vector>

using namespace sprout;

namespace {

struct Parsed {
    bool ok;
    WorkloadOptions options;
    std::string wrong;
};

Parsed parse(std::vector<char const*> words)
{
    Parsed parsed {};
    char const* wrong = "";
    parsed.ok = parse_workload_options(static_cast<int>(words.size()), words.data(), parsed.options, wrong);
    parsed.wrong = wrong;
    return parsed;
}

} // namespace

TEST(all_three_forms_are_understood)
{
    auto const [ok, options, wrong]
        = parse({ "load=100", "--threads=10000", "--vnodes", "100000", "objects=1M", "seconds=2" });
    CHECK(ok);
    CHECK_EQUAL(options.load, 100u);
    CHECK_EQUAL(options.threads, 10000u);
    CHECK_EQUAL(options.vnodes, 100000u);
    CHECK_EQUAL(options.objects, 1u << 20);
    CHECK_EQUAL(options.seconds, 2u);
    CHECK_EQUAL(options.panic, WorkloadOptions::never);
    CHECK(!options.deadlock && !options.leak);
    CHECK(parse({ "seconds=forever" }).options.seconds == WorkloadOptions::forever);
    CHECK(parse({ "--seconds", "forever" }).ok);
}

TEST(faults_need_no_value)
{
    auto const options = parse({ "--deadlock", "reader-writer-cycle", "leak", "--stack-overflow", "panic" }).options;
    CHECK(options.deadlock && options.reader_writer_cycle && options.leak && options.stack_overflow);
    CHECK_EQUAL(options.panic, 0u);
    CHECK_EQUAL(parse({ "panic=3" }).options.panic, 3u);
    CHECK_EQUAL(parse({ "--panic", "leak" }).options.panic, 0u);
}

TEST(wrong_words_are_told)
{
    for (std::vector<char const*> words : std::vector<std::vector<char const*>> { { "load=0" }, { "load=101" },
             { "load=" }, { "load" }, { "--load" }, { "threads=0" }, { "threads=x" }, { "deadlock=1" }, { "panic=" },
             { "loads=3" }, { "-load=3" }, { "" }, { "--" }, { "seconds=never" } }) {
        auto const parsed = parse(words);
        CHECK(!parsed.ok);
        CHECK_EQUAL(parsed.wrong, words[0]);
    }
}
