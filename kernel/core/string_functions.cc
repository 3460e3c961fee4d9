// The few functions of <cstring> on terminated strings that the kernel uses.
#include <cstddef>

extern "C" {

int strcmp(char const* left, char const* right)
{
    while (*left && *left == *right) {
        ++left;
        ++right;
    }
    return static_cast<unsigned char>(*left) - static_cast<unsigned char>(*right);
}

char* strchr(char const* text, int wanted)
{
    for (;; ++text) {
        if (*text == static_cast<char>(wanted))
            return const_cast<char*>(text);
        if (!*text)
            return nullptr;
    }
}

std::size_t strcspn(char const* text, char const* unwanted)
{
    std::size_t length = 0;
    while (text[length] && !strchr(unwanted, text[length]))
        ++length;
    return length;
}

} // extern "C"
