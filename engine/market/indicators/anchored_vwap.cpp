#include "market/indicators/anchored_vwap.hpp"

namespace tide {

void VwapFromTime::update(const BarValues& bar) {
    values_[0] = kNoIndicatorValue;
    ready_ = false;
    if (const int64_t day = bar.day(); day != day_) {
        day_ = day;
        sums_ = {};
    }
    if (!bar.has_volume || bar.since_midnight() < from_) return;
    sums_.add(bar);
    if (sums_.volume <= 0) return;
    values_[0] = sums_.turnover / sums_.volume;
    ready_ = true;
}

VwapFromDate::VwapFromDate(int64_t year, int64_t month, int64_t day)
    : Indicator(kOutputs),
      day_((make_date(static_cast<int>(year), static_cast<unsigned>(month), 1) + std::chrono::days(day - 1))
               .time_since_epoch()
               .count()) {}

void VwapFromDate::update(const BarValues& bar) {
    values_[0] = kNoIndicatorValue;
    ready_ = false;
    if (!bar.has_volume || bar.day() < day_) return;
    sums_.add(bar);
    if (sums_.volume <= 0) return;
    values_[0] = sums_.turnover / sums_.volume;
    ready_ = true;
}

VwapFromSwing::VwapFromSwing(int64_t strength)
    : Indicator(kOutputs), detector_(strength), recent_(static_cast<size_t>(strength) + 1) {}

void VwapFromSwing::update(const BarValues& bar) {
    values_[0] = kNoIndicatorValue;
    ready_ = false;
    VolumeWeighted own;
    if (bar.has_volume) own.add(bar);
    recent_[next_] = own;
    if (++next_ == recent_.size()) next_ = 0;
    const auto found = detector_.push(bar);
    if (found.high || found.low) {
        // The ring now holds the swing's bar and those after it, the oldest at `next_`.
        anchored_ = true;
        sums_ = {};
        for (size_t i = 0; i < recent_.size(); ++i) {
            const VolumeWeighted& one = recent_[(next_ + i) % recent_.size()];
            sums_.turnover += one.turnover;
            sums_.volume += one.volume;
        }
    } else if (anchored_) {
        sums_.turnover += own.turnover;
        sums_.volume += own.volume;
    }
    if (!anchored_ || !bar.has_volume || sums_.volume <= 0) return;
    values_[0] = sums_.turnover / sums_.volume;
    ready_ = true;
}

}  // namespace tide
