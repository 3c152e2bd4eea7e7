#pragma once
#include <optional>

#include "risk/emergency_settings.hpp"

namespace tide {

// The exchange's circuit breaker for the whole market (india-market 3.6): which limit an index has reached by its move
// from the previous close, 0 to 3.
int market_halt_level(const EmergencySettings& settings, double move_pct);
// How long trading stops when a limit is reached at this time of day, with the pre-open session after it.
// Duration::max(): for the rest of the day. None: so late it halts nothing.
std::optional<Duration> market_halt_length(const EmergencySettings& settings, int level, Duration since_midnight);

}  // namespace tide
