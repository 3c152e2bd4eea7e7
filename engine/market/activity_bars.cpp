#include "market/activity_bars.hpp"

#include <algorithm>

namespace tide {

void ActivityBars::follow(InstrumentId instrument, Price step) {
    TIDE_ASSERT(instrument.valid() && step.positive());
    if (instrument.value() >= states_.size()) states_.resize(instrument.value() + 1);
    states_[instrument.value()].followed = true;
    states_[instrument.value()].step = step;
}

void ActivityBars::begin(Open& open, const TickEvent& tick, ExchangeTime time, Timeframe timeframe) {
    open.open = true;
    open.ticks = 0;
    open.bar = Bar{};
    open.bar.instrument = tick.instrument;
    open.bar.timeframe = timeframe;
    open.bar.start = time;
    open.bar.open = open.bar.high = open.bar.low = open.bar.close = tick.last;
}

void ActivityBars::add(Open& open, const TickEvent& tick, const PlacedTick& placed) {
    Bar& bar = open.bar;
    ++open.ticks;
    bar.high = std::max(bar.high, tick.last);
    bar.low = std::min(bar.low, tick.last);
    if (placed.in_order) bar.close = tick.last;
    if (placed.has_volume) {
        bar.volume += placed.volume;
        bar.flags |= kBarHasVolume;
    }
    if (tick.has(kTickHasOi)) {
        bar.oi = tick.oi;
        bar.flags |= kBarHasOi;
    }
    if (tick.has(kTickModelPrice)) bar.flags |= kBarModelPrice;
}

bool ActivityBars::complete(const Open& open, const ActivitySpec& spec, Price step) {
    switch (spec.kind) {
        case ActivityKind::ticks:
            return open.ticks >= spec.size;
        case ActivityKind::volume:
            return open.bar.volume >= spec.size;
        case ActivityKind::range:
            break;
    }
    return open.bar.high - open.bar.low >= step * spec.size;
}

std::span<const Bar> ActivityBars::take(State& state, const TickEvent& tick, const PlacedTick& placed) {
    closed_.clear();
    const auto specs = frames_.all();
    if (state.bars.size() < specs.size()) state.bars.resize(specs.size());
    if (placed.session_end != state.session_end) {
        close_session(state);
        state.session_end = placed.session_end;
        earliest_end_ = std::min(earliest_end_, state.session_end);
        state.last_time = placed.time;
    }
    state.last_time = std::max(state.last_time, placed.time);
    for (size_t i = 0; i < specs.size(); ++i) {
        Open& open = state.bars[i];
        if (specs[i].kind == ActivityKind::volume && !placed.has_volume) continue;
        if (!open.open) begin(open, tick, state.last_time, ActivityFrames::at(i));
        add(open, tick, placed);
        if (!complete(open, specs[i], state.step)) continue;
        open.open = false;
        closed_.push_back(open.bar);
    }
    return closed_;
}

void ActivityBars::close_session(State& state) {
    for (Open& open : state.bars) {
        if (!open.open) continue;
        open.open = false;
        open.bar.flags |= kBarPartial;
        closed_.push_back(open.bar);
    }
}

std::span<const Bar> ActivityBars::close_ended(ExchangeTime time) {
    closed_.clear();
    earliest_end_ = ExchangeTime::max();
    for (State& state : states_) {
        if (state.session_end == ExchangeTime()) continue;
        if (state.session_end <= time) {
            close_session(state);
            state.session_end = {};
        } else {
            earliest_end_ = std::min(earliest_end_, state.session_end);
        }
    }
    return closed_;
}

}  // namespace tide
