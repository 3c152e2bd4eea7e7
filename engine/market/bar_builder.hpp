#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/events.hpp"

namespace tide {

struct BarBuilderSettings {
    // The exchange's stamp places a tick when it is this near to the receive time; otherwise (no stamp, a frozen or
    // lagging stamp, a clock that is wrong by minutes) the receive time does, so that bars always agree with the
    // session's "now".
    Duration stamp_tolerance = seconds(5);
};

// What the builder did with ticks. The last two count besides; otherwise a tick is counted once.
struct BarBuilderCounts {
    int64_t used = 0;
    int64_t outside_session = 0;  // pre-open, breaks, after the close, days without a session
    int64_t late = 0;             // for a minute whose bar is already closed: dropped
    int64_t out_of_order = 0;     // earlier than the last tick of the open bar: widens high and low, is not the close
    int64_t repeated = 0;         // the same stamp, price, volume and open interest as the last one: ignored
    int64_t no_price = 0;         // last price not positive
    int64_t not_for_bars = 0;     // kTickPathOfBar, kTickDailyValue
    int64_t volume_fell = 0;      // the day's volume went down: counted as no trade
    int64_t stamp_unused = 0;     // placed by receive time although a stamp was there
};

// How a tick that counts was understood.
struct PlacedTick {
    ExchangeTime time;
    ExchangeTime session_end;
    int64_t volume = 0;  // traded since the tick before
    bool has_volume = false;
    bool in_order = true;  // not earlier than the newest tick of its minute
};

// Ticks to 1-minute bars of many instruments, on exact minutes of the day's sessions [open, close): a trade stamped at
// the very close is outside.
//
// Every tick with a last price counts, traded or not: feeds send snapshots. A bar closes when a tick of its instrument
// at or after its end arrives, or the clock gets there (close_due), or the day ends. A minute without a tick has no
// bar. Volume: kTickHasVolume is the day's total, of which the bar gets the increase; the day's first total counts in
// full when it comes in the first minute of the day or the feed was there before the open (the first bar then holds
// the opening auction, and the bars add up to the day), otherwise (a feed joined later) it only sets the level. A fall
// counts as nothing, and nothing counts until the total is above its old height. kTickVolumeIsDelta adds as it is.
// Open interest: the bar has the last one told inside it, as exchanges publish it: a level, which nothing adds up.
class BarBuilder {
  public:
    explicit BarBuilder(const BarBuilderSettings& settings = {}) : settings_(settings) {}

    // A new trading day: bars still open are closed, day volumes start at zero. The result is valid until the next
    // call, as of every function here.
    std::span<const Bar> start_day(const TradingDayEvent& day);
    // Returns the bar that this tick closed, if any. `exchange` 1970 = no stamp.
    std::span<const Bar> on_tick(ReceiveTime received, ExchangeTime exchange, const TickEvent& tick);
    // Closes every bar whose end is at or before `now`, in the order of instruments. Cheap when nothing is due.
    std::span<const Bar> close_due(ReceiveTime now) {
        return is_due(as_exchange_time(now)) ? close_ended(as_exchange_time(now)) : std::span<const Bar>();
    }
    bool is_due(ExchangeTime now) const { return now >= earliest_end_; }
    // Closes all bars; those whose minute is not over at `now` are flagged kBarPartial.
    std::span<const Bar> end_day(ReceiveTime now);

    // The tick of the last on_tick, if it counted.
    const PlacedTick* placed() const { return counted_ ? &placed_ : nullptr; }
    const BarBuilderCounts& counts() const { return counts_; }

  private:
    struct State {
        bool open = false;
        bool volume_known = false;  // day_volume is a level
        Bar bar;
        ExchangeTime end;
        ExchangeTime session_end;
        ExchangeTime last_time;    // of the newest tick in the bar
        ExchangeTime built_until;  // end of the newest closed bar
        ExchangeTime last_stamp;
        Price last_price;
        int64_t day_volume = 0;
        int64_t last_oi = 0;
    };
    struct Session {
        ExchangeTime open, close;
    };
    State& state(InstrumentId instrument);
    std::span<const Bar> close_ended(ExchangeTime time);
    ExchangeTime place(ReceiveTime received, ExchangeTime exchange);
    const Session* session_at(ExchangeTime time) const;
    void note_outside(State& state, ExchangeTime time);
    bool is_repeat(State& state, ExchangeTime exchange, const TickEvent& tick) const;
    int64_t traded(State& state, ExchangeTime time, const TickEvent& tick);
    void open_bar(State& state, ExchangeTime time, const Session& session, const TickEvent& tick);
    void add(State& state, ExchangeTime time, const TickEvent& tick);
    void close(State& state, bool partial);

    BarBuilderSettings settings_;
    BarBuilderCounts counts_;
    PlacedTick placed_;
    bool counted_ = false;
    std::array<Session, 3> sessions_{};
    size_t session_count_ = 0;
    ExchangeTime earliest_end_ = ExchangeTime::max();  // no open bar ends before this
    std::vector<State> states_;                        // by instrument id
    std::vector<Bar> closed_;
};

}  // namespace tide
