#pragma once
#include <span>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "session/session_config.hpp"

namespace tide {

// A setting that an operator may change while a session runs, and which way is the safer one.
struct RuntimeSetting {
    std::string_view key;
    bool lower_is_tighter = true;
};
// The table of docs/cli.md; besides them every limit of a strategy's own (strategy.NAME.KEY). Windows of breakers and
// whatever shapes the session are not in it.
std::span<const RuntimeSetting> runtime_settings();
const RuntimeSetting* find_runtime_setting(std::string_view key);

// Sets one of them; the value counts from the next decision on. Gives "risk.max_positions: 3 -> 2, tighter".
// Errors: not_found (no such setting, or none that may change), usage (out of range), halted (a looser value without
// `confirmed`).
Result<std::string> change_runtime_setting(SessionConfig& config, std::string_view key, std::string_view value,
                                           bool confirmed);

}  // namespace tide
