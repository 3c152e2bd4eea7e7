#include "market/indicators/volume_profile.hpp"

#include <algorithm>
#include <cmath>

namespace tide {

VolumeProfile::VolumeProfile(int64_t bin_ticks, double tick, double value_pct)
    : Indicator(kOutputs),
      narrowest_(static_cast<double>(bin_ticks) * tick),
      value_share_(value_pct / 100),
      width_(narrowest_) {}

void VolumeProfile::update(const BarValues& bar) {
    values_.fill(kNoIndicatorValue);
    ready_ = false;
    if (const int64_t day = bar.day(); day != day_) {
        day_ = day;
        start_day();
    }
    if (!bar.has_volume) return;
    if (bar.volume > 0 && bar.low <= bar.high) {
        make_room(bar.low, bar.high);
        spread(bar);
        total_ += bar.volume;
    }
    if (total_ > 0) publish();
}

void VolumeProfile::start_day() {
    width_ = narrowest_;
    count_ = 0;
    total_ = 0;
    volumes_.fill(0);
}

// Prices are decimals: one that is a bin's edge must not fall below it for want of a bit.
double VolumeProfile::bin_of(double price) const {
    const double bins = price / width_;
    const double nearest = std::round(bins);
    return std::fabs(bins - nearest) <= 1e-9 * std::max(1.0, std::fabs(nearest)) ? nearest : std::floor(bins);
}

void VolumeProfile::make_room(double low, double high) {
    while (true) {
        const double lowest = count_ == 0 ? bin_of(low) : std::min(first_, bin_of(low));
        const double highest =
            count_ == 0 ? bin_of(high) : std::max(first_ + static_cast<double>(count_ - 1), bin_of(high));
        if (highest - lowest < static_cast<double>(kBinsMax)) {
            move_bins(lowest);
            count_ = static_cast<size_t>(highest - lowest) + 1;
            return;
        }
        widen();
    }
}

// Bins 2 k and 2 k + 1 become bin k.
void VolumeProfile::widen() {
    width_ *= 2;
    if (count_ == 0) return;
    const double new_first = std::floor(first_ / 2);
    const auto odd = static_cast<size_t>(first_ - 2 * new_first);
    std::array<double, kBinsMax> joined{};
    for (size_t i = 0; i < count_; ++i) joined[(i + odd) / 2] += volumes_[i];
    volumes_ = joined;
    count_ = (count_ - 1 + odd) / 2 + 1;
    first_ = new_first;
}

void VolumeProfile::move_bins(double first_bin) {
    if (count_ != 0 && first_bin < first_) {
        const auto by = static_cast<std::ptrdiff_t>(first_ - first_bin);
        const auto used = volumes_.begin() + static_cast<std::ptrdiff_t>(count_);
        std::move_backward(volumes_.begin(), used, used + by);
        std::fill(volumes_.begin(), volumes_.begin() + by, 0.0);
    }
    first_ = first_bin;
}

void VolumeProfile::spread(const BarValues& bar) {
    const auto from = static_cast<size_t>(bin_of(bar.low) - first_);
    const auto to = static_cast<size_t>(bin_of(bar.high) - first_);
    const double range = bar.high - bar.low;
    if (from >= to || range <= 0) {
        volumes_[from] += bar.volume;
        return;
    }
    for (size_t i = from; i <= to; ++i) {
        const double bottom = (first_ + static_cast<double>(i)) * width_;
        const double overlap = std::min(bar.high, bottom + width_) - std::max(bar.low, bottom);
        if (overlap > 0) volumes_[i] += bar.volume * (overlap / range);
    }
}

void VolumeProfile::publish() {
    const auto used = volumes_.begin() + static_cast<std::ptrdiff_t>(count_);
    const auto centre = static_cast<size_t>(std::max_element(volumes_.begin(), used) - volumes_.begin());
    size_t low = centre, high = centre;
    double inside = volumes_[centre];
    while (inside < value_share_ * total_ && (low > 0 || high + 1 < count_)) {
        const double above = high + 1 < count_ ? volumes_[high + 1] : -1;
        const double below = low > 0 ? volumes_[low - 1] : -1;
        inside += above >= below ? volumes_[++high] : volumes_[--low];
    }
    values_[0] = (first_ + static_cast<double>(centre) + 0.5) * width_;
    values_[1] = (first_ + static_cast<double>(high) + 1) * width_;
    values_[2] = (first_ + static_cast<double>(low)) * width_;
    ready_ = true;
}

}  // namespace tide
