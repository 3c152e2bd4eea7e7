// Where a test finds the source tree, the recorded market data and the engine's program. In a library of its own, so
// that a test's object file is the same in every clone.
#pragma once

#include <filesystem>

namespace tide {

std::filesystem::path source_dir();
std::filesystem::path data_folder();     // TIDE_DATA, else beside the source tree; may not exist
std::filesystem::path engine_program();  // the engine that was built with the tests

}  // namespace tide
