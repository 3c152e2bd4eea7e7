#include "risk/window_extremes.hpp"

#include <bit>

namespace tide {

WindowExtremes::WindowExtremes(Duration length, Duration step)
    : length_(length), step_(step), steps_(std::bit_ceil(static_cast<size_t>(length / step) + 2)) {
    TIDE_ASSERT(step > Duration(0) && length >= step);
}

// Steps lie on a grid of whole ones. A division costs more than all the rest: the next few are counted up to.
void WindowExtremes::begin_step(ReceiveTime time, double value) {
    constexpr int kCountedMax = 8;
    const Duration ahead = time - step_begin_;
    if (ahead >= Duration(0) && ahead < kCountedMax * step_) {
        while (time - step_begin_ >= step_) step_begin_ += step_;
    } else {
        step_begin_ = ReceiveTime(step_ * (time.time_since_epoch() / step_));
    }
    newest_ = (newest_ + 1) & (steps_.size() - 1);
    steps_[newest_] = {step_begin_, time, time, value, value};
    count_ = std::min(count_ + 1, steps_.size());
}

void WindowExtremes::begin_block(ReceiveTime time) {
    before_ = time - block_begin_ < 2 * length_ ? block_ : Block();
    block_ = {};
    block_begin_ = time;
}

template <class Each>
void WindowExtremes::for_each_step(Each each) const {
    TIDE_ASSERT(count_ > 0);
    const ReceiveTime from = now_ - length_;
    for (size_t back = 0; back < count_; ++back) {
        const Step& step = steps_[(newest_ - back) & (steps_.size() - 1)];
        if (step.begin + step_ <= from) return;
        each(step, from);
    }
}

double WindowExtremes::low() const {
    double low = std::numeric_limits<double>::infinity();
    for_each_step([&](const Step& step, ReceiveTime from) {
        if (step.low_time >= from) low = std::min(low, step.low);
    });
    return low;
}

double WindowExtremes::high() const {
    double high = -std::numeric_limits<double>::infinity();
    for_each_step([&](const Step& step, ReceiveTime from) {
        if (step.high_time >= from) high = std::max(high, step.high);
    });
    return high;
}

void WindowExtremes::clear() {
    count_ = 0;
    block_ = before_ = {};
}

}  // namespace tide
