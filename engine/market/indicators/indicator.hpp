#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "core/bar.hpp"

namespace tide {

// What an indicator sees of one finished bar. Prices in rupees (index points), volume in units. `day` is any number
// that changes when the trading day does (a session VWAP starts afresh then).
struct BarValues {
    double open = 0, high = 0, low = 0, close = 0;
    double volume = 0;
    bool has_volume = false;
    int64_t day = 0;
};
inline BarValues bar_values(const Bar& bar) {
    return {bar.open.to_double(),
            bar.high.to_double(),
            bar.low.to_double(),
            bar.close.to_double(),
            static_cast<double>(bar.volume),
            bar.has_volume(),
            ist_date(bar.start).time_since_epoch().count()};
}

inline constexpr size_t kMaxIndicatorOutputs = 3;
inline constexpr double kNoIndicatorValue = std::numeric_limits<double>::quiet_NaN();

// One indicator over one series of finished bars: incremental, constant time a bar (amortised for those that keep a
// rolling extreme), no allocation after construction, finite input gives finite output.
//
// An output is NaN until it has seen the bars its header asks for ("warm-up"), and a number ever after; outputs of one
// indicator may be there at different times (+DI and -DI come before ADX). ready() says that all of them are. The one
// exception is an indicator that needs volume: a bar without volume makes its outputs missing again (each header says
// how).
class Indicator {
  public:
    virtual ~Indicator() = default;
    Indicator(const Indicator&) = delete;
    Indicator& operator=(const Indicator&) = delete;

    virtual void update(const BarValues& bar) = 0;
    // One value an output, in the order of outputs().
    std::span<const double> values() const { return {values_.data(), outputs_.size()}; }
    double value(size_t output = 0) const { return values_[output]; }
    std::span<const std::string_view> outputs() const { return outputs_; }
    bool ready() const { return ready_; }

  protected:
    // `outputs` has static storage.
    explicit Indicator(std::span<const std::string_view> outputs) : outputs_(outputs) {
        values_.fill(kNoIndicatorValue);
    }
    std::array<double, kMaxIndicatorOutputs> values_;
    bool ready_ = false;

  private:
    std::span<const std::string_view> outputs_;
};

}  // namespace tide
