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
    void expire(ReceiveTime now);
    void clear();
    bool empty() const { return low_.size == 0; }
    double low() const { return low_.front().value; }
    double high() const { return high_.front().value; }

  private:
    struct Sample {
        ReceiveTime time;
        double value = 0;
    };
    struct Queue {
        std::vector<Sample> slots;
        size_t first = 0;
        size_t size = 0;
        const Sample& front() const {
            TIDE_ASSERT(size > 0);
            return slots[first];
        }
        Sample& back() { return slots[(first + size - 1) % slots.size()]; }
        void push(Sample sample);
        void pop_front();
        void pop_back() { --size; }
    };
    Duration length_, step_;
    Queue low_, high_;
};

}  // namespace tide
