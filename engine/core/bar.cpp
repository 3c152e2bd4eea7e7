#include "core/bar.hpp"

#include <array>

namespace tide {
namespace {
constexpr std::array<std::string_view, kTimeframeCount> kNames{"1s", "1m", "3m", "5m", "15m", "30m", "1h", "1d", "1w"};
constexpr std::array<int64_t, kTimeframeCount> kSeconds{1, 60, 180, 300, 900, 1800, 3600, 0, 0};
}  // namespace

std::string_view name_of(Timeframe timeframe) { return kNames[static_cast<size_t>(timeframe)]; }

std::optional<Timeframe> parse_timeframe(std::string_view text) {
    if (text == "daily" || text == "1D" || text == "day") return Timeframe::d1;
    if (text == "1H") return Timeframe::h1;
    for (size_t i = 0; i < kNames.size(); ++i) {
        if (kNames[i] == text) return static_cast<Timeframe>(i);
    }
    return std::nullopt;
}

std::optional<Duration> length_of(Timeframe timeframe) {
    const int64_t length = kSeconds[static_cast<size_t>(timeframe)];
    return length == 0 ? std::nullopt : std::optional<Duration>(seconds(length));
}

}  // namespace tide
