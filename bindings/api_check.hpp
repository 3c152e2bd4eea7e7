#pragma once
#include <string>
#include <vector>

#include "session/strategy_host.hpp"

// Looks at a strategy's sources before they run: for names that do not exist, arguments that cannot be right, callbacks
// that are never called. Knows what the registry of the API knows; follows values of engine objects through locals and
// calls. What it cannot know it leaves alone.
namespace tide {

struct ScriptFinding {
    std::string file;   // "adx_trend.lua"
    int line = 0;       // 0: the file as a whole
    bool error = true;  // it cannot work as written; else it is suspicious
    std::string text;   // what is wrong and what to do
};
// "adx_trend.lua:12: error: …"
std::string text_of(const ScriptFinding& finding);

// All findings, by file in the order of loading, then by line. `loaded`: what LuaHost made of the bundle, or its
// refusal.
std::vector<ScriptFinding> check_sources(const ScriptBundle& bundle, const Result<StrategyDeclaration>& loaded);

}  // namespace tide
