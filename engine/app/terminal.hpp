#pragma once

namespace tide {
// A terminal, and NO_COLOR is not set.
bool colour_allowed(int file_descriptor);
bool is_terminal(int file_descriptor);
// A terminal whose locale has UTF-8: it shows signs beyond ASCII.
bool speaks_utf8(int file_descriptor);
}  // namespace tide
