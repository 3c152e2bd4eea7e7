#pragma once
#include <vector>

#include "core/assert.hpp"
#include "core/time.hpp"

namespace tide {

// Lowest and highest value of the last `length`, in amortised constant time and without allocating after construction
// (monotonic queues: Lemire, "Streaming maximum-minimum filter using no more than three comparisons per element",
// 2006).
class WindowExtremes {
  public:
    // Keeps one sample a `step` and extreme.
    WindowExtremes(Duration length, Duration step);
    void add(ReceiveTime time, double value);
    void expire(ReceiveTime now) {
        low_.expire(now - length_);
        high_.expire(now - length_);
    }
    void clear();
    bool empty() const { return low_.size == 0; }
    double low() const { return low_.front().value; }
    double high() const { return high_.front().value; }

  private:
    struct Sample {
        ReceiveTime time;
        double value = 0;
        ReceiveTime step;  // beginning of the one that `time` lies in
    };
    // A ring; the count of slots is a power of two, so that an index wraps with a mask.
    struct Queue {
        std::vector<Sample> slots;
        size_t mask = 0;  // slots - 1
        size_t first = 0;
        size_t size = 0;
        const Sample& front() const {
            TIDE_ASSERT(size > 0);
            return slots[first];
        }
        const Sample& back() const { return slots[(first + size - 1) & mask]; }
        void push(Sample sample) {
            TIDE_ASSERT(size <= mask);
            slots[(first + size) & mask] = sample;
            ++size;
        }
        void pop_front() {
            first = (first + 1) & mask;
            --size;
        }
        void pop_back() { --size; }
        void expire(ReceiveTime before) {
            while (size > 0 && front().time < before) pop_front();
        }
    };
    void find_step(ReceiveTime time);

    Duration length_, step_;
    ReceiveTime step_begin_;  // of the step asked for last
    Queue low_, high_;
};

}  // namespace tide
