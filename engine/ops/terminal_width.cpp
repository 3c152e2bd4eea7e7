#include "ops/terminal_width.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

namespace tide {

size_t terminal_width(int file_descriptor) {
    winsize size{};
    return ::ioctl(file_descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace tide
