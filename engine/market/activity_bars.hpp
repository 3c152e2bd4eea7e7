#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "core/events.hpp"
#include "market/bar_builder.hpp"

namespace tide {

// Tick, volume and range bars of many instruments, of the ticks that also count for 1-minute bars (BarBuilder).
//
// Ticks: a bar closes with its Nth tick. Volume: with the tick that brings its volume to N or more; that tick is not
// split, its whole volume belongs to the bar that it completes. Range: with the tick that brings high - low to N steps
// of the instrument's price or more, so that the close is the high or the low; a price that jumps further makes a
// longer bar, never bars between ("phantom" bars) at prices that nobody traded. The next bar opens with the next tick.
//
// `start` is the time of a bar's first tick; several bars of one instrument may share it. Each session starts anew: the
// bar that its end leaves open closes as it is, kBarPartial. Ticks without volume make no volume bar. A tick that is
// out of order inside its minute widens the bar and is not its close, as in a 1-minute bar.
class ActivityBars {
  public:
    // Makes all bars that frames.all() holds; `frames` outlives this and may grow.
    explicit ActivityBars(const ActivityFrames& frames) : frames_(frames) {}

    // From now on bars are made of this instrument's ticks. `step`: the smallest step of its price.
    void follow(InstrumentId instrument, Price step);
    bool follows(InstrumentId instrument) const {
        return instrument.value() < states_.size() && states_[instrument.value()].followed;
    }
    // A tick that counts (`placed` is the builder's word on it); of an instrument that is not followed it does nothing.
    // What it closes is valid until the next call, by order of frames.
    std::span<const Bar> on_tick(const TickEvent& tick, const PlacedTick& placed) {
        return follows(tick.instrument) ? take(states_[tick.instrument.value()], tick, placed) : std::span<const Bar>();
    }
    // Closes what the sessions that end at or before `now` leave open.
    std::span<const Bar> close_due(ReceiveTime now) {
        return is_due(as_exchange_time(now)) ? close_ended(as_exchange_time(now)) : std::span<const Bar>();
    }
    bool is_due(ExchangeTime now) const { return now >= earliest_end_; }
    // The day's data has ended.
    std::span<const Bar> end_day() { return close_ended(ExchangeTime::max()); }

  private:
    struct Open {
        bool open = false;
        int64_t ticks = 0;
        Bar bar;
    };
    struct State {
        std::vector<Open> bars;  // by frame
        ExchangeTime session_end;
        ExchangeTime last_time;
        Price step;
        bool followed = false;
    };
    std::span<const Bar> take(State& state, const TickEvent& tick, const PlacedTick& placed);
    std::span<const Bar> close_ended(ExchangeTime time);
    void close_session(State& state);
    static void begin(Open& open, const TickEvent& tick, ExchangeTime time, Timeframe timeframe);
    static void add(Open& open, const TickEvent& tick, const PlacedTick& placed);
    static bool complete(const Open& open, const ActivitySpec& spec, Price step);

    const ActivityFrames& frames_;
    ExchangeTime earliest_end_ = ExchangeTime::max();
    std::vector<State> states_;  // by instrument id
    std::vector<Bar> closed_;
};

}  // namespace tide
