// A test is a function; it prints one line. The executable exits with 1 when any check failed.
//
//   TEST(an_empty_set_has_no_earliest_deadline) { TimerSet set; CHECK(set.earliest() == ~0ull); }
#pragma once
#include "core/types.hh"
#include <cstdio>
#include <exception>
#include <sstream>
#include <string>

namespace host {

struct TestCase {
    char const* name;
    void (*run)();
    TestCase* next;

    TestCase(char const* test_name, void (*function)());
};

void check_failed(char const* file, int line, std::string const& text);
// Beside the test's line when it passes: figures that a person wants to see.
void note(char const* format, ...) __attribute__((format(printf, 1, 2)));

// panic() on the host throws it, so that destructors let go of locks.
struct Panic {
    std::string message;
};

template<typename Left, typename Right>
void check_equal(Left const& left, Right const& right, char const* text, char const* file, int line)
{
    if (left == right)
        return;
    std::ostringstream out;
    out << text << ": " << left << " is not " << right;
    check_failed(file, line, out.str());
}

// Runs `function`; the panic's sentence, or an empty string when it did not panic.
template<typename Function> std::string panic_of(Function function)
{
    try {
        function();
    } catch (Panic const& panic) {
        return panic.message;
    }
    return "";
}

} // namespace host

#define TEST(name)                                                                                                     \
    static void test_##name();                                                                                         \
    static ::host::TestCase test_case_##name { #name, test_##name };                                                   \
    static void test_##name()

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            ::host::check_failed(__FILE__, __LINE__, #condition);                                                      \
    } while (false)

#define CHECK_EQUAL(left, right) ::host::check_equal((left), (right), #left " == " #right, __FILE__, __LINE__)

// `statement` panics, and the panic's sentence contains `text`.
#define CHECK_PANIC(statement, text)                                                                                   \
    do {                                                                                                               \
        auto const panic_message = ::host::panic_of([&] { statement; });                                               \
        if (panic_message.empty())                                                                                     \
            ::host::check_failed(__FILE__, __LINE__, "no panic: " #statement);                                         \
        else if (panic_message.find(text) == std::string::npos)                                                        \
            ::host::check_failed(__FILE__, __LINE__, "panic says \"" + panic_message + "\", not \"" text "\"");        \
    } while (false)
