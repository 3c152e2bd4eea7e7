#pragma once
#include "market/indicators/indicator.hpp"
#include "market/indicators/smoothing.hpp"

// Momentum and oscillators. n = period. Where a formula divides by nothing (a flat market) the neutral value is given.
namespace tide {

// Wilder's relative strength index: 100 G / (G + L), G and L Wilder's means of the rises and falls of the close, seeded
// with the simple mean of the first n changes. 50 where there was neither rise nor fall. Warm-up: n + 1 bars.
class Rsi final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"rsi"};
    explicit Rsi(int64_t period);
    void update(const BarValues& bar) override;

  private:
    SeededMean gain_, loss_;
    double previous_close_ = 0;
    bool started_ = false;
};

// EMA(fast) - EMA(slow) of the close, its EMA(signal), and the difference of the two (G. Appel). Every EMA is seeded
// with the simple mean of its own first values. Warm-up: slow bars for macd, slow + signal - 1 for the others.
class Macd final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 3> kOutputs{"macd", "macd_signal", "macd_histogram"};
    Macd(int64_t fast, int64_t slow, int64_t signal);
    void update(const BarValues& bar) override;

  private:
    SeededMean fast_, slow_, signal_;
};

// Slow stochastic (G. Lane): raw = 100 (close - lowest low) / (highest high - lowest low) over n bars, %K = SMA(raw,
// smooth), %D = SMA(%K, d). 50 where the range is nothing. Warm-up: n + smooth - 1 bars for %K, d - 1 more for %D.
class Stochastic final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 2> kOutputs{"stochastic_k", "stochastic_d"};
    Stochastic(int64_t period, int64_t smooth, int64_t d);
    void update(const BarValues& bar) override;

  private:
    RollingExtreme highest_, lowest_;
    RollingSum k_, d_;
};

// Commodity channel index (D. Lambert, 1980): (tp - SMA(tp)) / (0.015 x mean |tp - SMA(tp)|), tp = (high + low + close)
// / 3. 0 where the deviation is nothing. The mean deviation is a sum over the n bars. Warm-up: n bars.
class Cci final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"cci"};
    explicit Cci(int64_t period);
    void update(const BarValues& bar) override;

  private:
    RollingSum typical_;
};

// Rate of change: 100 (close / close n bars ago - 1), percent. Warm-up: n + 1 bars.
class Roc final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"roc"};
    explicit Roc(int64_t period);
    void update(const BarValues& bar) override;

  private:
    Window closes_;
};

// Williams %R: -100 (highest high - close) / (highest high - lowest low) over n bars; -50 where the range is nothing.
// Warm-up: n bars.
class WilliamsR final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"williams_r"};
    explicit WilliamsR(int64_t period);
    void update(const BarValues& bar) override;

  private:
    RollingExtreme highest_, lowest_;
};

// Rate of change over one bar, percent, of the close smoothed three times by EMA(n) (J. Hutson). Warm-up: 3 n - 1 bars.
class Trix final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"trix"};
    explicit Trix(int64_t period);
    void update(const BarValues& bar) override;

  private:
    SeededMean first_, second_, third_;
    double previous_ = 0;
    bool started_ = false;
};

// (close - mean) / population standard deviation of the last n closes; 0 where the deviation is nothing. Warm-up: n
// bars.
class ZScore final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"z_score"};
    explicit ZScore(int64_t period);
    void update(const BarValues& bar) override;

  private:
    RollingMoments moments_;
};

}  // namespace tide
