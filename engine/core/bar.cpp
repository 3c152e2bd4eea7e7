#include "core/bar.hpp"

#include <array>
#include <charconv>

namespace tide {
namespace {
constexpr std::array<std::string_view, kTimeTimeframes> kNames{"1s", "1m", "3m", "5m", "15m", "30m", "1h", "1d", "1w"};
constexpr std::array<int64_t, kTimeTimeframes> kSeconds{1, 60, 180, 300, 900, 1800, 3600, 0, 0};
constexpr std::string_view kActivityLetters = "tvr";  // in the order of ActivityKind
}  // namespace

std::string_view name_of(Timeframe timeframe) {
    return is_activity(timeframe) ? std::string_view() : kNames[static_cast<size_t>(timeframe)];
}

std::optional<Timeframe> parse_timeframe(std::string_view text) {
    if (text == "daily" || text == "1D" || text == "day") return Timeframe::d1;
    if (text == "1H") return Timeframe::h1;
    for (size_t i = 0; i < kNames.size(); ++i) {
        if (kNames[i] == text) return static_cast<Timeframe>(i);
    }
    return std::nullopt;
}

std::optional<Duration> length_of(Timeframe timeframe) {
    if (is_activity(timeframe)) return std::nullopt;
    const int64_t length = kSeconds[static_cast<size_t>(timeframe)];
    return length == 0 ? std::nullopt : std::optional<Duration>(seconds(length));
}

std::optional<ActivitySpec> parse_activity(std::string_view text) {
    if (text.size() < 2) return std::nullopt;
    const size_t kind = kActivityLetters.find(text.back());
    text.remove_suffix(1);
    ActivitySpec spec;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), spec.size);
    const bool number = failure == std::errc() && end == text.data() + text.size() && text.front() != '0';
    if (kind == std::string_view::npos || !number) return std::nullopt;
    spec.kind = static_cast<ActivityKind>(kind);
    // A bar of one tick is the tick itself.
    const int64_t least = spec.kind == ActivityKind::ticks ? 2 : 1;
    if (spec.size < least || spec.size > kActivitySizeMax) return std::nullopt;
    return spec;
}

std::string name_of(const ActivitySpec& spec) {
    return std::to_string(spec.size) + kActivityLetters[static_cast<size_t>(spec.kind)];
}

std::optional<Timeframe> ActivityFrames::find(const ActivitySpec& spec) const {
    for (size_t i = 0; i < count_; ++i) {
        if (specs_[i] == spec) return at(i);
    }
    return std::nullopt;
}

std::optional<Timeframe> ActivityFrames::place(const ActivitySpec& spec) {
    if (const auto known = find(spec)) return known;
    if (count_ == specs_.size()) return std::nullopt;
    specs_[count_] = spec;
    return at(count_++);
}

}  // namespace tide
