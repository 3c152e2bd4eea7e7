#include "risk/market_halt.hpp"

#include <cmath>

namespace tide {

int market_halt_level(const EmergencySettings& settings, double move_pct) {
    const double move = std::fabs(move_pct);
    return move >= settings.halt_3_pct ? 3 : move >= settings.halt_2_pct ? 2 : move >= settings.halt_1_pct ? 1 : 0;
}

std::optional<Duration> market_halt_length(const EmergencySettings& settings, int level, Duration since_midnight) {
    const auto halted = [&](double length_min) {
        return Duration(static_cast<int64_t>((length_min + settings.halt_pre_open_min) * 60e9));
    };
    const bool early = since_midnight < settings.halt_early_until;
    if (level == 1) {
        if (early) return halted(settings.halt_1_early_min);
        return since_midnight < settings.halt_late_until ? std::optional(halted(settings.halt_1_late_min))
                                                         : std::nullopt;
    }
    if (level == 2 && early) return halted(settings.halt_2_early_min);
    if (level == 2 && since_midnight < settings.halt_middle_until) return halted(settings.halt_2_middle_min);
    return level == 0 ? std::nullopt : std::optional(Duration::max());
}

}  // namespace tide
