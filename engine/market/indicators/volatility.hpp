#pragma once
#include "market/indicators/indicator.hpp"
#include "market/indicators/smoothing.hpp"

// Ranges, bands and volatility. n = period.
namespace tide {

// Wilder's mean of the true range; the first bar's is high - low; seeded with the simple mean of the first n.
// Warm-up: n bars.
class Atr final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"atr"};
    explicit Atr(int64_t period);
    void update(const BarValues& bar) override;

  private:
    TrueRange true_range_;
    SeededMean mean_;
};

// ATR in percent of the close. Warm-up: n bars.
class Natr final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"natr"};
    explicit Natr(int64_t period);
    void update(const BarValues& bar) override;

  private:
    TrueRange true_range_;
    SeededMean mean_;
};

// SMA(n) of the close and bands `width` population standard deviations away (J. Bollinger). Warm-up: n bars.
class Bollinger final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 3> kOutputs{"bollinger_middle", "bollinger_upper", "bollinger_lower"};
    Bollinger(int64_t period, double width);
    void update(const BarValues& bar) override;

  private:
    RollingMoments moments_;
    double width_;
};

// EMA(n) of the close and bands `width` x ATR(atr_period) away (C. Keltner, as revised by L. Raschke).
// Warm-up: the larger of n and atr_period.
class Keltner final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 3> kOutputs{"keltner_middle", "keltner_upper", "keltner_lower"};
    Keltner(int64_t period, double width, int64_t atr_period);
    void update(const BarValues& bar) override;

  private:
    SeededMean middle_;
    TrueRange true_range_;
    SeededMean atr_;
    double width_;
};

// Highest high, lowest low of the last n bars (this one included) and their middle (R. Donchian). Warm-up: n bars.
class Donchian final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 3> kOutputs{"donchian_upper", "donchian_lower", "donchian_middle"};
    explicit Donchian(int64_t period);
    void update(const BarValues& bar) override;

  private:
    RollingExtreme highest_, lowest_;
};

// Population standard deviation of the last n closes. Warm-up: n bars.
class StdDev final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"std_dev"};
    explicit StdDev(int64_t period);
    void update(const BarValues& bar) override;

  private:
    RollingMoments moments_;
};

// The volatilities below are percent a year, like the VIX: 100 sqrt(variance a bar x bars_per_year).

// Close to close: sample variance of the last n log returns. Warm-up: n + 1 bars.
class RealisedVolatility final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"realised_volatility"};
    RealisedVolatility(int64_t period, double bars_per_year);
    void update(const BarValues& bar) override;

  private:
    RollingMoments returns_;
    double bars_per_year_;
    double previous_close_ = 0;
};

// High to low: mean of ln(high / low)^2 / (4 ln 2) (M. Parkinson, Journal of Business 53, 1980). Warm-up: n bars.
class Parkinson final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"parkinson"};
    Parkinson(int64_t period, double bars_per_year);
    void update(const BarValues& bar) override;

  private:
    RollingSum variances_;
    double bars_per_year_;
};

// Mean of ln(high / low)^2 / 2 - (2 ln 2 - 1) ln(close / open)^2 (M. Garman, M. Klass, Journal of Business 53, 1980).
// Warm-up: n bars.
class GarmanKlass final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"garman_klass"};
    GarmanKlass(int64_t period, double bars_per_year);
    void update(const BarValues& bar) override;

  private:
    RollingSum variances_;
    double bars_per_year_;
};

}  // namespace tide
