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

// Most times lie in the step of the one before: a comparison instead of a division.
int64_t WindowExtremes::step_of(ReceiveTime time) {
    if (time < step_begin_ || time - step_begin_ >= step_) {
        step_number_ = time.time_since_epoch() / step_;
        step_begin_ = ReceiveTime(step_ * step_number_);
    }
    return step_number_;
}

// One sample a step and queue: within a step the one already there is the more extreme, and stands for both.
void WindowExtremes::add(ReceiveTime time, double value) {
    expire(time);
    const Sample sample{time, value, step_of(time)};
    while (low_.size > 0 && low_.back().value >= value) low_.pop_back();
    if (low_.size == 0 || low_.back().step != sample.step) low_.push(sample);
    while (high_.size > 0 && high_.back().value <= value) high_.pop_back();
    if (high_.size == 0 || high_.back().step != sample.step) high_.push(sample);
}

void WindowExtremes::expire(ReceiveTime now) {
    low_.expire(now - length_);
    high_.expire(now - length_);
}

void WindowExtremes::clear() { low_.size = high_.size = 0; }

}  // namespace tide
