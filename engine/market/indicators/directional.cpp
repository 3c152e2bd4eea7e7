#include "market/indicators/directional.hpp"

#include <algorithm>

namespace tide {

Adx::Adx(int64_t period)
    : Indicator(kOutputs),
      period_(period),
      keep_(1 - 1 / static_cast<double>(period)),
      adx_(SeededMean::wilder(period)) {}

inline void Adx::publish(double true_range, double plus, double minus) {
    true_range_ = true_range;
    plus_ = plus;
    minus_ = minus;
    // After thousands of equal bars the sums decay to numbers that have no finite reciprocal.
    constexpr double kNothing = 1e-290;
    const double scale = true_range > kNothing ? 100 / true_range : 0;
    values_[1] = plus * scale;
    values_[2] = minus * scale;
    const double total = plus + minus;
    const double dx = total > 0 ? 100 * std::fabs(plus - minus) / total : 0;
    if (!adx_.push(dx)) return;
    values_[0] = adx_.mean();
    ready_ = true;
}

void Adx::update(const BarValues& bar) {
    const double up = bar.high - previous_high_;
    const double down = previous_low_ - bar.low;
    const double high = bar.high > previous_close_ ? bar.high : previous_close_;
    const double low = bar.low < previous_close_ ? bar.low : previous_close_;
    previous_high_ = bar.high;
    previous_low_ = bar.low;
    previous_close_ = bar.close;
    if (!started_) {
        started_ = true;
        return;
    }
    const double rise = positive_part(up);
    const double fall = positive_part(down);
    const double plus = only_if(rise > fall, rise);
    const double minus = only_if(fall > rise, fall);
    const double range = high - low;
    if (movements_ >= period_) {
        publish(true_range_ * keep_ + range, plus_ * keep_ + plus, minus_ * keep_ + minus);
        return;
    }
    true_range_ += range;
    plus_ += plus;
    minus_ += minus;
    if (++movements_ == period_) publish(true_range_, plus_, minus_);
}

Aroon::Aroon(int64_t period)
    : Indicator(kOutputs),
      period_(static_cast<double>(period)),
      highest_(period + 1, RollingExtreme::Side::highest),
      lowest_(period + 1, RollingExtreme::Side::lowest) {}

void Aroon::update(const BarValues& bar) {
    highest_.push(bar.high);
    if (!lowest_.push(bar.low)) return;
    values_[0] = 100 * (period_ - static_cast<double>(highest_.bars_ago())) / period_;
    values_[1] = 100 * (period_ - static_cast<double>(lowest_.bars_ago())) / period_;
    values_[2] = values_[0] - values_[1];
    ready_ = true;
}

Supertrend::Supertrend(int64_t period, double multiplier)
    : Indicator(kOutputs), multiplier_(multiplier), atr_(SeededMean::wilder(period)) {}

void Supertrend::update(const BarValues& bar) {
    const double close_before = previous_close_;
    previous_close_ = bar.close;
    if (!atr_.push(true_range_.push(bar.high, bar.low, bar.close))) return;
    const double middle = (bar.high + bar.low) / 2;
    const double width = multiplier_ * atr_.mean();
    double upper = middle + width;
    double lower = middle - width;
    if (ready_) {
        if (lower <= lower_ && close_before >= lower_) lower = lower_;
        if (upper >= upper_ && close_before <= upper_) upper = upper_;
        up_ = up_ ? bar.close >= lower : bar.close > upper;
    }
    upper_ = upper;
    lower_ = lower;
    values_[0] = up_ ? lower : upper;
    values_[1] = up_ ? 1 : -1;
    ready_ = true;
}

ParabolicSar::ParabolicSar(double step, double maximum)
    : Indicator(kOutputs), step_(step), maximum_(maximum), factor_(std::min(step, maximum)) {}

void ParabolicSar::start(const BarValues& bar) {
    const double up = bar.high - previous_high_;
    const double down = previous_low_ - bar.low;
    up_ = !(down > up && down > 0);
    extreme_ = up_ ? bar.high : bar.low;
    sar_ = up_ ? previous_low_ : previous_high_;
    // So that the first step meets the rule "never inside the last two bars" with bar 1 alone.
    previous_high_ = bar.high;
    previous_low_ = bar.low;
}

void ParabolicSar::rise(const BarValues& bar) {
    if (bar.low <= sar_) {
        up_ = false;
        sar_ = std::max({extreme_, previous_high_, bar.high});
        values_[0] = sar_;
        factor_ = std::min(step_, maximum_);
        extreme_ = bar.low;
        sar_ = std::max({sar_ + factor_ * (extreme_ - sar_), previous_high_, bar.high});
        return;
    }
    values_[0] = sar_;
    if (bar.high > extreme_) {
        extreme_ = bar.high;
        factor_ = std::min(factor_ + step_, maximum_);
    }
    sar_ = std::min({sar_ + factor_ * (extreme_ - sar_), previous_low_, bar.low});
}

void ParabolicSar::fall(const BarValues& bar) {
    if (bar.high >= sar_) {
        up_ = true;
        sar_ = std::min({extreme_, previous_low_, bar.low});
        values_[0] = sar_;
        factor_ = std::min(step_, maximum_);
        extreme_ = bar.high;
        sar_ = std::min({sar_ + factor_ * (extreme_ - sar_), previous_low_, bar.low});
        return;
    }
    values_[0] = sar_;
    if (bar.low < extreme_) {
        extreme_ = bar.low;
        factor_ = std::min(factor_ + step_, maximum_);
    }
    sar_ = std::max({sar_ + factor_ * (extreme_ - sar_), previous_high_, bar.high});
}

void ParabolicSar::update(const BarValues& bar) {
    if (bars_ < 2) ++bars_;
    if (bars_ == 1) {
        previous_high_ = bar.high;
        previous_low_ = bar.low;
        return;
    }
    if (!ready_) start(bar);
    up_ ? rise(bar) : fall(bar);
    previous_high_ = bar.high;
    previous_low_ = bar.low;
    ready_ = true;
}

}  // namespace tide
