#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "session/strategy_host.hpp"

// Finds a strategy's sources on disk. The only part of the bindings that reads files; the host itself gets texts.
namespace tide {

// The modules that `text` names in `require "x"` or `require("x")`, in order of first appearance. An error when the
// text is not readable as Lua or a name is not [A-Za-z0-9_]+. `file` names the text in errors.
Result<std::vector<std::string>> required_modules(std::string_view text, std::string_view file);

// Reads a strategy file and, transitively, the modules it requires: looked for in the strategy's own folder, then in
// `module_folders` in order. A module comes before whatever requires it. `parameters` and `seed` are left to the
// caller.
Result<ScriptBundle> load_bundle(const std::filesystem::path& strategy_file,
                                 const std::vector<std::filesystem::path>& module_folders);

// SHA-256, in hex, over name and text of the modules in order and of the strategy: what identifies a version.
std::string bundle_sha256(const ScriptBundle& bundle);

}  // namespace tide
