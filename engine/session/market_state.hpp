#pragma once
#include <vector>

#include "core/events.hpp"
#include "market/bar_aggregator.hpp"
#include "market/bar_builder.hpp"
#include "market/indicator_hub.hpp"
#include "market/prices.hpp"
#include "market/series.hpp"

namespace tide {

// The market as a session knows it: prices now, bars of every timeframe, indicators over them. One way in: events.
class MarketState {
  public:
    explicit MarketState(size_t bars_kept);

    // Updates prices, bars and indicators. Bars that this event closed are appended to closed(), in the order of
    // closing.
    void on_event(const Event& event);
    // Time passes: bars that ended at or before `now` without a tick close too.
    void on_time(ReceiveTime now);

    // Bars closed since the last take_closed(), history excluded, oldest first.
    const std::vector<Bar>& closed() const { return closed_; }
    void take_closed() { closed_.clear(); }

    MarketPrices& prices() { return prices_; }
    const MarketPrices& prices() const { return prices_; }
    const BarSeriesBook& series() const { return series_; }
    IndicatorHub& indicators() { return indicators_; }
    const IndicatorHub& indicators() const { return indicators_; }
    int64_t bars_seen() const { return bars_seen_; }
    int64_t ticks_seen() const { return ticks_seen_; }

  private:
    void on_instrument(const Instrument& instrument);
    void on_bar(const Bar& bar);
    void on_minute(const Bar& bar);
    void add(std::span<const Bar> bars);

    MarketPrices prices_;
    BarBuilder builder_;
    BarAggregator aggregator_;
    BarSeriesBook series_;
    IndicatorHub indicators_;
    std::vector<Bar> closed_;
    std::optional<Date> today_;  // the day being traded
    bool live_ = false;          // the first traded day has begun: from now on scripts see closed bars
    int64_t bars_seen_ = 0;
    int64_t ticks_seen_ = 0;
};

}  // namespace tide
