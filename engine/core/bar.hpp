#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/money.hpp"
#include "core/strong_id.hpp"
#include "core/time.hpp"

namespace tide {

// Order of closing when several end at one instant: the order of this enum.
enum class Timeframe : uint8_t { s1, m1, m3, m5, m15, m30, h1, d1, w1 };
inline constexpr size_t kTimeframeCount = 9;

// "1s", "1m", "3m", "5m", "15m", "30m", "1h", "1d", "1w".
std::string_view name_of(Timeframe timeframe);
// As above; "daily" = 1d, "1D" and "1H" accepted.
std::optional<Timeframe> parse_timeframe(std::string_view text);
// Length inside a day; 1d and 1w have none.
std::optional<Duration> length_of(Timeframe timeframe);

enum BarFlag : uint16_t {
    kBarHistory = 1,  // context only: warms series and indicators up, is never traded through
    kBarHasVolume = 2,
    kBarHasOi = 4,
    kBarGapFilled = 8,    // made by interpolation over a short gap of an underlying
    kBarHasGap = 16,      // a gap of 5 to 10 minutes inside
    kBarModelPrice = 32,  // an option priced by model
    kBarPartial = 64,     // the session ended or the feed stopped inside it
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
