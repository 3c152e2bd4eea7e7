#include "market/indicators/volume.hpp"

namespace tide {

VolumeAverage::VolumeAverage(int64_t period) : VolumeIndicator(kOutputs), volumes_(period) {}

void VolumeAverage::update_with_volume(const BarValues& bar) {
    if (!volumes_.push(bar.volume)) return;
    values_[0] = volumes_.mean();
    ready_ = true;
}

Obv::Obv() : VolumeIndicator(kOutputs) {}

void Obv::update_with_volume(const BarValues& bar) {
    if (started_ && bar.close > previous_close_) total_ += bar.volume;
    if (started_ && bar.close < previous_close_) total_ -= bar.volume;
    started_ = true;
    previous_close_ = bar.close;
    values_[0] = total_;
    ready_ = true;
}

Mfi::Mfi(int64_t period) : VolumeIndicator(kOutputs), positive_(period), negative_(period) {}

void Mfi::update_with_volume(const BarValues& bar) {
    const double typical = (bar.high + bar.low + bar.close) / 3;
    const double before = previous_typical_;
    previous_typical_ = typical;
    if (!started_) {
        started_ = true;
        return;
    }
    const double flow = typical * bar.volume;
    positive_.push(typical > before ? flow : 0);
    if (!negative_.push(typical < before ? flow : 0)) return;
    // The smallest real flow is a unit at a tick (0.05); what is left of rounding in the sums is far below.
    constexpr double kNoFlow = 0.01;
    const double total = positive_.sum() + negative_.sum();
    values_[0] = total > kNoFlow ? std::fmax(0, std::fmin(100, 100 * positive_.sum() / total)) : 50;
    ready_ = true;
}

Vwap::Vwap() : VolumeIndicator(kOutputs) {}

void Vwap::update_with_volume(const BarValues& bar) {
    if (const int64_t day = bar.day(); day != day_) {
        day_ = day;
        turnover_ = volume_ = 0;
    }
    turnover_ += (bar.high + bar.low + bar.close) / 3 * bar.volume;
    volume_ += bar.volume;
    if (volume_ <= 0) return;
    values_[0] = turnover_ / volume_;
    ready_ = true;
}

}  // namespace tide
