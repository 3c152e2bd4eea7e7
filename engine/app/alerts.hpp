#pragma once
#include <string>
#include <string_view>

#include "app/paths.hpp"

namespace tide {

inline constexpr std::string_view kCritical = "critical";

// Tells the operator: a line on stderr (in colour and with the bell where that is a terminal), and the same line, with
// the time, in <home>/alerts.log. False: the log could not be written; the line on stderr says so.
bool raise_alert(const Paths& paths, std::string_view level, std::string_view what, const std::string& text);

// A line in a file of the home folder. Errors: io.
Result<void> append_line(const std::filesystem::path& path, const std::string& line);
// What an operator asked for, or what was done in his absence, in <home>/operator.log with the time and his name.
Result<void> log_operator(const Paths& paths, const std::string& what);

}  // namespace tide
