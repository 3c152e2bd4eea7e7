#pragma once
#include "market/indicators/indicator.hpp"
#include "market/indicators/smoothing.hpp"

// Strength and direction of a trend. n = period.
namespace tide {

// Wilder's directional movement (New Concepts in Technical Trading Systems, 1978).
//   +DM = high - high' if that is above low' - low and above 0, else 0; -DM the other way round; TR as in TrueRange.
//   Sums of TR, +DM, -DM over bars 1 … n (bar 0 has no predecessor), then S = S' - S' / n + new.
//   +DI = 100 sum(+DM) / sum(TR); DX = 100 |+DI - -DI| / (+DI + -DI); both 0 where there is no movement at all.
//   ADX = mean of the first n DX, then ADX = ADX' + (DX - ADX') / n.
// Warm-up: n + 1 bars for +DI and -DI, 2 n bars for ADX. (TA-Lib starts its sums from n - 1 values; the two agree to
// 0.01 % after 150 bars at n = 14.)
class Adx final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 3> kOutputs{"adx", "plus_di", "minus_di"};
    explicit Adx(int64_t period);
    void update(const BarValues& bar) override;

  private:
    void publish(double true_range, double plus, double minus);
    int64_t period_;
    int64_t movements_ = 0;  // bars with a predecessor, counted up to the warm-up
    double keep_;
    // Neighbours are what is written and read as one pair (plus with minus, low with close as in BarValues): the
    // compiler joins them into 16-byte moves, and a load that spans two earlier stores has to wait for both.
    double plus_ = 0, minus_ = 0, true_range_ = 0;
    double previous_low_ = 0, previous_close_ = 0, previous_high_ = 0;
    bool started_ = false;
    SeededMean adx_;
};

// Bars since the highest high and the lowest low of the last n + 1 bars: up = 100 (n - bars since) / n, oscillator =
// up - down (T. Chande, 1995). Of equal extremes the newest counts. Warm-up: n + 1 bars.
class Aroon final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 3> kOutputs{"aroon_up", "aroon_down", "aroon_oscillator"};
    explicit Aroon(int64_t period);
    void update(const BarValues& bar) override;

  private:
    double period_;
    RollingExtreme highest_, lowest_;
};

// Average true range band that trails the price and flips when a close crosses it (O. Seban; the rules are those of
// Pine's ta.supertrend).
//   basic bands = (high + low) / 2 +- multiplier x ATR(n); the upper band only falls unless the previous close was
//   above it, the lower only rises unless the previous close was below it; the line is the lower band in an up trend,
//   the upper one in a down trend. The first ready bar counts as a down trend.
// Outputs: the line; direction +1 up, -1 down. Warm-up: n bars.
class Supertrend final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 2> kOutputs{"supertrend", "supertrend_direction"};
    Supertrend(int64_t period, double multiplier);
    void update(const BarValues& bar) override;

  private:
    double multiplier_;
    TrueRange true_range_;
    SeededMean atr_;
    double upper_ = 0, lower_ = 0, previous_close_ = 0;
    bool up_ = false;
};

// Wilder's parabolic stop and reverse: SAR = SAR' + factor (extreme - SAR'), the factor growing by `step` with each new
// extreme up to `maximum`; never inside the last two bars' range; touched, it reverses to the extreme. The first
// direction is down when bar 1's downward movement is the larger one, else up (as TA-Lib does). Warm-up: 2 bars.
// The value is the stop that was in force on the bar.
class ParabolicSar final : public Indicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"parabolic_sar"};
    ParabolicSar(double step, double maximum);
    void update(const BarValues& bar) override;

  private:
    void start(const BarValues& bar);
    void rise(const BarValues& bar);
    void fall(const BarValues& bar);

    double step_, maximum_;
    int64_t bars_ = 0;
    bool up_ = true;
    double sar_ = 0, extreme_ = 0, factor_ = 0;
    double previous_high_ = 0, previous_low_ = 0;
};

}  // namespace tide
