#pragma once
#include <array>

#include "market/indicators/indicator.hpp"

// Levels that a trading day starts with or makes early on.
namespace tide {

enum class PivotMethod : uint8_t { classic, fibonacci, camarilla };

// Pivot levels of the day from the previous one's high H, low L and close C (the last bar's), R = H - L; the day in
// India of a bar's start. For daily bars the previous bar. pivot P = (H + L + C) / 3, then r1 … r4 (s1 … s4 mirrored):
//   0 classic:   2P - L, P + R, H + 2 (P - L), H + 3 (P - L)          (floor traders' pivots)
//   1 Fibonacci: P + 0.382 R, P + 0.618 R, P + R, P + 1.618 R
//   2 Camarilla: C + 1.1 R / 12, C + 1.1 R / 6, C + 1.1 R / 4, C + 1.1 R / 2   (N. Stott, 1989)
// Warm-up: until the first bar of the second day.
class Pivots final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 9> kOutputs{
        "pivot", "pivot_r1", "pivot_r2", "pivot_r3", "pivot_r4", "pivot_s1", "pivot_s2", "pivot_s3", "pivot_s4"};
    explicit Pivots(int64_t method) : Indicator(kOutputs), method_(static_cast<PivotMethod>(method)) {}
    void update(const BarValues& bar) override;

  private:
    void publish();
    PivotMethod method_;
    int64_t day_ = std::numeric_limits<int64_t>::min();
    double high_ = 0, low_ = 0, close_ = 0;
};

// High and low of the bars that start in the day's first `minutes` minutes, counted from its first bar (T. Crabel, Day
// Trading with Short Term Price Patterns and Opening Range Breakout, 1990). Missing until the range is complete: from
// the bar that ends it on. opening_range_state: +1 the close is above the range, -1 below, 0 inside. Afresh each day.
class OpeningRange final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 3> kOutputs{"opening_range_high", "opening_range_low",
                                                              "opening_range_state"};
    explicit OpeningRange(int64_t range_minutes) : Indicator(kOutputs), length_(minutes(range_minutes)) {}
    void update(const BarValues& bar) override;

  private:
    Duration length_;
    int64_t day_ = std::numeric_limits<int64_t>::min();
    ExchangeTime end_{};
    double high_ = 0, low_ = 0;
};

}  // namespace tide
