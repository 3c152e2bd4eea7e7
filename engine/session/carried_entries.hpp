#pragma once
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "trading/parent_order.hpp"

namespace tide {

// ScriptEvent::parameters of the event of role `saved` that brings entries of an earlier session, not a script's state.
inline constexpr std::string_view kSavedEntries = "entries";

// An entry that stands for longer than its session, as a line of text: what was asked for, with its trigger as it is
// now. Canonical: the same entry gives the same line.
std::string carried_line(const ParentOrder& parent, std::string_view symbol);

struct CarriedEntry {
    std::string symbol;
    Intent intent;  // without its instrument
};
// Errors: corrupt, in one line.
Result<CarriedEntry> parse_carried_line(std::string_view line);

}  // namespace tide
