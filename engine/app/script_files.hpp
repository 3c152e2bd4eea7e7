#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "app/paths.hpp"
#include "risk/risk_settings.hpp"
#include "session/strategy_host.hpp"

namespace tide {

// A script as named on the command line: with a folder it is a path; without one it is looked up in strategies/. The
// ".lua" may be left out. Errors (usage) say where it was looked for and what is there.
Result<std::filesystem::path> find_script(const Paths& paths, const std::string& name);

// Reads the scripts with their modules and the --param values. Every script must
// declare every parameter that is given.
Result<std::vector<ScriptBundle>> read_scripts(const Paths& paths, const std::vector<std::string>& names,
                                               const std::vector<std::string>& parameters);

// Limits of strategies by name ([strategy.NAME]): each name is one of `scripts`, or a file of strategies/. A misspelled
// one would limit nothing.
Result<void> check_limited_strategies(const Paths& paths, const RiskSettings& risk,
                                      const std::vector<ScriptBundle>& scripts);

// Loads a bundle in a sandbox of its own and gives its declaration; no callback runs.
Result<StrategyDeclaration> check_script(const ScriptBundle& bundle);

}  // namespace tide
