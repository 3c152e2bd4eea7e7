#include "market/indicators/swings.hpp"

#include <algorithm>

namespace tide {
namespace {

double sign_of_change(double now, double before) { return now > before ? 1 : now < before ? -1 : 0; }

}  // namespace

void Swings::update(const BarValues& bar) {
    values_[2] += 1;
    values_[3] += 1;
    const auto found = detector_.push(bar);
    const auto age = static_cast<double>(detector_.strength());
    if (found.high) {
        values_[0] = *found.high;
        values_[2] = age;
    }
    if (found.low) {
        values_[1] = *found.low;
        values_[3] = age;
    }
    ready_ = !std::isnan(values_[0]) && !std::isnan(values_[1]);
}

void Structure::update(const BarValues& bar) {
    const auto found = detector_.push(bar);
    if (found.high) {
        if (high_) values_[1] = sign_of_change(*found.high, *high_);
        high_ = found.high;
    }
    if (found.low) {
        if (low_) values_[2] = sign_of_change(*found.low, *low_);
        low_ = found.low;
    }
    if (std::isnan(values_[1]) || std::isnan(values_[2])) return;
    values_[0] = values_[1] == values_[2] ? values_[1] : 0;
    ready_ = true;
}

void Fibonacci::update(const BarValues& bar) {
    const auto found = detector_.push(bar);
    if (found.high) take(1, *found.high);
    if (found.low) take(-1, *found.low);
    if (has_leg_ && (found.high || found.low)) publish();
}

void Fibonacci::take(int direction, double price) {
    if (direction_ == 0) {
        direction_ = direction;
        end_ = price;
        return;
    }
    const bool beyond = direction_ > 0 ? price > end_ : price < end_;
    if (direction == direction_) {
        if (beyond) end_ = price;
    } else if (!beyond && price != end_) {
        begin_ = end_;
        end_ = price;
        direction_ = direction;
        has_leg_ = true;
    }
}

void Fibonacci::publish() {
    static constexpr std::array kRatios{0.236, 0.382, 0.5, 0.618, 0.786};
    values_[0] = std::max(begin_, end_);
    values_[1] = std::min(begin_, end_);
    values_[2] = direction_;
    for (size_t i = 0; i < kRatios.size(); ++i) values_[3 + i] = end_ + kRatios[i] * (begin_ - end_);
    ready_ = true;
}

SupportResistance::SupportResistance(int64_t strength, double tolerance_pct, int64_t min_touches, int64_t memory)
    : Indicator(kOutputs),
      detector_(strength),
      tolerance_(tolerance_pct / 100),
      min_touches_(min_touches),
      memory_(memory) {}

void SupportResistance::update(const BarValues& bar) {
    ++bar_;
    const auto found = detector_.push(bar);
    forget();
    if (found.high) take(*found.high);
    if (found.low) take(*found.low);
    publish(bar.close);
}

void SupportResistance::forget() {
    const auto begin = levels_.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(count_);
    count_ = static_cast<size_t>(
        std::remove_if(begin, end, [this](const Level& level) { return bar_ - level.last > memory_; }) - begin);
}

void SupportResistance::take(double price) {
    Level* nearest = nullptr;
    for (size_t i = 0; i < count_; ++i) {
        const double distance = std::fabs(levels_[i].price - price);
        if (distance > tolerance_ * levels_[i].price) continue;
        if (nearest == nullptr || distance < std::fabs(nearest->price - price)) nearest = &levels_[i];
    }
    if (nearest != nullptr) {
        ++nearest->touches;
        nearest->price += (price - nearest->price) / static_cast<double>(nearest->touches);
        nearest->last = bar_;
        return;
    }
    if (count_ < kLevelsMax) {
        levels_[count_++] = {price, 1, bar_};
        return;
    }
    *std::min_element(levels_.begin(), levels_.end(), [](const Level& a, const Level& b) {
        return a.touches != b.touches ? a.touches < b.touches : a.last < b.last;
    }) = {price, 1, bar_};
}

void SupportResistance::publish(double close) {
    const Level *support = nullptr, *resistance = nullptr;
    for (size_t i = 0; i < count_; ++i) {
        const Level& level = levels_[i];
        if (level.touches < min_touches_) continue;
        if (level.price <= close) {
            if (support == nullptr || level.price > support->price) support = &level;
        } else if (resistance == nullptr || level.price < resistance->price) {
            resistance = &level;
        }
    }
    values_[0] = support != nullptr ? support->price : kNoIndicatorValue;
    values_[1] = support != nullptr ? static_cast<double>(support->touches) : kNoIndicatorValue;
    values_[2] = resistance != nullptr ? resistance->price : kNoIndicatorValue;
    values_[3] = resistance != nullptr ? static_cast<double>(resistance->touches) : kNoIndicatorValue;
    ready_ = support != nullptr && resistance != nullptr;
}

}  // namespace tide
