#include "app/terminal.hpp"

#include <unistd.h>

#include <cstdlib>

namespace tide {
bool is_terminal(int file_descriptor) { return ::isatty(file_descriptor) == 1; }
bool colour_allowed(int file_descriptor) {
    const char* off = std::getenv("NO_COLOR");
    return is_terminal(file_descriptor) && (off == nullptr || off[0] == '\0');
}
}  // namespace tide
