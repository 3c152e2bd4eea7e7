#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "core/bar.hpp"

namespace tide {

// What an indicator sees of one finished bar. Prices in rupees (index points), volume in units.
struct BarValues {
    double open = 0, high = 0, low = 0, close = 0;
    double volume = 0;
    bool has_volume = false;
    Timeframe timeframe = Timeframe::m1;
    ExchangeTime start{};

    // The date in India as days since 1970.
    int64_t day() const { return ist_date(start).time_since_epoch().count(); }
    Duration since_midnight() const { return ist_since_midnight(start); }
};
inline BarValues bar_values(const Bar& bar) {
    return {bar.open.to_double(),
            bar.high.to_double(),
            bar.low.to_double(),
            bar.close.to_double(),
            static_cast<double>(bar.volume),
            bar.has_volume(),
            bar.timeframe,
            bar.start};
}

inline constexpr size_t kMaxIndicatorOutputs = 9;
inline constexpr double kNoIndicatorValue = std::numeric_limits<double>::quiet_NaN();

// One indicator over one series of finished bars: incremental, constant time a bar (amortised for those that keep a
// rolling extreme; CCI and the volume profile say what they do instead), no allocation after construction. Input within
// the range of Price (0.0001 to 9e14) and of a 64-bit volume gives finite output.
//
// An output is NaN until it has seen the bars its header asks for ("warm-up"), and a number ever after; outputs of one
// indicator may be there at different times (+DI and -DI come before ADX). ready() says that all of them are. The
// exceptions say so in their headers and in docs/indicators.md (IndicatorReadiness): those that need volume, those that
// wait for something in the market (a swing, a level), and those that start afresh each day.
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
