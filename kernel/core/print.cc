#include "core/print.hh"
#include "core/spinlock.hh"
#include "drivers/serial.hh"

namespace sprout {

namespace {

Spinlock g_console_lock;

// Where formatted characters go: a buffer of fixed size that counts what did not fit.
struct Output {
    char* buffer;
    usize size;
    usize length = 0;

    void put(char character)
    {
        if (length < size)
            buffer[length] = character;
        ++length;
    }
};

// One conversion: %[-][0][width][.precision][l|ll|z]type
struct Conversion {
    bool left = false;
    bool zeros = false;
    u32 width = 0;
    i32 precision = -1;
    u32 longs = 0;
};

void put_padded(Output& output, char const* text, usize length, Conversion const& conversion)
{
    auto const padding = conversion.width > length ? conversion.width - length : 0;
    for (usize index = 0; !conversion.left && index < padding; ++index)
        output.put(conversion.zeros ? '0' : ' ');
    for (usize index = 0; index < length; ++index)
        output.put(text[index]);
    for (usize index = 0; conversion.left && index < padding; ++index)
        output.put(' ');
}

void put_number(Output& output, u64 value, u32 base, bool negative, Conversion conversion)
{
    char digits[24];
    usize position = sizeof(digits);
    do {
        digits[--position] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    if (negative && conversion.zeros) {
        output.put('-');
        conversion.width = conversion.width ? conversion.width - 1 : 0;
    } else if (negative) {
        digits[--position] = '-';
    }
    put_padded(output, digits + position, sizeof(digits) - position, conversion);
}

void put_string(Output& output, char const* text, Conversion conversion)
{
    conversion.zeros = false;
    text = text ? text : "(null)";
    usize length = 0;
    while (text[length] && (conversion.precision < 0 || length < static_cast<usize>(conversion.precision)))
        ++length;
    put_padded(output, text, length, conversion);
}

u32 read_decimal(char const*& format)
{
    u32 value = 0;
    for (; *format >= '0' && *format <= '9'; ++format)
        value = value * 10 + static_cast<u32>(*format - '0');
    return value;
}

struct Arguments {
    va_list list;

    u32 width() { return static_cast<u32>(va_arg(list, int)); }
    u64 unsigned_value(u32 longs) { return longs ? va_arg(list, unsigned long) : va_arg(list, unsigned); }
    i64 signed_value(u32 longs) { return longs ? va_arg(list, long) : va_arg(list, int); }
};

Conversion read_conversion(char const*& format, Arguments& arguments)
{
    Conversion conversion;
    for (;; ++format) {
        if (*format == '-')
            conversion.left = true;
        else if (*format == '0')
            conversion.zeros = true;
        else
            break;
    }
    if (*format == '*') {
        conversion.width = arguments.width();
        ++format;
    } else {
        conversion.width = read_decimal(format);
    }
    if (*format == '.') {
        ++format;
        if (*format == '*') {
            conversion.precision = static_cast<i32>(arguments.width());
            ++format;
        } else {
            conversion.precision = static_cast<i32>(read_decimal(format));
        }
    }
    for (; *format == 'l' || *format == 'z'; ++format)
        ++conversion.longs;
    return conversion;
}

void put_conversion(Output& output, char type, Conversion const& conversion, Arguments& arguments)
{
    switch (type) {
    case 's':
        return put_string(output, va_arg(arguments.list, char const*), conversion);
    case 'c':
        return output.put(static_cast<char>(va_arg(arguments.list, int)));
    case 'd':
    case 'i': {
        auto const value = arguments.signed_value(conversion.longs);
        return put_number(
            output, value < 0 ? 0 - static_cast<u64>(value) : static_cast<u64>(value), 10, value < 0, conversion);
    }
    case 'u':
        return put_number(output, arguments.unsigned_value(conversion.longs), 10, false, conversion);
    case 'x':
        return put_number(output, arguments.unsigned_value(conversion.longs), 16, false, conversion);
    case 'p':
        output.put('0');
        output.put('x');
        return put_number(output, arguments.unsigned_value(1), 16, false, conversion);
    default:
        output.put(type); // %% too
    }
}

void format_into(Output& output, char const* format, Arguments& arguments)
{
    while (*format) {
        if (*format != '%') {
            output.put(*format++);
            continue;
        }
        ++format;
        auto const conversion = read_conversion(format, arguments);
        if (!*format)
            return;
        put_conversion(output, *format++, conversion, arguments);
    }
}

} // namespace

usize format_string_v(char* buffer, usize size, char const* format, va_list list)
{
    Output output { buffer, size ? size - 1 : 0 };
    Arguments arguments;
    va_copy(arguments.list, list);
    format_into(output, format, arguments);
    va_end(arguments.list);
    if (size)
        buffer[output.length < size ? output.length : size - 1] = 0;
    return output.length;
}

usize format_string(char* buffer, usize size, char const* format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    auto const length = format_string_v(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}

void print(char const* format, ...)
{
    char buffer[512];
    va_list arguments;
    va_start(arguments, format);
    auto const needed = format_string_v(buffer, sizeof(buffer), format, arguments);
    va_end(arguments);
    SpinlockGuard guard(g_console_lock);
    serial_write(buffer, needed < sizeof(buffer) ? needed : sizeof(buffer) - 1);
}

void print_break_lock()
{
    if (g_console_lock.is_locked())
        g_console_lock.unlock();
}

} // namespace sprout
