// Errors are values: `Result<T>` holds either a T or an Error, and TRY() hands an error to the caller.
#pragma once
#include "core/types.hh"
#include <new>
#include <utility>

namespace sprout {

// Numbered as Linux numbers them, because programs will see them.
enum class Error : u8 {
    no_entry = 2,
    io = 5,
    bad_file = 9, // not open for this
    try_again = 11,
    no_memory = 12,
    busy = 16,
    exists = 17,
    cross_device = 18,
    no_device = 19,
    not_a_directory = 20,
    is_a_directory = 21,
    invalid = 22,
    too_many_files = 24,
    file_too_big = 27,
    no_space = 28,
    read_only = 30,
    name_too_long = 36,
    deadlock = 35,
    not_supported = 38,
    not_empty = 39,
};

// A few words for people, such as "out of memory".
char const* error_text(Error);

template<typename T> class [[nodiscard]] Result {
public:
    Result(T value)
        : has_value_(true)
    {
        new (&value_) T(std::move(value));
    }
    Result(Error error)
        : error_(error)
        , has_value_(false)
    {
    }
    Result(Result&& other)
        : has_value_(other.has_value_)
    {
        if (has_value_)
            new (&value_) T(std::move(other.value_));
        else
            error_ = other.error_;
    }
    Result& operator=(Result const&) = delete;
    ~Result()
    {
        if (has_value_)
            value_.~T();
    }
    bool is_error() const { return !has_value_; }
    explicit operator bool() const { return has_value_; }
    // Precondition: is_error().
    Error error() const { return error_; }
    // Precondition: !is_error().
    T& value() { return value_; }
    T release_value() { return std::move(value_); }

private:
    union {
        T value_;
        Error error_;
    };
    bool has_value_;
};

template<> class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error)
        : error_(error)
        , has_value_(false)
    {
    }
    bool is_error() const { return !has_value_; }
    explicit operator bool() const { return has_value_; }
    Error error() const { return error_; }
    void release_value() { }

private:
    Error error_ {};
    bool has_value_ = true;
};

// The value of `expression`, or return its error from the enclosing function.
#define TRY(expression)                                                                                                \
    ({                                                                                                                 \
        auto&& try_result = (expression);                                                                              \
        if (try_result.is_error()) [[unlikely]]                                                                        \
            return try_result.error();                                                                                 \
        try_result.release_value();                                                                                    \
    })

} // namespace sprout
