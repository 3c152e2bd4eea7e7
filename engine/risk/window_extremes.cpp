#include "risk/window_extremes.hpp"

#include <bit>

namespace tide {

WindowExtremes::WindowExtremes(Duration length, Duration step) : length_(length), step_(step) {
    TIDE_ASSERT(step > Duration(0) && length >= step);
    const size_t slots = std::bit_ceil(static_cast<size_t>(length / step) + 2);
    for (Queue* queue : {&low_, &high_}) {
        queue->slots.resize(slots);
        queue->mask = slots - 1;
    }
}

// A division costs more than all the rest of add: the next few steps are counted up to.
void WindowExtremes::find_step(ReceiveTime time) {
    constexpr int kCountedMax = 16;
    for (int i = 0; i < kCountedMax && time >= step_begin_ + step_; ++i) step_begin_ += step_;
    if (time >= step_begin_ && time - step_begin_ < step_) return;
    step_begin_ = ReceiveTime(step_ * (time.time_since_epoch() / step_));
}

// One sample a step and queue: within a step the one already there is the more extreme, and stands for both.
void WindowExtremes::add(ReceiveTime time, double value) {
    expire(time);
    if (time < step_begin_ || time - step_begin_ >= step_) find_step(time);
    const Sample sample{time, value, step_begin_};
    while (low_.size > 0 && low_.back().value >= value) low_.pop_back();
    if (low_.size == 0 || low_.back().step != sample.step) low_.push(sample);
    while (high_.size > 0 && high_.back().value <= value) high_.pop_back();
    if (high_.size == 0 || high_.back().step != sample.step) high_.push(sample);
}

void WindowExtremes::clear() { low_.size = high_.size = 0; }

}  // namespace tide
