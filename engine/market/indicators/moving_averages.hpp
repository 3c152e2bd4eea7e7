#pragma once
#include "market/indicators/indicator.hpp"
#include "market/indicators/smoothing.hpp"

// Moving averages of the close. n = period.
namespace tide {

// Mean of the last n closes. Warm-up: n bars.
class Sma final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"sma"};
    explicit Sma(int64_t period) : Indicator(kOutputs), sum_(period) {}
    void update(const BarValues& bar) override;

  private:
    RollingSum sum_;
};

// E = E' + 2 / (n + 1) (close - E'), seeded with the simple mean of the first n closes (as TA-Lib does). Warm-up: n
// bars.
class Ema final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"ema"};
    explicit Ema(int64_t period) : Indicator(kOutputs), mean_(SeededMean::ema(period)) {}
    void update(const BarValues& bar) override;

  private:
    SeededMean mean_;
};

// Wilder's smoothing: R = R' + (close - R') / n, seeded with the simple mean of the first n closes. Warm-up: n bars.
class Rma final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"rma"};
    explicit Rma(int64_t period) : Indicator(kOutputs), mean_(SeededMean::wilder(period)) {}
    void update(const BarValues& bar) override;

  private:
    SeededMean mean_;
};

// Linearly weighted sum: weight n for the newest of n values, 1 for the oldest, over n (n + 1) / 2.
class WeightedMean {
  public:
    explicit WeightedMean(int64_t period);
    bool push(double value);
    double mean() const { return weighted_ * scale_; }

  private:
    Window window_;
    double period_, scale_;
    double weighted_ = 0, plain_ = 0;
    double fresh_weighted_ = 0, fresh_plain_ = 0, fresh_count_ = 0;  // renewed at every wrap, against rounding drift
};

// Weight n for the newest close, 1 for the oldest. Warm-up: n bars.
class Wma final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"wma"};
    explicit Wma(int64_t period) : Indicator(kOutputs), mean_(period) {}
    void update(const BarValues& bar) override;

  private:
    WeightedMean mean_;
};

// Hull: WMA(2 WMA(close, n / 2) - WMA(close, n), sqrt n), halves and roots rounded down (A. Hull, 2005).
// Warm-up: n + floor(sqrt n) - 1 bars.
class Hma final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"hma"};
    explicit Hma(int64_t period);
    void update(const BarValues& bar) override;

  private:
    WeightedMean half_, full_, smooth_;
};

}  // namespace tide
