#pragma once
#include <cstddef>
#include <cstdlib>
#include <new>

// Counts allocations of the test binary that includes it (in one translation unit only). Not inlined, so that the
// compiler does not pair a visible free with a new that it cannot see.
namespace tide::testing {
inline size_t allocations = 0;
}

[[gnu::noinline]] void* operator new(std::size_t size) {
    ++tide::testing::allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
// Temporary buffers of the library: the address sanitizer has one of its own, which our delete would not match.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    ++tide::testing::allocations;
    return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
