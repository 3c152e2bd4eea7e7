#pragma once
#include <array>

#include "market/indicators/indicator.hpp"

namespace tide {

// Volume by price over the day so far (P. Steidlmayer's Market Profile, CBOT 1985, with volume in place of time). Each
// bar's volume is spread evenly over [low, high]; prices fall into bins of bin_ticks x tick, aligned to 0. The day has
// at most 512 bins: when its range outgrows them, neighbours are joined in pairs, as often as needed, and the bins stay
// twice as wide until the next day.
//   point_of_control: the middle of the bin with the most volume (of equals the lowest).
//   value_area_high, value_area_low: the outer edges of the bins that hold value_pct of the volume: from the point of
//   control outwards, always the neighbour with more volume (of equals the upper).
// Warm-up: a bar with volume; afresh each day; missing on a bar without volume. Constant time: 512 bins a bar.
class VolumeProfile final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 3> kOutputs{"point_of_control", "value_area_high", "value_area_low"};
    VolumeProfile(int64_t bin_ticks, double tick, double value_pct);
    void update(const BarValues& bar) override;

  private:
    static constexpr size_t kBinsMax = 512;
    void start_day();
    void make_room(double low, double high);
    void widen();
    void move_bins(double first_bin);
    void spread(const BarValues& bar);
    void publish();
    double bin_of(double price) const;

    double narrowest_, value_share_;
    int64_t day_ = std::numeric_limits<int64_t>::min();
    double width_;
    double first_ = 0;  // number of the lowest bin: it holds [first_ width, (first_ + 1) width)
    size_t count_ = 0;  // bins in use
    double total_ = 0;
    std::array<double, kBinsMax> volumes_{};
};

}  // namespace tide
