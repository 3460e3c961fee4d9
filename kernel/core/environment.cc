#include "core/environment.hh"
#include <cstring>

namespace sprout {

namespace {
// The variable that starts at `offset` is called `name`.
bool is_named(char const* variable, char const* name, usize name_length)
{
    return !memcmp(variable, name, name_length) && variable[name_length] == '=';
}
} // namespace

char const* Environment::get(char const* name, usize name_length) const
{
    for (usize offset = 0; offset < used; offset += strlen(storage + offset) + 1) {
        if (offset + name_length < used && is_named(storage + offset, name, name_length))
            return storage + offset + name_length + 1;
    }
    return nullptr;
}

bool Environment::set(char const* name, usize name_length, char const* value, usize value_length)
{
    auto const needed = name_length + value_length + 2;
    auto const* old_value = get(name, name_length);
    auto const* old_end = old_value ? old_value + strlen(old_value) + 1 : storage;
    auto* old_begin = old_value ? storage + (old_value - storage) - name_length - 1 : storage;
    auto const kept = used - static_cast<u32>(old_end - old_begin);
    if (kept + needed > capacity)
        return false;
    memmove(old_begin, old_end, static_cast<usize>(storage + used - old_end));
    auto* end = storage + kept;
    memcpy(end, name, name_length);
    end[name_length] = '=';
    memcpy(end + name_length + 1, value, value_length);
    end[needed - 1] = 0;
    used = static_cast<u32>(kept + needed);
    return true;
}

} // namespace sprout
