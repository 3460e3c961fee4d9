#include "workload/options.hh"
#include "core/number.hh"
#include <cstring>

namespace sprout {

namespace {

struct Number {
    char const* name;
    u64 WorkloadOptions::*field;
    u64 least;
    u64 most;
    bool may_stand_alone = false; // and then is 0
};
constexpr Number numbers[] = {
    { "load", &WorkloadOptions::load, 1, 100 },
    { "threads", &WorkloadOptions::threads, 1, 50'000 },
    { "vnodes", &WorkloadOptions::vnodes, 1, 10'000'000 },
    { "objects", &WorkloadOptions::objects, 0, 100'000'000 },
    { "seconds", &WorkloadOptions::seconds, 0, 1'000'000'000 },
    { "panic", &WorkloadOptions::panic, 0, 1'000'000'000, true },
};

struct Flag {
    char const* name;
    bool WorkloadOptions::*field;
};
constexpr Flag flags[] = {
    { "deadlock", &WorkloadOptions::deadlock },
    { "reader-writer-cycle", &WorkloadOptions::reader_writer_cycle },
    { "leak", &WorkloadOptions::leak },
    { "stack-overflow", &WorkloadOptions::stack_overflow },
};

// What follows `name` in `word`: "" when nothing does, the value behind '=', or null when the word is another.
char const* after_name(char const* word, char const* name)
{
    auto const length = strlen(name);
    if (strlen(word) < length || memcmp(word, name, length))
        return nullptr;
    if (!word[length])
        return word + length;
    return word[length] == '=' ? word + length + 1 : nullptr;
}

bool set_flag(char const* word, WorkloadOptions& options)
{
    for (auto const& flag : flags) {
        if (strcmp(word, flag.name))
            continue;
        options.*flag.field = true;
        return true;
    }
    return false;
}

bool set_number(Number const& number, char const* text, WorkloadOptions& options)
{
    u64 value;
    if (number.field == &WorkloadOptions::seconds && !strcmp(text, "forever"))
        value = WorkloadOptions::forever;
    else if (!parse_number(text, value) || value < number.least || value > number.most)
        return false;
    options.*number.field = value;
    return true;
}

} // namespace

bool parse_workload_options(int count, char const* const* words, WorkloadOptions& options, char const*& wrong)
{
    for (int i = 0; i < count; ++i) {
        wrong = words[i];
        auto const dashes = words[i][0] == '-' && words[i][1] == '-';
        auto const* word = words[i] + (dashes ? 2 : 0);
        if (set_flag(word, options))
            continue;
        bool known = false;
        for (auto const& number : numbers) {
            auto const* value = after_name(word, number.name);
            if (!value)
                continue;
            known = true;
            auto const stands_alone = value[0] == 0 && value[-1] != '=';
            if (stands_alone && number.may_stand_alone) {
                options.*number.field = 0;
                break;
            }
            // `--name value`
            if (stands_alone && dashes && i + 1 < count)
                value = words[++i];
            if (!set_number(number, value, options))
                return false;
            break;
        }
        if (!known)
            return false;
    }
    return true;
}

} // namespace sprout
