#pragma once
#include <string>
#include <string_view>

#include "session/strategy_host.hpp"

namespace tide {

// How many lines a new version adds and takes away; a line that only moved counts as neither.
struct LineChanges {
    size_t added = 0;
    size_t removed = 0;
    bool none() const { return added == 0 && removed == 0; }
};
LineChanges line_changes(std::string_view before, std::string_view after);

// Of all sources of two bundles: "adx_trend.lua +3 -1, exit_ladder.lua new"; "no line changed" when none did.
std::string describe_changes(const ScriptBundle& before, const ScriptBundle& after);
// The same sources, whatever the parameters.
bool same_sources(const ScriptBundle& one, const ScriptBundle& other);

}  // namespace tide
