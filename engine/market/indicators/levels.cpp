#include "market/indicators/levels.hpp"

#include <algorithm>

namespace tide {

void Pivots::update(const BarValues& bar) {
    if (const int64_t day = bar.day(); day != day_) {
        if (day_ != std::numeric_limits<int64_t>::min()) publish();
        day_ = day;
        high_ = bar.high;
        low_ = bar.low;
    }
    high_ = std::max(high_, bar.high);
    low_ = std::min(low_, bar.low);
    close_ = bar.close;
}

void Pivots::publish() {
    const double pivot = (high_ + low_ + close_) / 3;
    const double range = high_ - low_;
    values_[0] = pivot;
    const auto set = [this](size_t level, double resistance, double support) {
        values_[level] = resistance;
        values_[level + 4] = support;
    };
    switch (method_) {
        case PivotMethod::classic:
            set(1, 2 * pivot - low_, 2 * pivot - high_);
            set(2, pivot + range, pivot - range);
            set(3, high_ + 2 * (pivot - low_), low_ - 2 * (high_ - pivot));
            set(4, high_ + 3 * (pivot - low_), low_ - 3 * (high_ - pivot));
            break;
        case PivotMethod::fibonacci:
            set(1, pivot + 0.382 * range, pivot - 0.382 * range);
            set(2, pivot + 0.618 * range, pivot - 0.618 * range);
            set(3, pivot + range, pivot - range);
            set(4, pivot + 1.618 * range, pivot - 1.618 * range);
            break;
        case PivotMethod::camarilla:
            set(1, close_ + 1.1 * range / 12, close_ - 1.1 * range / 12);
            set(2, close_ + 1.1 * range / 6, close_ - 1.1 * range / 6);
            set(3, close_ + 1.1 * range / 4, close_ - 1.1 * range / 4);
            set(4, close_ + 1.1 * range / 2, close_ - 1.1 * range / 2);
            break;
    }
    ready_ = true;
}

void OpeningRange::update(const BarValues& bar) {
    if (const int64_t day = bar.day(); day != day_) {
        day_ = day;
        end_ = bar.start + length_;
        high_ = bar.high;
        low_ = bar.low;
        values_.fill(kNoIndicatorValue);
        ready_ = false;
    }
    if (bar.start < end_) {
        high_ = std::max(high_, bar.high);
        low_ = std::min(low_, bar.low);
        // A daily bar is the whole day, and more than any opening.
        const auto length = length_of(bar.timeframe);
        if (length && bar.start + *length < end_) return;
    }
    values_[0] = high_;
    values_[1] = low_;
    values_[2] = bar.close > high_ ? 1 : bar.close < low_ ? -1 : 0;
    ready_ = true;
}

}  // namespace tide
