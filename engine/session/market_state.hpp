#pragma once
#include <algorithm>
#include <vector>

#include "core/events.hpp"
#include "market/activity_bars.hpp"
#include "market/bar_aggregator.hpp"
#include "market/bar_builder.hpp"
#include "market/data_quality.hpp"
#include "market/indicator_hub.hpp"
#include "market/opening_gap.hpp"
#include "market/prices.hpp"
#include "market/series.hpp"
#include "market/volatility_state.hpp"

namespace tide {

// The market as a session knows it: prices now, bars of every timeframe, indicators over them. One way in: events.
//
// An index is not traded: bars of it without volume (some sources write 0) take that of its nearest future's bar of the
// same start (kBarFutureVolume), where there is one, and have none where there is not. Where it has futures, its
// 1-minute and historical daily bars wait for that until all bars of their moment are there.
class MarketState {
  public:
    // The settings must outlive this.
    MarketState(size_t bars_kept, const DataQualitySettings& data, const VolatilitySettings& volatility);

    // Updates prices, bars and indicators. Bars that this event closed are appended to closed(), in the order of
    // closing.
    void on_event(const Event& event);
    // Time passes: bars that ended at or before `now` without a tick close too.
    void on_time(ReceiveTime now) {
        if (!live_) return;  // history is not of this time
        const ExchangeTime time = as_exchange_time(now);
        if (!held_.empty() || builder_.is_due(time) || activity_.is_due(time) || aggregator_.is_due(time))
            close_due(now);
    }
    // Held prices that count by now, silences, the end of gap mode; prices().released() has the ticks that count.
    // Before on_time: what was held belongs to the minute before.
    void look_at_data(ReceiveTime now) {
        prices_.release_due(now);
        if (!prices_.released().empty()) build_released();
        quality_.on_time(now);
        gaps_.on_time(now);
    }
    // Whether states of the data have changed and were not taken yet; and whether held prices count as well.
    bool data_changed() const { return !quality_.changes().empty() || !gaps_.changes().empty(); }
    bool data_said_something() const { return data_changed() || !prices_.released().empty(); }
    // When look_at_data next has something to do, at the latest; ReceiveTime::max(): never.
    ReceiveTime data_due() const {
        return std::min(std::min(quality_.next_due(), prices_.next_release()), gaps_.next_due());
    }
    // A wider strike window and no entries, for three minutes after an opening far from the previous close.
    bool gap_mode(InstrumentId underlying) const { return gaps_.gap_mode(underlying); }

    // Bars closed since the last take_closed(), history excluded, oldest first.
    const std::vector<Bar>& closed() const { return closed_; }
    void take_closed() { closed_.clear(); }

    // Which tick, volume and range bars are made.
    ActivityFrames& activity_frames() { return frames_; }
    const ActivityFrames& activity_frames() const { return frames_; }
    // From now on they are made of this instrument's ticks.
    void follow_activity(InstrumentId instrument);
    bool follows_activity(InstrumentId instrument) const { return activity_.follows(instrument); }

    MarketPrices& prices() { return prices_; }
    const MarketPrices& prices() const { return prices_; }
    const BarSeriesBook& series() const { return series_; }
    IndicatorHub& indicators() { return indicators_; }
    const IndicatorHub& indicators() const { return indicators_; }
    VolatilityState& volatility() { return volatility_; }
    const VolatilityState& volatility() const { return volatility_; }
    DataQuality& quality() { return quality_; }
    const DataQuality& quality() const { return quality_; }
    OpeningGaps& gaps() { return gaps_; }
    const OpeningGaps& gaps() const { return gaps_; }
    int64_t bars_seen() const { return bars_seen_; }
    int64_t ticks_seen() const { return ticks_seen_; }

  private:
    void on_other(const Event& event);
    void on_instrument(const Instrument& instrument);
    void on_bar(const Bar& bar);
    void on_tick(const Event& event, const TickEvent& tick);
    void on_minute(const Bar& bar);
    void close_due(ReceiveTime now);
    void build_released();
    void add(std::span<const Bar> bars) {
        if (!bars.empty()) add_all(bars);
    }
    void add_all(std::span<const Bar> bars);
    void note_future(const Instrument& future);
    bool lacks_volume(const Bar& bar) const;
    void take_without_volume(Bar bar);
    void take(const Bar& bar);
    void borrow_volume(Bar& bar) const;
    void release_held();
    void build(ReceiveTime received, ExchangeTime exchange, const TickEvent& tick);

    MarketPrices prices_;
    DataQuality quality_;
    OpeningGaps gaps_;  // how far each day opened from the close before
    BarBuilder builder_;
    ActivityFrames frames_;
    ActivityBars activity_{frames_};
    BarAggregator aggregator_;
    BarSeriesBook series_;
    IndicatorHub indicators_;
    VolatilityState volatility_;
    std::vector<Bar> closed_;
    std::vector<bool> is_index_;                      // by instrument id
    std::vector<std::vector<InstrumentId>> futures_;  // by underlying's id, nearest expiry first
    std::vector<Bar> held_;      // of indices, until the futures' bars of the same moment are there
    bool more_bars_ = false;     // the last event was a bar of a moment of which others follow
    std::optional<Date> today_;  // the day being traded
    bool live_ = false;          // the first traded day has begun: from now on scripts see closed bars
    int64_t bars_seen_ = 0;
    int64_t ticks_seen_ = 0;
};

}  // namespace tide
