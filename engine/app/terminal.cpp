#include "app/terminal.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string>

namespace tide {
bool is_terminal(int file_descriptor) { return ::isatty(file_descriptor) == 1; }
bool colour_allowed(int file_descriptor) {
    const char* off = std::getenv("NO_COLOR");
    return is_terminal(file_descriptor) && (off == nullptr || off[0] == '\0');
}

bool speaks_utf8(int file_descriptor) {
    if (!is_terminal(file_descriptor)) return false;
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const char* value = std::getenv(name);
        if (value == nullptr || *value == '\0') continue;
        std::string text(value);
        std::transform(text.begin(), text.end(), text.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        return text.find("utf-8") != std::string::npos || text.find("utf8") != std::string::npos;
    }
    return false;
}

}  // namespace tide
