#pragma once
#include <cstddef>

namespace tide {

// Columns of the terminal behind a file descriptor; 0 where there is none or it cannot say.
size_t terminal_width(int file_descriptor);

}  // namespace tide
