#pragma once
#include <optional>
#include <vector>

#include "core/events.hpp"

namespace tide {

// The latest known prices of one instrument. Absent parts are flags (TickFlag), not zeros.
struct Quote {
    Price last, bid, ask;
    int64_t volume = 0;  // day total
    int64_t oi = 0;
    uint32_t flags = 0;
    ReceiveTime time;                 // of the last price
    std::optional<Price> first_last;  // of the day
    std::optional<int64_t> first_oi;
    bool has_bid() const { return (flags & kTickHasBid) != 0; }
    bool has_ask() const { return (flags & kTickHasAsk) != 0; }
    bool has_oi() const { return (flags & kTickHasOi) != 0; }
    bool has_volume() const { return (flags & kTickHasVolume) != 0; }
    bool model() const { return (flags & kTickModelPrice) != 0; }
};

// Latest quote per instrument, from ticks and bars.
class QuoteBoard {
  public:
    void on_tick(ReceiveTime now, const TickEvent& tick);
    // A finished bar's close is a last price at the bar's end; its open interest and volume count.
    void on_bar(ReceiveTime now, const Bar& bar);
    // Starts a new day: day volumes and first values begin again; prices stay with their times.
    void start_day();
    // nullptr before the first price.
    const Quote* find(InstrumentId id) const {
        const size_t i = id.value();
        return i < quotes_.size() && quotes_[i].last.positive() ? &quotes_[i] : nullptr;
    }

  private:
    Quote& slot(InstrumentId id) {
        if (id.value() >= quotes_.size()) quotes_.resize(id.value() + 64);
        return quotes_[id.value()];
    }
    std::vector<Quote> quotes_;
};

}  // namespace tide
