#pragma once
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/assert.hpp"

// The building blocks of the indicators. Each takes one value at a time and says whether it is ready.
namespace tide {

// max(x, 0), exactly, and without a branch: the sign of a price change is a coin toss to the branch predictor.
inline double positive_part(double x) { return 0.5 * (x + std::fabs(x)); }
// condition ? x : 0, likewise.
inline double only_if(bool condition, double x) {
    return std::bit_cast<double>(std::bit_cast<uint64_t>(x) & (0 - static_cast<uint64_t>(condition)));
}

// Exponential mean with weight `alpha` for the newest value, seeded with the simple mean of the first `period` values.
// alpha = 2 / (period + 1) is the EMA, alpha = 1 / period is Wilder's smoothing.
class SeededMean {
  public:
    SeededMean(int64_t period, double alpha) : period_(period), keep_(1 - alpha), alpha_(alpha) {
        TIDE_ASSERT(period > 0);
    }
    static SeededMean ema(int64_t period) { return {period, 2.0 / static_cast<double>(period + 1)}; }
    static SeededMean wilder(int64_t period) { return {period, 1.0 / static_cast<double>(period)}; }
    // True from the `period`-th value on.
    bool push(double value) {
        if (count_ >= period_) {
            mean_ = mean_ * keep_ + value * alpha_;
            return true;
        }
        mean_ += value;
        if (++count_ < period_) return false;
        mean_ /= static_cast<double>(period_);
        return true;
    }
    bool ready() const { return count_ >= period_; }
    double mean() const { return mean_; }

  private:
    int64_t period_;
    int64_t count_ = 0;
    double keep_, alpha_;
    double mean_ = 0;
};

// The newest `period` values, oldest first in time at index(period - 1).
class Window {
  public:
    explicit Window(int64_t period) : values_(static_cast<size_t>(period)) { TIDE_ASSERT(period > 0); }
    // Returns the value that fell out (0 while filling).
    double push(double value) {
        const double old = values_[next_];
        values_[next_] = value;
        if (++next_ == values_.size()) next_ = 0;
        if (count_ < values_.size()) ++count_;
        return old;
    }
    bool full() const { return count_ == values_.size(); }
    bool wrapped() const { return next_ == 0; }  // the storage holds exactly the values since the last wrap
    size_t size() const { return values_.size(); }
    double oldest() const { return values_[full() ? next_ : 0]; }
    const std::vector<double>& storage() const { return values_; }

  private:
    std::vector<double> values_;
    size_t next_ = 0;
    size_t count_ = 0;
};

// Sum of the newest `period` values. A running sum gathers rounding errors, so a second one is started at every wrap of
// the window and takes over when it covers it: the error never outlives two windows.
class RollingSum {
  public:
    explicit RollingSum(int64_t period) : window_(period) {}
    bool push(double value) {
        sum_ += value - window_.push(value);
        fresh_ += value;
        if (window_.wrapped()) {
            sum_ = fresh_;
            fresh_ = 0;
        }
        return window_.full();
    }
    bool ready() const { return window_.full(); }
    double sum() const { return sum_; }
    double mean() const { return sum_ / static_cast<double>(window_.size()); }
    double oldest() const { return window_.oldest(); }
    const Window& window() const { return window_; }

  private:
    Window window_;
    double sum_ = 0;
    double fresh_ = 0;
};

// Mean and variance of the newest `period` values. Sums are of differences from a recent value, since the squares of a
// price of 50 000 would swamp a variance of 0.01; renewed like RollingSum's.
class RollingMoments {
  public:
    explicit RollingMoments(int64_t period) : window_(period) {}
    bool push(double value) {
        if (!started_) {
            current_.origin = fresh_.origin = value;
            started_ = true;
        }
        const bool was_full = window_.full();
        const double old = window_.push(value);
        if (was_full) current_.add(old, -1);
        current_.add(value, 1);
        fresh_.add(value, 1);
        if (window_.wrapped()) {
            current_ = fresh_;
            fresh_ = Sums{value, 0, 0};
        }
        return window_.full();
    }
    double mean() const { return current_.origin + current_.sum / size(); }
    // Divided by n (population), as Bollinger and TA-Lib do.
    double population_variance() const { return squares() / size(); }
    // Divided by n - 1.
    double sample_variance() const { return squares() / (size() - 1); }

  private:
    struct Sums {
        double origin = 0, sum = 0, sum_squares = 0;
        void add(double value, double sign) {
            const double difference = value - origin;
            sum += sign * difference;
            sum_squares += sign * difference * difference;
        }
    };
    double size() const { return static_cast<double>(window_.size()); }
    double squares() const {
        const double value = current_.sum_squares - current_.sum * current_.sum / size();
        return value > 0 ? value : 0;
    }
    Window window_;
    Sums current_, fresh_;
    bool started_ = false;
};

// Highest (or lowest) of the newest `period` values and how many bars ago it was (0 = newest; of equals the newest).
// A queue of candidates in falling order: constant time a value, amortised.
class RollingExtreme {
  public:
    enum class Side { highest, lowest };
    RollingExtreme(int64_t period, Side side) : items_(static_cast<size_t>(period)), side_(side) {}
    bool push(double value) {
        while (size_ > 0 && !better(items_[slot(size_ - 1)].value, value)) --size_;
        if (size_ > 0 && items_[first_].index + static_cast<int64_t>(items_.size()) <= count_) {
            first_ = slot(1);
            --size_;
        }
        items_[slot(size_)] = {value, count_};
        ++size_;
        ++count_;
        return ready();
    }
    bool ready() const { return count_ >= static_cast<int64_t>(items_.size()); }
    double value() const { return items_[first_].value; }
    int64_t bars_ago() const { return count_ - 1 - items_[first_].index; }

  private:
    struct Item {
        double value = 0;
        int64_t index = 0;
    };
    bool better(double a, double b) const { return side_ == Side::highest ? a > b : a < b; }
    size_t slot(size_t offset) const {
        const size_t at = first_ + offset;
        return at < items_.size() ? at : at - items_.size();
    }
    std::vector<Item> items_;
    size_t first_ = 0;
    size_t size_ = 0;
    int64_t count_ = 0;
    Side side_;
};

// Greatest of high - low, |high - previous close|, |low - previous close|; high - low on the first bar
// (Wilder, New Concepts in Technical Trading Systems, 1978, page 21).
class TrueRange {
  public:
    double push(double high, double low, double close) {
        double range = high - low;
        if (started_) range = std::fmax(high, previous_close_) - std::fmin(low, previous_close_);
        started_ = true;
        previous_close_ = close;
        return range;
    }
    bool started() const { return started_; }

  private:
    double previous_close_ = 0;
    bool started_ = false;
};

}  // namespace tide
