#pragma once
// Assertions state invariants of the program and stay on in release. They are for programmer errors only; anything that
// input, a script, a broker or a disk can cause is a Result.
namespace tide {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;
}
#define TIDE_ASSERT(expression)                                                \
    (__builtin_expect(static_cast<bool>(expression), 1) ? static_cast<void>(0) \
                                                        : ::tide::assertion_failed(#expression, __FILE__, __LINE__))
