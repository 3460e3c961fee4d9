// kernel sources: core/command_line.cc core/environment.cc
#include "check.hh"
#include "core/command_line.hh"
#include "core/number.hh"
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace sprout;

namespace {

// What came of one line, in a form that reads well in a test: "a b; c&".
struct Parsed {
    bool ok = false;
    std::string programs;
    std::string error;
    u32 line = 0;
    u32 column = 0;
    KernelOptions options;
    std::shared_ptr<CommandLine> command_line = std::make_shared<CommandLine>();
};

Parsed parse(std::string_view text, Environment& environment, bool is_script = false)
{
    Parsed parsed;
    // A copy of exact length: the address sanitizer sees a read past its end.
    std::vector<char> copy(text.begin(), text.end());
    parsed.ok = parse_command_line(
        copy.data(), copy.size(), environment, is_script ? nullptr : &parsed.options, *parsed.command_line);
    auto& line = *parsed.command_line;
    for (u32 i = 0; i < line.program_count; ++i) {
        auto const& program = line.programs[i];
        for (u32 word = 0; word < program.count; ++word)
            parsed.programs += "[" + std::string(program.arguments[word]) + "]";
        CHECK(program.arguments[program.count] == nullptr);
        parsed.programs += program.background ? "&" : ";";
    }
    parsed.error = line.error;
    parsed.line = line.error_line;
    parsed.column = line.error_column;
    CHECK_EQUAL(parsed.ok, parsed.error.empty());
    return parsed;
}

Parsed parse(std::string_view text)
{
    Environment environment;
    return parse(text, environment);
}

// The programs as told above; an error's sentence where there is one.
std::string programs_of(std::string_view text)
{
    auto const parsed = parse(text);
    return parsed.ok ? parsed.programs : parsed.error;
}

} // namespace

TEST(words_are_divided_by_blanks)
{
    CHECK_EQUAL(programs_of(""), "");
    CHECK_EQUAL(programs_of("  \t "), "");
    CHECK_EQUAL(programs_of("hello"), "[hello];");
    CHECK_EQUAL(programs_of("  hello\tbig  world "), "[hello][big][world];");
}

TEST(quotes_and_backslashes_keep_characters)
{
    CHECK_EQUAL(programs_of("a 'b c' \"d e\" f\\ g"), "[a][b c][d e][f g];");
    CHECK_EQUAL(programs_of("a x'y'\"z\"w"), "[a][xyzw];");
    CHECK_EQUAL(programs_of("a '' \"\""), "[a][][];");
    CHECK_EQUAL(programs_of("a '\\' \"\\\"\" \\' \\\\"), "[a][\\][\"]['][\\];");
    CHECK_EQUAL(programs_of("a ';&#' \\; \\& \\# b#c"), "[a][;&#][;][&][#][b#c];");
    CHECK_EQUAL(programs_of("a '$X' \\$X \"\\$X\""), "[a][$X][$X][$X];");
    CHECK_EQUAL(programs_of("a 'two\nlines'"), "[a][two\nlines];");
}

TEST(semicolons_and_ampersands_end_programs)
{
    CHECK_EQUAL(programs_of("a;b ; c"), "[a];[b];[c];");
    CHECK_EQUAL(programs_of("a b&c& d ;"), "[a][b]&[c]&[d];");
    CHECK_EQUAL(programs_of(";;a;;"), "[a];");
    CHECK_EQUAL(programs_of("a & & b"), "Line 1, column 5: there is no program before '&'.");
    CHECK_EQUAL(programs_of("&"), "Line 1, column 1: there is no program before '&'.");
}

TEST(lines_end_programs_and_comments_end_with_their_line)
{
    CHECK_EQUAL(programs_of("# all of this; is & no program\na b # c\n\n  #\nd\n"), "[a][b];[d];");
    CHECK_EQUAL(programs_of("a\r\nb\r\n"), "[a];[b];");
    auto const parsed = parse("a\n b 'c\n");
    CHECK_EQUAL(parsed.error, "Line 2, column 4: this quote is never closed.");
    CHECK_EQUAL(parsed.line, 2u);
    CHECK_EQUAL(parsed.column, 4u);
}

TEST(variables_are_expanded_and_never_divided)
{
    Environment environment;
    CHECK_EQUAL(
        parse("--env A='x  y;z' p $A ${A}b \"$A\" '$A'", environment).programs, "[p][x  y;z][x  y;zb][x  y;z][$A];");
    CHECK_EQUAL(parse("p $A", environment).programs, "[p][x  y;z];");
    CHECK_EQUAL(parse("p $UNKNOWN \"$UNKNOWN\" a${UNKNOWN}b", environment).programs, "[p][][ab];");
    CHECK_EQUAL(parse("--env=A=1 p $A; --env A=2 p $A; p $A", environment).programs, "[p][1];[p][2];[p][2];");
    CHECK_EQUAL(parse("--env A=1 --env A=$A$A p $A", environment).programs, "[p][11];");
    CHECK_EQUAL(parse("p $ a$ $1 \"$\"", environment).programs, "[p][$][a$][$1][$];");
    CHECK_EQUAL(parse("p ${", environment).error, "Line 1, column 3: '${' must be followed by a name and '}'.");
    CHECK_EQUAL(parse("p ${A", environment).error, "Line 1, column 3: '${' must be followed by a name and '}'.");
    CHECK_EQUAL(parse("p ${A b}", environment).error, "Line 1, column 3: '${' must be followed by a name and '}'.");
    CHECK_EQUAL(parse("--env 1=2", environment).error, "Line 1, column 1: the value of --env must be NAME=VALUE.");
    CHECK_EQUAL(parse("--env =2", environment).error, "Line 1, column 1: the value of --env must be NAME=VALUE.");
    CHECK_EQUAL(parse("--env A", environment).error, "Line 1, column 1: the value of --env must be NAME=VALUE.");
    CHECK_EQUAL(parse("--env A= p \"$A\"", environment).programs, "[p][];");
}

TEST(options_set_the_kernel)
{
    auto const parsed = parse("--panic=halt --log quiet --at-end=halt --clock hpet --cpus=3 --track-allocations "
                              "--trace=switch,lock --trace-records 64K --profile --help -- --program --panic=exit");
    CHECK_EQUAL(parsed.error, "");
    auto const& options = parsed.options;
    CHECK(options.panic == PanicMode::halt);
    CHECK(options.log == LogLevel::quiet);
    CHECK(options.at_end == AtEnd::halt);
    CHECK(options.clock == ClockChoice::hpet);
    CHECK_EQUAL(options.cpus, 3u);
    CHECK_EQUAL(options.tracked_allocations, 65536u);
    CHECK_EQUAL(options.trace_mask, 0b111010u);
    CHECK_EQUAL(options.trace_records, 65536u);
    CHECK_EQUAL(options.profile_hertz, 99u);
    CHECK_EQUAL(
        parse("--profile=10K").error, "Line 1, column 1: the value of --profile must be a number from 1 to 10000.");
    CHECK_EQUAL(parse("--profile=1000").options.profile_hertz, 1000u);
    CHECK(options.help);
    CHECK_EQUAL(parsed.programs, "[--program][--panic=exit];");
}

TEST(defaults_stay_when_nothing_is_said)
{
    auto const options = parse("hello --panic=halt").options;
    CHECK(options.panic == PanicMode::exit);
    CHECK(!options.help);
    CHECK_EQUAL(options.tracked_allocations, 0u);
    CHECK_EQUAL(options.trace_records, 4096u);
    CHECK_EQUAL(options.profile_hertz, 0u);
    CHECK(!(options.trace_mask & 1u << static_cast<u32>(TraceKind::allocate)));
    CHECK(options.trace_mask & 1u << static_cast<u32>(TraceKind::thread_exit));
}

TEST(each_trace_group_has_the_bits_of_its_kinds)
{
    auto bit = [](TraceKind kind) { return 1u << static_cast<u32>(kind); };
    auto mask = [](char const* kinds) { return parse(std::string("--trace=") + kinds).options.trace_mask; };
    CHECK_EQUAL(mask("none"), 0u);
    CHECK_EQUAL(mask("all") | 1u, ~0u);
    CHECK_EQUAL(mask("switch"), bit(TraceKind::thread_switch));
    CHECK_EQUAL(mask("wake"), bit(TraceKind::thread_wake));
    CHECK_EQUAL(mask("lock"), bit(TraceKind::lock_wait) | bit(TraceKind::lock_acquire) | bit(TraceKind::lock_release));
    CHECK_EQUAL(mask("memory"), bit(TraceKind::allocate) | bit(TraceKind::release_memory));
    CHECK_EQUAL(mask("timer"), bit(TraceKind::timer_fire));
    CHECK_EQUAL(mask("vnode"), bit(TraceKind::vnode_operation));
    CHECK_EQUAL(mask("thread"), bit(TraceKind::thread_start) | bit(TraceKind::thread_exit));
    CHECK_EQUAL(mask("timer,vnode"), bit(TraceKind::timer_fire) | bit(TraceKind::vnode_operation));
}

TEST(wrong_options_are_told_in_one_sentence)
{
    CHECK_EQUAL(programs_of(" --panik=halt x"), "Line 1, column 2: there is no option --panik; --help lists them.");
    CHECK_EQUAL(programs_of("--panic=stop"), "Line 1, column 1: the value of --panic must be exit|halt|reboot.");
    CHECK_EQUAL(programs_of("--panic=hal"), "Line 1, column 1: the value of --panic must be exit|halt|reboot.");
    CHECK_EQUAL(programs_of("--panic="), "Line 1, column 1: the value of --panic must be exit|halt|reboot.");
    CHECK_EQUAL(programs_of("--panic"), "Line 1, column 1: a value is missing after --panic.");
    CHECK_EQUAL(programs_of("--panic ; x"), "Line 1, column 1: a value is missing after --panic.");
    CHECK_EQUAL(programs_of("--help=yes"), "Line 1, column 1: no value can be given to --help.");
    CHECK_EQUAL(programs_of("--cpus=9"), "Line 1, column 1: the value of --cpus must be a number from 1 to 8.");
    CHECK_EQUAL(programs_of("--cpus 0"), "Line 1, column 1: the value of --cpus must be a number from 1 to 8.");
    CHECK_EQUAL(programs_of("--cpus=2x"), "Line 1, column 1: the value of --cpus must be a number from 1 to 8.");
    CHECK_EQUAL(programs_of("--trace=switch,"),
        "Line 1, column 1: the value of --trace must be all, none, or kinds divided by commas.");
    CHECK_EQUAL(programs_of("a; --log=loud"), "Line 1, column 4: the value of --log must be quiet|normal|verbose.");
    CHECK_EQUAL(programs_of("a \\"), "Line 1, column 3: a backslash at the very end keeps nothing.");
    CHECK_EQUAL(programs_of(std::string_view("a b\0c", 5)), "Line 1, column 4: a zero byte is no text.");
}

TEST(a_script_sets_variables_and_nothing_else)
{
    Environment environment;
    CHECK_EQUAL(parse("--env A=1 p $A", environment, true).programs, "[p][1];");
    CHECK_EQUAL(parse("p\n--cpus=2 p", environment, true).error,
        "Line 2, column 1: a script cannot set --cpus; it belongs on the kernel's own command line.");
}

TEST(limits_are_told)
{
    std::string many_words = "p";
    for (usize i = 0; i < CommandLine::max_words; ++i)
        many_words += " w";
    CHECK(programs_of(many_words).ends_with("the command line has too many words: 512 at most."));
    std::string many_programs;
    for (usize i = 0; i < CommandLine::max_programs; ++i)
        many_programs += "p;";
    CHECK(parse(many_programs).ok);
    CHECK(programs_of(many_programs + "p;").ends_with("the command line has too many programs: 64 at most."));
    CHECK(parse("p " + std::string(CommandLine::max_text - 3, 'x')).ok);
    CHECK(programs_of("p " + std::string(CommandLine::max_text - 2, 'x'))
              .ends_with("the command line is too long: 8192 characters with its variables."));
    auto const variable = "--env A=" + std::string(4000, 'x');
    CHECK(parse(variable + " p $A").ok);
    CHECK(programs_of(variable + " p $A$A")
              .ends_with("the command line is too long: 8192 characters with its variables."));
    CHECK(programs_of(variable + " --env B=" + std::string(100, 'y'))
              .ends_with("the variables are too long: 4096 characters at most."));
    auto const long_option = parse("--" + std::string(4000, 'x'));
    CHECK(!long_option.ok);
    CHECK_EQUAL(long_option.error.size(), sizeof(CommandLine::error) - 1);
}

TEST(an_environment_replaces_and_keeps)
{
    Environment environment;
    auto set = [&](char const* name, char const* value) {
        return environment.set(name, strlen(name), value, strlen(value));
    };
    auto get = [&](char const* name) {
        auto const* value = environment.get(name, strlen(name));
        return std::string(value ? value : "(none)");
    };
    CHECK(set("A", "1") && set("AB", "22") && set("B", ""));
    CHECK_EQUAL(get("A"), "1");
    CHECK_EQUAL(get("AB"), "22");
    CHECK_EQUAL(get("B"), "");
    CHECK_EQUAL(get("C"), "(none)");
    CHECK_EQUAL(get("2"), "(none)");
    CHECK(set("A", "longer") && set("AB", "x"));
    CHECK_EQUAL(get("A"), "longer");
    CHECK_EQUAL(get("AB"), "x");
    CHECK_EQUAL(get("B"), "");
    auto const used = environment.used;
    CHECK(!set("A", std::string(5000, 'y').c_str()));
    CHECK_EQUAL(get("A"), "longer");
    CHECK_EQUAL(environment.used, used);
    // To the last byte.
    Environment full;
    CHECK(full.set("F", 1, std::string(Environment::capacity - 3, 'z').c_str(), Environment::capacity - 3));
    CHECK_EQUAL(full.used, Environment::capacity);
    CHECK(!full.set("G", 1, "", 0));
    CHECK(full.get("G", 1) == nullptr);
    CHECK(full.set("F", 1, "", 0));
    CHECK_EQUAL(full.used, 3u);
}

TEST(numbers_have_units_and_bounds)
{
    u64 value = 0;
    CHECK(parse_number("0", value) && value == 0);
    CHECK(parse_number("64K", value) && value == 65536);
    CHECK(parse_number("3M", value) && value == 3u << 20);
    CHECK(parse_number("2G", value) && value == 2ull << 30);
    CHECK(parse_number("1844674407370955160", value) && value == 1844674407370955160ull);
    for (auto const* wrong : { "", "K", "1k", "1KK", "-1", "1 ", "99999999999999999999", "18446744073709551615G" })
        CHECK(!parse_number(wrong, value));
}

// Deterministic: 200,000 lines made of pieces that mean something to the parser, and of any bytes.
TEST(no_input_breaks_the_parser)
{
    u64 state = 0x5eed;
    auto random = [&](u64 bound) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return state % bound;
    };
    static constexpr std::string_view pieces[]
        = { " ", " ", "\n", ";", "&", "'", "\"", "\\", "$", "${", "}", "A", "$A", "${A}", "--", "--env ",
              "--env=", "A=", "=", "#", "--trace=", "switch", ",", "--cpus", "--panic=halt", "7", "K", "word" };
    auto environment = std::make_unique<Environment>();
    u32 accepted = 0;
    u32 refused = 0;
    for (int round = 0; round < 200'000; ++round) {
        std::string text;
        for (u64 count = random(24); count; --count) {
            if (random(8))
                text += pieces[random(std::size(pieces))];
            else
                text += static_cast<char>(random(256));
        }
        if (!(round % 64))
            *environment = Environment();
        auto const parsed = parse(text, *environment, random(2));
        ++(parsed.ok ? accepted : refused);
        if (parsed.ok)
            continue;
        // The place lies in the text, or right behind it.
        CHECK(parsed.line >= 1 && parsed.column >= 1);
        u32 line = 1;
        usize start = 0;
        for (usize i = 0; i < text.size() && line < parsed.line; ++i) {
            if (text[i] == '\n')
                ++line, start = i + 1;
        }
        CHECK_EQUAL(line, parsed.line);
        CHECK(start + parsed.column - 1 <= text.size());
        CHECK(parsed.error.ends_with("."));
    }
    CHECK(accepted > 1000 && refused > 1000);
    host::note("%u accepted, %u refused", accepted, refused);
}
