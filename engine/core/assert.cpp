#include "core/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace tide {
void assertion_failed(const char* expression, const char* file, int line) noexcept {
    std::fprintf(stderr, "engine: internal error: assertion '%s' failed at %s:%d\n", expression, file, line);
    std::fflush(stderr);
    std::abort();
}
}  // namespace tide
