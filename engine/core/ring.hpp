#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/assert.hpp"

namespace tide {

// A bounded series: keeps the newest `capacity` values, index 0 is the newest. Allocates once.
template <class T>
class Ring {
  public:
    explicit Ring(size_t capacity) : values_(capacity) { TIDE_ASSERT(capacity > 0); }
    void push(const T& value) {
        head_ = head_ + 1 == values_.size() ? 0 : head_ + 1;
        values_[head_] = value;
        if (size_ < values_.size()) ++size_;
        ++pushed_;
    }
    void clear() { size_ = 0; }
    size_t size() const { return size_; }
    size_t capacity() const { return values_.size(); }
    bool empty() const { return size_ == 0; }
    uint64_t pushed() const { return pushed_; }  // ever, including those that fell out
    const T& operator[](size_t back) const { return values_[slot(back)]; }
    T& operator[](size_t back) { return values_[slot(back)]; }

  private:
    size_t slot(size_t back) const {
        TIDE_ASSERT(back < size_);
        return head_ >= back ? head_ - back : head_ + values_.size() - back;
    }
    std::vector<T> values_;
    size_t head_ = 0;
    size_t size_ = 0;
    uint64_t pushed_ = 0;
};

// A bounded first-in first-out queue. The owner states what happens when it is full.
template <class T>
class BoundedQueue {
  public:
    explicit BoundedQueue(size_t capacity) : values_(capacity) { TIDE_ASSERT(capacity > 0); }
    [[nodiscard]] bool try_push(T value) {
        if (size_ == values_.size()) return false;
        values_[(first_ + size_) % values_.size()] = std::move(value);
        ++size_;
        return true;
    }
    T pop() {
        TIDE_ASSERT(size_ > 0);
        T value = std::move(values_[first_]);
        first_ = (first_ + 1) % values_.size();
        --size_;
        return value;
    }
    size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

  private:
    std::vector<T> values_;
    size_t first_ = 0;
    size_t size_ = 0;
};

}  // namespace tide
