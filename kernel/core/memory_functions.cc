// The memory functions that the compiler calls by itself, and strlen. String instructions, eight bytes a step where
// many are to be moved: emulators and old processors go by the step.
#include "core/types.hh"

#ifdef SPROUT_HOST_TEST
#define SPROUT_MEMORY_FUNCTION(name) sprout_##name // beside the host's own
#else
#define SPROUT_MEMORY_FUNCTION(name) name
#endif

using sprout::u64;
using sprout::u8;
using sprout::uptr;
using sprout::usize;

extern "C" {

void* SPROUT_MEMORY_FUNCTION(memcpy)(void* __restrict destination, void const* __restrict source, usize bytes)
{
    auto* to = destination;
    auto words = bytes / 8;
    asm volatile("rep movsq\n\t"
                 "movl %k3, %%ecx\n\t"
                 "rep movsb"
                 : "+D"(to), "+S"(source), "+c"(words)
                 : "r"(bytes & 7)
                 : "memory");
    return destination;
}

void* SPROUT_MEMORY_FUNCTION(memmove)(void* destination, void const* source, usize bytes)
{
    auto* to = static_cast<u8*>(destination);
    auto const* from = static_cast<u8 const*>(source);
    if (reinterpret_cast<uptr>(to) - reinterpret_cast<uptr>(from) >= bytes) {
        // The destination does not begin inside the source: forward copying overwrites nothing that is still to be
        // read.
        SPROUT_MEMORY_FUNCTION(memcpy)(destination, source, bytes);
        return destination;
    }
    // By hand, not with the direction flag: an interrupt would find it set. The empty asm keeps the compiler from
    // putting a call to memmove in place of the loops.
    for (; bytes >= 8; bytes -= 8) {
        u64 word;
        __builtin_memcpy(&word, from + bytes - 8, 8);
        __builtin_memcpy(to + bytes - 8, &word, 8);
        asm volatile("" ::: "memory");
    }
    for (; bytes > 0; --bytes) {
        to[bytes - 1] = from[bytes - 1];
        asm volatile("" ::: "memory");
    }
    return destination;
}

void* SPROUT_MEMORY_FUNCTION(memset)(void* destination, int value, usize bytes)
{
    auto* to = destination;
    auto words = bytes / 8;
    asm volatile("rep stosq\n\t"
                 "movl %k3, %%ecx\n\t"
                 "rep stosb"
                 : "+D"(to), "+c"(words)
                 : "a"(static_cast<u8>(value) * 0x0101'0101'0101'0101ull), "r"(bytes & 7)
                 : "memory");
    return destination;
}

int SPROUT_MEMORY_FUNCTION(memcmp)(void const* left, void const* right, usize bytes)
{
    auto const* a = static_cast<u8 const*>(left);
    auto const* b = static_cast<u8 const*>(right);
    for (; bytes >= 8; bytes -= 8, a += 8, b += 8) {
        u64 first;
        u64 second;
        __builtin_memcpy(&first, a, 8);
        __builtin_memcpy(&second, b, 8);
        if (first != second)
            return __builtin_bswap64(first) < __builtin_bswap64(second) ? -1 : 1;
    }
    for (; bytes > 0; --bytes, ++a, ++b)
        if (*a != *b)
            return *a < *b ? -1 : 1;
    return 0;
}

usize SPROUT_MEMORY_FUNCTION(strlen)(char const* text)
{
    usize length = 0;
    for (; text[length]; ++length)
        asm volatile("" : "+r"(length)); // the compiler would put a call to strlen in place of the loop
    return length;
}

} // extern "C"
