#pragma once

namespace tide {
// A terminal, and NO_COLOR is not set.
bool colour_allowed(int file_descriptor);
bool is_terminal(int file_descriptor);
}  // namespace tide
