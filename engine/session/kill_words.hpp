#pragma once
#include <string_view>

namespace tide {

// While the kill switch is on, a command kill_switch of the engine itself with an argument "step=…" says what has been
// done outside the session, for its trail. Before the state is saved, scripts are asked for theirs.
inline constexpr std::string_view kEngineName = "engine";
inline constexpr std::string_view kKillStep = "step=";
inline constexpr std::string_view kKillSaveState = "step=save_state";

}  // namespace tide
