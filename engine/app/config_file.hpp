#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/result.hpp"
#include "core/settings.hpp"

namespace tide {

// Reads a TOML file into the registry: tables become dotted keys ("risk.max_positions"). An unknown key, a value of the
// wrong type or out of range is one error that names file and line.
Result<void> read_config_file(const std::filesystem::path& file, SettingsRegistry& registry);

}  // namespace tide
