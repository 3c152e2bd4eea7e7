#pragma once
#include <vector>

#include "market/indicators/indicator.hpp"
#include "market/indicators/swings.hpp"

// Volume-weighted mean of the typical price (high + low + close) / 3 since an anchor (B. Shannon, Maximum Trading Gains
// with Anchored VWAP, 2022). A bar without volume has no value and adds nothing; on an index they are never ready.
namespace tide {

// Turnover over volume since the anchor.
struct VolumeWeighted {
    double turnover = 0, volume = 0;
    void add(const BarValues& bar) {
        turnover += (bar.high + bar.low + bar.close) / 3 * bar.volume;
        volume += bar.volume;
    }
};

// Anchor: each day's first bar that starts at hour:minute India time or later; missing before it. Afresh each day.
class VwapFromTime final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"vwap_from_time"};
    VwapFromTime(int64_t hour, int64_t minute) : Indicator(kOutputs), from_(hours(hour) + minutes(minute)) {}
    void update(const BarValues& bar) override;

  private:
    Duration from_;
    int64_t day_ = std::numeric_limits<int64_t>::min();
    VolumeWeighted sums_;
};

// Anchor: the first bar of that date (India) or of the first later one; missing before it.
class VwapFromDate final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"vwap_from_date"};
    VwapFromDate(int64_t year, int64_t month, int64_t day);
    void update(const BarValues& bar) override;

  private:
    int64_t day_;  // a day that does not exist counts as the one as many days after the month's first
    VolumeWeighted sums_;
};

// Anchor: the bar of the newest swing of either kind (SwingDetector), itself included; it moves when a swing is
// confirmed, n bars late, and past values stay. Missing until the first swing.
class VwapFromSwing final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"vwap_from_swing"};
    explicit VwapFromSwing(int64_t strength);
    void update(const BarValues& bar) override;

  private:
    SwingDetector detector_;
    std::vector<VolumeWeighted> recent_;  // a ring of the newest n + 1 bars, each by itself
    size_t next_ = 0;
    bool anchored_ = false;
    VolumeWeighted sums_;
};

}  // namespace tide
