#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/money.hpp"
#include "core/strong_id.hpp"
#include "core/time.hpp"

namespace tide {

// Order of closing when several end at one instant: the order of this enum. The last eight are places for the tick,
// volume and range bars of one session (ActivityFrames says which); they have no name or length of their own.
enum class Timeframe : uint8_t { s1, m1, m3, m5, m15, m30, h1, d1, w1, a1, a2, a3, a4, a5, a6, a7, a8 };
inline constexpr size_t kTimeTimeframes = 9;  // s1 to w1
inline constexpr size_t kActivityFramesMax = 8;
inline constexpr size_t kTimeframeCount = kTimeTimeframes + kActivityFramesMax;
constexpr bool is_activity(Timeframe timeframe) { return timeframe > Timeframe::w1; }

// "1s", "1m", "3m", "5m", "15m", "30m", "1h", "1d", "1w"; "" for the places of activity bars.
std::string_view name_of(Timeframe timeframe);
// As above; "daily" = 1d, "1D" and "1H" accepted.
std::optional<Timeframe> parse_timeframe(std::string_view text);
// Length inside a day; 1d and 1w have none.
std::optional<Duration> length_of(Timeframe timeframe);

// Bars made of activity, not of time.
enum class ActivityKind : uint8_t { ticks, volume, range };
struct ActivitySpec {
    ActivityKind kind = ActivityKind::ticks;
    int64_t size = 1;  // ticks; units of volume; steps of the instrument's price
    bool operator==(const ActivitySpec&) const = default;
};
inline constexpr int64_t kActivitySizeMax = 1'000'000'000;
// "500t", "10000v", "20r": a whole number from 1 (a range from 1 step, ticks from 2) to kActivitySizeMax.
std::optional<ActivitySpec> parse_activity(std::string_view text);
std::string name_of(const ActivitySpec& spec);

// Which activity bars stand in which place: in the order in which they were first asked for.
class ActivityFrames {
  public:
    // The place of `spec`, a new one where it has none; nothing when all are taken.
    std::optional<Timeframe> place(const ActivitySpec& spec);
    // The place that it has already.
    std::optional<Timeframe> find(const ActivitySpec& spec) const;
    std::span<const ActivitySpec> all() const { return {specs_.data(), count_}; }
    static Timeframe at(size_t index) { return static_cast<Timeframe>(kTimeTimeframes + index); }

  private:
    std::array<ActivitySpec, kActivityFramesMax> specs_{};
    size_t count_ = 0;
};

enum BarFlag : uint16_t {
    kBarHistory = 1,  // context only: warms series and indicators up, is never traded through
    kBarHasVolume = 2,
    kBarHasOi = 4,
    kBarGapFilled = 8,       // made by interpolation over a short gap of an underlying
    kBarHasGap = 16,         // a gap of 5 to 10 minutes inside
    kBarModelPrice = 32,     // an option priced by model
    kBarPartial = 64,        // the session ended or the feed stopped inside it
    kBarFutureVolume = 128,  // an index's bar with the volume of its nearest future
};

// Open, high, low, close of one interval. `start` is the start of the interval. Missing volume and open interest are
// flags, not zeros.
struct Bar {
    InstrumentId instrument;
    Timeframe timeframe = Timeframe::m1;
    uint16_t flags = 0;
    ExchangeTime start;
    Price open, high, low, close;
    int64_t volume = 0;
    int64_t oi = 0;

    bool has_volume() const { return (flags & kBarHasVolume) != 0; }
    bool has_oi() const { return (flags & kBarHasOi) != 0; }
    bool is_history() const { return (flags & kBarHistory) != 0; }
    // Prices positive and low <= open, close <= high.
    bool consistent() const { return low.positive() && low <= open && low <= close && open <= high && close <= high; }
};

}  // namespace tide
