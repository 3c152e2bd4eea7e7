#include "support/paths.hpp"

#include <cstdlib>

namespace tide {

std::filesystem::path source_dir() { return TIDE_SOURCE_DIR; }

std::filesystem::path data_folder() {
    const char* const named = std::getenv("TIDE_DATA");
    return named != nullptr ? std::filesystem::path(named) : source_dir() / ".." / "shared" / "data";
}

std::filesystem::path engine_program() { return TIDE_ENGINE; }

}  // namespace tide
