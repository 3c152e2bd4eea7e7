#include "market/indicators/moving_averages.hpp"

#include <algorithm>

namespace tide {

void Sma::update(const BarValues& bar) {
    if (!sum_.push(bar.close)) return;
    values_[0] = sum_.mean();
    ready_ = true;
}

void Ema::update(const BarValues& bar) {
    if (!mean_.push(bar.close)) return;
    values_[0] = mean_.mean();
    ready_ = true;
}

void Rma::update(const BarValues& bar) {
    if (!mean_.push(bar.close)) return;
    values_[0] = mean_.mean();
    ready_ = true;
}

WeightedMean::WeightedMean(int64_t period)
    : window_(period),
      period_(static_cast<double>(period)),
      scale_(2.0 / (static_cast<double>(period) * static_cast<double>(period + 1))) {}

bool WeightedMean::push(double value) {
    fresh_count_ += 1;
    fresh_weighted_ += fresh_count_ * value;
    fresh_plain_ += value;
    const bool was_full = window_.full();
    const double old = window_.push(value);
    if (was_full) {
        weighted_ += period_ * value - plain_;
        plain_ += value - old;
    }
    if (window_.wrapped()) {
        weighted_ = fresh_weighted_;
        plain_ = fresh_plain_;
        fresh_weighted_ = fresh_plain_ = fresh_count_ = 0;
    }
    return window_.full();
}

void Wma::update(const BarValues& bar) {
    if (!mean_.push(bar.close)) return;
    values_[0] = mean_.mean();
    ready_ = true;
}

Hma::Hma(int64_t period)
    : Indicator(kOutputs),
      half_(std::max<int64_t>(1, period / 2)),
      full_(period),
      smooth_(std::max<int64_t>(1, static_cast<int64_t>(std::sqrt(static_cast<double>(period))))) {}

void Hma::update(const BarValues& bar) {
    half_.push(bar.close);
    if (!full_.push(bar.close)) return;
    if (!smooth_.push(2 * half_.mean() - full_.mean())) return;
    values_[0] = smooth_.mean();
    ready_ = true;
}

}  // namespace tide
