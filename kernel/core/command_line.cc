#include "core/command_line.hh"
#include "core/number.hh"
#include <cstring>

namespace sprout {

namespace {

enum class ValueKind : u8 { none, choice, number, optional_number, trace_kinds, variable };

struct Option {
    char const* name;
    ValueKind kind;
    u8 size;              // bytes of the field
    u16 offset;           // of the field in KernelOptions
    char const* expected; // the choices, divided by '|'; or what an error says about the value
    u64 least = 0;
    u64 most = 0;
    u64 when_absent = 0; // optional_number
};

#define FIELD(name) sizeof(KernelOptions::name), offsetof(KernelOptions, name)
constexpr Option options[] = {
    { "panic", ValueKind::choice, FIELD(panic), "exit|halt|reboot" },
    { "log", ValueKind::choice, FIELD(log), "quiet|normal|verbose" },
    { "at-end", ValueKind::choice, FIELD(at_end), "exit|halt" },
    { "clock", ValueKind::choice, FIELD(clock), "best|tsc|hpet|hpet-wrap" },
    { "help", ValueKind::none, FIELD(help), "" },
    { "cpus", ValueKind::number, FIELD(cpus), "a number from 1 to 8", 1, max_cpus },
    { "track-allocations", ValueKind::optional_number, FIELD(tracked_allocations), "a number from 1 to 16M", 1,
        16 << 20, 64 << 10 },
    { "trace", ValueKind::trace_kinds, FIELD(trace_mask), "all, none, or kinds divided by commas" },
    { "trace-records", ValueKind::number, FIELD(trace_records), "a number from 0 to 1M", 0, 1 << 20 },
    // Not 100: samples would keep step with the time slices.
    { "profile", ValueKind::optional_number, FIELD(profile_hertz), "a number from 1 to 10000", 1, 10'000, 99 },
    { "env", ValueKind::variable, 0, 0, "NAME=VALUE" },
};
#undef FIELD
static_assert(max_cpus == 8);

// By the bits of the trace mask.
constexpr struct {
    char const* name;
    u32 mask;
} trace_groups[] = {
    { "all", ~1u },
    { "none", 0 },
    { "switch", 1u << 1 },
    { "wake", 1u << 2 },
    { "lock", 7u << 3 },
    { "memory", 3u << 6 },
    { "timer", 1u << 8 },
    { "vnode", 1u << 9 },
    { "thread", 3u << 10 },
};
static_assert(static_cast<u32>(TraceKind::lock_wait) == 3 && static_cast<u32>(TraceKind::allocate) == 6
    && static_cast<u32>(TraceKind::vnode_operation) == 9 && static_cast<u32>(TraceKind::thread_exit) == 11);

bool is_digit(char c) { return static_cast<u8>(c - '0') < 10; }
bool is_name_start(char c) { return c == '_' || static_cast<u8>((c | 32) - 'a') < 26; }
bool is_name(char c) { return is_name_start(c) || is_digit(c); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool ends_program(char c) { return c == ';' || c == '&' || c == '\n'; }

// `piece` of `length` characters is the first, second, ...  of `choices`; -1 when it is none.
int index_of_choice(char const* choices, char const* piece)
{
    auto const length = strlen(piece);
    for (int index = 0;; ++index) {
        auto const* end = choices;
        while (*end && *end != '|')
            ++end;
        if (static_cast<usize>(end - choices) == length && !memcmp(choices, piece, length))
            return index;
        if (!*end)
            return -1;
        choices = end + 1;
    }
}

class Parser {
public:
    Parser(char const* text, usize length, Environment& environment, KernelOptions* kernel_options, CommandLine& line)
        : text_(text)
        , length_(length)
        , environment_(environment)
        , kernel_options_(kernel_options)
        , line_(line)
    {
    }

    bool parse()
    {
        while (position_ < length_) {
            if (!parse_program())
                return false;
        }
        return true;
    }

private:
    struct Place {
        u32 line;
        u32 column;
    };

    bool at_end() const { return position_ >= length_; }
    char peek() const { return text_[position_]; }
    Place place() const { return { line_number_, static_cast<u32>(position_ - line_start_ + 1) }; }

    void append_error(char const* piece)
    {
        while (*piece && error_used_ < sizeof(line_.error) - 1)
            line_.error[error_used_++] = *piece++;
    }

    void append_error(u32 number)
    {
        char digits[11] = {};
        auto* digit = digits + sizeof(digits) - 1;
        do
            *--digit = static_cast<char>('0' + number % 10);
        while (number /= 10);
        append_error(digit);
    }

    // "Line 1, column 7: there is no option --panik; --help lists them."
    [[gnu::noinline]] bool fail(
        Place place, char const* message, char const* subject = "", char const* rest = "", char const* end = "")
    {
        line_.error_line = place.line;
        line_.error_column = place.column;
        append_error("Line ");
        append_error(place.line);
        append_error(", column ");
        append_error(place.column);
        for (auto const* piece : { ": ", message, subject, rest, end, "." })
            append_error(piece);
        return false;
    }

    bool put(char c)
    {
        if (line_.text_used == CommandLine::max_text)
            return fail(place(), "the command line is too long: 8192 characters with its variables");
        line_.text[line_.text_used++] = c;
        return true;
    }

    bool put_word(char const* word)
    {
        if (line_.word_count == CommandLine::max_words)
            return fail(place(), "the command line has too many words: 512 at most");
        line_.words[line_.word_count++] = word;
        return true;
    }

    void advance()
    {
        if (text_[position_++] != '\n')
            return;
        ++line_number_;
        line_start_ = position_;
    }

    // Up to the next word or the program's end.
    void skip_blanks_and_comment()
    {
        while (!at_end() && is_blank(peek()))
            ++position_;
        if (at_end() || peek() != '#')
            return;
        while (!at_end() && peek() != '\n')
            ++position_;
    }

    // Precondition: at a '$'.
    bool take_variable()
    {
        auto const begin = place();
        ++position_;
        bool const braces = !at_end() && peek() == '{';
        position_ += braces;
        auto const* name = text_ + position_;
        while (!at_end() && is_name(peek()))
            ++position_;
        auto const name_length = static_cast<usize>(text_ + position_ - name);
        bool const is_variable = name_length && is_name_start(*name);
        if (braces && (!is_variable || at_end() || text_[position_++] != '}'))
            return fail(begin, "'${' must be followed by a name and '}'");
        if (!is_variable) {
            position_ -= name_length;
            return put('$');
        }
        auto const* value = environment_.get(name, name_length);
        while (value && *value) {
            if (!put(*value++))
                return false;
        }
        return true;
    }

    // One character, or one variable, after `quote` (0: none).
    bool take_character(char quote)
    {
        char const c = peek();
        if (c == '$' && quote != '\'')
            return take_variable();
        if (c == '\\' && quote != '\'') {
            if (position_ + 1 == length_)
                return fail(place(), "a backslash at the very end keeps nothing");
            ++position_;
        }
        if (!peek())
            return fail(place(), "a zero byte is no text");
        if (!put(peek()))
            return false;
        advance();
        return true;
    }

    // The next word, terminated; `word` is null at the program's end. False: an error was told.
    bool take_word(char*& word)
    {
        bool quoted = false;
        do {
            word = nullptr;
            skip_blanks_and_comment();
            word_place_ = place();
            if (at_end() || ends_program(peek()))
                return true;
            word = line_.text + line_.text_used;
            while (!at_end() && !is_blank(peek()) && !ends_program(peek())) {
                char const quote = peek();
                if (quote != '\'' && quote != '"') {
                    if (!take_character(0))
                        return false;
                    continue;
                }
                quoted = true;
                auto const begin = place();
                ++position_;
                while (!at_end() && peek() != quote) {
                    if (!take_character(quote))
                        return false;
                }
                if (at_end())
                    return fail(begin, "this quote is never closed");
                ++position_;
            }
        } while (!quoted && word == line_.text + line_.text_used);
        return put(0);
    }

    // `word` without its dashes is `name` or `name=value`. Takes the value too, which may be the next word.
    bool take_option(char* word)
    {
        auto const begin = word_place_;
        auto* value = strchr(word, '=');
        if (value)
            *value++ = 0;
        Option const* option = nullptr;
        for (auto const& candidate : options) {
            if (!strcmp(candidate.name, word))
                option = &candidate;
        }
        if (!option)
            return fail(begin, "there is no option --", word, "; --help lists them");
        if (!kernel_options_ && option->kind != ValueKind::variable)
            return fail(begin, "a script cannot set --", word, "; it belongs on the kernel's own command line");
        bool const needs_value = option->kind != ValueKind::none && option->kind != ValueKind::optional_number;
        if (!value && needs_value && !take_word(value))
            return false;
        if (needs_value && !value)
            return fail(begin, "a value is missing after --", word);
        if (value && option->kind == ValueKind::none)
            return fail(begin, "no value can be given to --", word);
        if (set_option(*option, value))
            return true;
        // The value's own fault may have been told already.
        return error_used_ ? false : fail(begin, "the value of --", word, " must be ", option->expected);
    }

    bool set_option(Option const& option, char const* value)
    {
        u64 number = 1;
        switch (option.kind) {
        case ValueKind::none:
            break;
        case ValueKind::choice: {
            auto const index = index_of_choice(option.expected, value);
            if (index < 0)
                return false;
            number = static_cast<u64>(index);
            break;
        }
        case ValueKind::number:
        case ValueKind::optional_number:
            if (!value)
                number = option.when_absent;
            else if (!parse_number(value, number) || number < option.least || number > option.most)
                return false;
            break;
        case ValueKind::trace_kinds: {
            u32 mask = 0;
            if (!parse_trace_kinds(value, mask))
                return false;
            number = mask;
            break;
        }
        case ValueKind::variable:
            return set_variable(value);
        }
        memcpy(reinterpret_cast<char*>(kernel_options_) + option.offset, &number, option.size);
        return true;
    }

    static bool parse_trace_kinds(char const* value, u32& mask)
    {
        for (;; ++value) {
            usize const length = strcspn(value, ",");
            bool found = false;
            for (auto const& group : trace_groups) {
                if (strlen(group.name) != length || memcmp(group.name, value, length))
                    continue;
                mask |= group.mask;
                found = true;
            }
            if (!found)
                return false;
            value += length;
            if (!*value)
                return true;
        }
    }

    bool set_variable(char const* assignment)
    {
        auto const* end = assignment;
        while (is_name(*end))
            ++end;
        if (*end != '=' || !is_name_start(*assignment))
            return false;
        if (!environment_.set(assignment, static_cast<usize>(end - assignment), end + 1, strlen(end + 1)))
            return fail(word_place_, "the variables are too long: 4096 characters at most");
        return true;
    }

    // Options, a program's words, and what ends it.
    bool parse_program()
    {
        auto const first = line_.word_count;
        Invocation program;
        bool options_may_follow = true;
        for (char* word;;) {
            if (!take_word(word))
                return false;
            if (!word)
                break;
            if (options_may_follow && word[0] == '-' && word[1] == '-') {
                if (!word[2])
                    options_may_follow = false;
                else if (!take_option(word + 2))
                    return false;
                continue;
            }
            options_may_follow = false;
            if (!program.count++) {
                program.line = word_place_.line;
                program.column = word_place_.column;
            }
            if (!put_word(word))
                return false;
        }
        auto const end = place();
        if (!at_end()) {
            program.background = peek() == '&';
            advance();
        }
        if (!program.count)
            return program.background ? fail(end, "there is no program before '&'") : true;
        if (line_.program_count == CommandLine::max_programs)
            return fail(end, "the command line has too many programs: 64 at most");
        program.arguments = line_.words + first;
        line_.programs[line_.program_count++] = program;
        return put_word(nullptr);
    }

    char const* text_;
    usize length_;
    Environment& environment_;
    KernelOptions* kernel_options_;
    CommandLine& line_;
    usize position_ = 0;
    usize line_start_ = 0;
    u32 line_number_ = 1;
    u32 error_used_ = 0;
    Place word_place_ {}; // of the word that take_word() took
};

} // namespace

char const kernel_options_help[] = "  --panic=exit|halt|reboot      what a panic ends with (exit: status 255)\n"
                                   "  --log=quiet|normal|verbose    how much the kernel says\n"
                                   "  --at-end=exit|halt            what follows the last program\n"
                                   "  --clock=best|tsc|hpet         the source of time (hpet-wrap: for tests)\n"
                                   "  --cpus=1..8                   bring up this many CPUs at most\n"
                                   "  --track-allocations[=N]       remember who allocated what, N live blocks\n"
                                   "  --trace=KIND,KIND...  switch wake lock memory timer vnode thread, all, none\n"
                                   "  --trace-records=N             for each CPU; 0: no rings\n"
                                   "  --profile[=HZ]                sample what runs, HZ (99) times a second\n"
                                   "  --env NAME=VALUE              a variable, for $NAME and the programs\n"
                                   "  --help                        this\n";

bool parse_command_line(
    char const* text, usize length, Environment& environment, KernelOptions* options, CommandLine& line)
{
    return Parser(text, length, environment, options, line).parse();
}

} // namespace sprout
