#include "core/result.hh"

namespace sprout {

char const* error_text(Error error)
{
    switch (error) {
    case Error::no_entry:
        return "no such file or directory";
    case Error::io:
        return "input or output failed";
    case Error::bad_file:
        return "not open for this";
    case Error::try_again:
        return "not now; try again";
    case Error::no_memory:
        return "out of memory";
    case Error::busy:
        return "in use";
    case Error::exists:
        return "exists already";
    case Error::cross_device:
        return "on another mount";
    case Error::no_device:
        return "no such device or file system";
    case Error::not_a_directory:
        return "not a directory";
    case Error::is_a_directory:
        return "a directory";
    case Error::invalid:
        return "invalid";
    case Error::too_many_files:
        return "too many files";
    case Error::file_too_big:
        return "too big";
    case Error::no_space:
        return "no space left";
    case Error::read_only:
        return "read-only";
    case Error::name_too_long:
        return "name too long";
    case Error::deadlock:
        return "would deadlock";
    case Error::not_supported:
        return "not supported";
    case Error::not_empty:
        return "not empty";
    }
    return "unknown error";
}

} // namespace sprout
