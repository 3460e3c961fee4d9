// C++'s allocation functions over malloc. The kernel allocates with `new (std::nothrow)` and looks at the result; plain
// `new` is not defined, so that using it fails to link.
#include "mm/malloc_pool.hh"
#include <new>

namespace std {
nothrow_t const nothrow {};
}

namespace {

// A power of two up to 4096 is aligned to itself, a larger block to the power of two that it fits in.
void* allocate_aligned(std::size_t size, std::size_t alignment)
{
    if (alignment <= 8 || (alignment == 16 && size % 16 == 0))
        return sprout::malloc_allocate(size);
    auto const wanted = size > alignment ? size : alignment;
    return sprout::malloc_allocate(wanted > 4096 ? wanted : std::size_t(1) << (64 - __builtin_clzll(wanted - 1)));
}

} // namespace

void* operator new(std::size_t size, std::nothrow_t const&) noexcept { return sprout::malloc_allocate(size); }
void* operator new[](std::size_t size, std::nothrow_t const&) noexcept { return sprout::malloc_allocate(size); }
void* operator new(std::size_t size, std::align_val_t alignment, std::nothrow_t const&) noexcept
{
    return allocate_aligned(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment, std::nothrow_t const&) noexcept
{
    return allocate_aligned(size, static_cast<std::size_t>(alignment));
}

void operator delete(void* pointer) noexcept { sprout::malloc_free(pointer); }
void operator delete[](void* pointer) noexcept { sprout::malloc_free(pointer); }
void operator delete(void* pointer, std::size_t) noexcept { sprout::malloc_free(pointer); }
void operator delete[](void* pointer, std::size_t) noexcept { sprout::malloc_free(pointer); }
void operator delete(void* pointer, std::nothrow_t const&) noexcept { sprout::malloc_free(pointer); }
void operator delete[](void* pointer, std::nothrow_t const&) noexcept { sprout::malloc_free(pointer); }
void operator delete(void* pointer, std::align_val_t) noexcept { sprout::malloc_free(pointer); }
void operator delete[](void* pointer, std::align_val_t) noexcept { sprout::malloc_free(pointer); }
void operator delete(void* pointer, std::size_t, std::align_val_t) noexcept { sprout::malloc_free(pointer); }
void operator delete[](void* pointer, std::size_t, std::align_val_t) noexcept { sprout::malloc_free(pointer); }
