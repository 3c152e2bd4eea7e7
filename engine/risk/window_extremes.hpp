#pragma once
#include <algorithm>
#include <limits>
#include <vector>

#include "core/assert.hpp"
#include "core/time.hpp"

namespace tide {

// Lowest and highest value of the last `length`, without allocating after construction. Adding is cheap and asking is
// not, for whoever adds every price wants to know only whether an extreme is far off: the bounds answer that.
class WindowExtremes {
  public:
    // Keeps one sample a `step` and extreme: within a step the more extreme one, of equal ones the later, stands for
    // all.
    WindowExtremes(Duration length, Duration step);
    // Times do not fall.
    void add(ReceiveTime time, double value) {
        now_ = time;
        if (count_ > 0 && time - step_begin_ < step_) {
            Step& newest = steps_[newest_];
            if (value <= newest.low) newest.low = value, newest.low_time = time;
            if (value >= newest.high) newest.high = value, newest.high_time = time;
        } else {
            begin_step(time, value);
        }
        if (time - block_begin_ >= length_) begin_block(time);
        block_.low = std::min(block_.low, value);
        block_.high = std::max(block_.high, value);
    }
    void clear();
    // As of the newest sample; there must be one. Looks at every step of the window.
    double low() const;
    double high() const;
    // Not above low(), not below high(): the extremes of up to twice the window.
    double low_bound() const { return std::min(before_.low, block_.low); }
    double high_bound() const { return std::max(before_.high, block_.high); }

  private:
    struct Step {
        ReceiveTime begin, low_time, high_time;
        double low = 0, high = 0;
    };
    // What a stretch as long as the window held: the newest one and the one before together hold the window.
    struct Block {
        double low = std::numeric_limits<double>::infinity();
        double high = -std::numeric_limits<double>::infinity();
    };
    void begin_step(ReceiveTime time, double value);
    void begin_block(ReceiveTime time);
    template <class Each>
    void for_each_step(Each each) const;

    Duration length_, step_;
    ReceiveTime now_, step_begin_, block_begin_;
    Block block_, before_;
    // A ring; the count of slots is a power of two, so that an index wraps with a mask.
    std::vector<Step> steps_;
    size_t newest_ = 0, count_ = 0;
};

}  // namespace tide
