#include "risk/window_extremes.hpp"

namespace tide {

WindowExtremes::WindowExtremes(Duration length, Duration step) : length_(length), step_(step) {
    TIDE_ASSERT(step > Duration(0) && length >= step);
    const auto slots = static_cast<size_t>(length / step) + 2;
    low_.slots.resize(slots);
    high_.slots.resize(slots);
}

void WindowExtremes::Queue::push(Sample sample) {
    TIDE_ASSERT(size < slots.size());
    slots[(first + size) % slots.size()] = sample;
    ++size;
}
void WindowExtremes::Queue::pop_front() {
    first = (first + 1) % slots.size();
    --size;
}

// One sample a step and queue: within a step the one already there is the more extreme, and stands for both.
void WindowExtremes::add(ReceiveTime time, double value) {
    expire(time);
    const auto step_of = [&](ReceiveTime t) { return t.time_since_epoch() / step_; };
    while (low_.size > 0 && low_.back().value >= value) low_.pop_back();
    if (low_.size == 0 || step_of(low_.back().time) != step_of(time)) low_.push({time, value});
    while (high_.size > 0 && high_.back().value <= value) high_.pop_back();
    if (high_.size == 0 || step_of(high_.back().time) != step_of(time)) high_.push({time, value});
}

void WindowExtremes::expire(ReceiveTime now) {
    while (low_.size > 0 && low_.front().time < now - length_) low_.pop_front();
    while (high_.size > 0 && high_.front().time < now - length_) high_.pop_front();
}

void WindowExtremes::clear() {
    low_.size = high_.size = 0;
}

}  // namespace tide
