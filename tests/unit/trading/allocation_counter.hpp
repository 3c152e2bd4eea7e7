#pragma once
#include <cstddef>
#include <cstdlib>
#include <new>

// Counts allocations of the test binary that includes it (in one translation unit only).
namespace tide::testing {
inline size_t allocations = 0;
}

void* operator new(std::size_t size) {
    ++tide::testing::allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
