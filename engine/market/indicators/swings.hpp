#pragma once
#include <array>
#include <optional>

#include "market/indicators/indicator.hpp"
#include "market/indicators/smoothing.hpp"

// Swings and what is drawn from them. n = strength: bars on each side of a swing.
namespace tide {

// A swing high is a bar whose high no earlier one of the n bars before it exceeds and all n bars after it stay below
// (of equal highs the last counts); a swing low the other way round (B. Williams' fractal with n = 2, Trading Chaos,
// 1995). It is known only when the n-th bar after it has closed, and is never taken back: nothing looks ahead, nothing
// repaints.
class SwingDetector {
  public:
    explicit SwingDetector(int64_t strength)
        : strength_(strength),
          highest_(2 * strength + 1, RollingExtreme::Side::highest),
          lowest_(2 * strength + 1, RollingExtreme::Side::lowest) {}
    // The price of the swing that this bar confirms, n bars ago.
    struct Found {
        std::optional<double> high, low;
    };
    Found push(const BarValues& bar) {
        highest_.push(bar.high);
        if (!lowest_.push(bar.low)) return {};
        Found found;
        if (highest_.bars_ago() == strength_) found.high = highest_.value();
        if (lowest_.bars_ago() == strength_) found.low = lowest_.value();
        return found;
    }
    int64_t strength() const { return strength_; }

  private:
    int64_t strength_;
    RollingExtreme highest_, lowest_;
};

// The newest swing high and low, and how many bars ago they were (n when they are new). Warm-up: 2 n + 1 bars, then
// until there has been a swing of each kind.
class Swings final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 4> kOutputs{"swing_high", "swing_low", "swing_high_age",
                                                              "swing_low_age"};
    explicit Swings(int64_t strength) : Indicator(kOutputs), detector_(strength) {}
    void update(const BarValues& bar) override;

  private:
    SwingDetector detector_;
};

// Higher highs and higher lows, by the newest two swings of each kind. structure: +1 both are higher, -1 both are
// lower, 0 neither; structure_high, structure_low: +1 higher than the one before, -1 lower, 0 equal. Warm-up: 2 n + 1
// bars, then until there have been two swings of each kind.
class Structure final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 3> kOutputs{"structure", "structure_high", "structure_low"};
    explicit Structure(int64_t strength) : Indicator(kOutputs), detector_(strength) {}
    void update(const BarValues& bar) override;

  private:
    SwingDetector detector_;
    std::optional<double> high_, low_;
};

// Retracements of the newest leg between two swings of different kind: level r of an up leg is high - r (high - low),
// of a down leg low + r (high - low), r = 0.236, 0.382, 0.5, 0.618, 0.786. A further swing of the same kind moves the
// leg's end if it is more extreme; one of the other kind turns the leg if it is on the right side of the end.
// fibonacci_direction: +1 the leg rose, -1 it fell. Warm-up: 2 n + 1 bars, then until there is a leg.
class Fibonacci final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 8> kOutputs{"fibonacci_high", "fibonacci_low", "fibonacci_direction",
                                                              "fibonacci_236",  "fibonacci_382", "fibonacci_500",
                                                              "fibonacci_618",  "fibonacci_786"};
    explicit Fibonacci(int64_t strength) : Indicator(kOutputs), detector_(strength) {}
    void update(const BarValues& bar) override;

  private:
    // +1: swing highs end the leg, -1: swing lows.
    void take(int direction, double price);
    void publish();
    SwingDetector detector_;
    int direction_ = 0;  // of the leg, or of the first swing
    bool has_leg_ = false;
    double begin_ = 0, end_ = 0;
};

// Levels at which the market has turned: swings (highs and lows alike) whose prices lie within `tolerance` percent of a
// level's mean belong to it, the nearest level first. A level counts with `min_touches` swings or more, and is
// forgotten `memory` bars after its last one; of more than 32, the one with the fewest touches goes (of those the
// oldest). support: the highest level at or below the close; resistance: the lowest above it. Warm-up: 2 n + 1 bars;
// missing while there is no level on that side. Constant time: 32 levels a bar.
class SupportResistance final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 4> kOutputs{"support", "support_touches", "resistance",
                                                              "resistance_touches"};
    SupportResistance(int64_t strength, double tolerance_pct, int64_t min_touches, int64_t memory);
    void update(const BarValues& bar) override;

  private:
    struct Level {
        double price = 0;
        int64_t touches = 0;
        int64_t last = 0;  // bar of the last touch
    };
    static constexpr size_t kLevelsMax = 32;
    void take(double price);
    void forget();
    void publish(double close);

    SwingDetector detector_;
    double tolerance_;
    int64_t min_touches_, memory_;
    int64_t bar_ = 0;
    std::array<Level, kLevelsMax> levels_{};
    size_t count_ = 0;
};

}  // namespace tide
