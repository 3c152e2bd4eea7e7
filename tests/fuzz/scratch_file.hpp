#pragma once
#include <filesystem>
#include <string>
#include <string_view>

namespace tide::fuzz {

// Puts the bytes where a reader that takes a path finds them: a file of this name in a folder of this process, one
// folder a name. The next call with the same name overwrites it.
std::filesystem::path scratch_file(const std::string& name, std::string_view bytes);

}  // namespace tide::fuzz
