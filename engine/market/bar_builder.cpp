#include "market/bar_builder.hpp"

#include <algorithm>

namespace tide {
namespace {
constexpr Duration kMinute = minutes(1);
constexpr ExchangeTime kNoStamp{};
}  // namespace

BarBuilder::State& BarBuilder::state(InstrumentId instrument) {
    TIDE_ASSERT(instrument.valid());
    if (instrument.value() >= states_.size()) states_.resize(instrument.value() + 1);
    return states_[instrument.value()];
}

ExchangeTime BarBuilder::place(ReceiveTime received, ExchangeTime exchange) {
    const ExchangeTime receive = as_exchange_time(received);
    if (exchange == kNoStamp) return receive;
    if (std::chrono::abs(exchange - receive) <= settings_.stamp_tolerance) return exchange;
    ++counts_.stamp_unused;
    return receive;
}

const BarBuilder::Session* BarBuilder::session_at(ExchangeTime time) const {
    for (size_t i = 0; i < session_count_; ++i) {
        if (time >= sessions_[i].open && time < sessions_[i].close) return &sessions_[i];
    }
    return nullptr;
}

bool BarBuilder::is_repeat(State& state, ExchangeTime exchange, const TickEvent& tick) const {
    const bool same_stamp = exchange != kNoStamp && exchange == state.last_stamp && tick.last == state.last_price;
    const bool same_volume = !tick.has(kTickHasVolume) || tick.volume <= state.day_volume;
    const bool same_oi = !tick.has(kTickHasOi) || tick.oi == state.last_oi;
    state.last_stamp = exchange;
    state.last_price = tick.last;
    if (tick.has(kTickHasOi)) state.last_oi = tick.oi;
    return same_stamp && same_volume && same_oi && !tick.has(kTickVolumeIsDelta);
}

// Heard before the open: the day's total is known from its beginning.
void BarBuilder::note_outside(State& state, ExchangeTime time) {
    ++counts_.outside_session;
    if (session_count_ > 0 && time < sessions_[0].open) state.volume_known = true;
}

int64_t BarBuilder::traded(State& state, ExchangeTime time, const TickEvent& tick) {
    if (tick.has(kTickVolumeIsDelta)) return std::max<int64_t>(0, tick.volume);
    if (!tick.has(kTickHasVolume)) return 0;
    const int64_t level = state.volume_known ? state.day_volume : 0;
    if (tick.volume < level) {
        ++counts_.volume_fell;
        return 0;
    }
    const bool whole = state.volume_known || time < sessions_[0].open + kMinute;
    state.volume_known = true;
    state.day_volume = tick.volume;
    return whole ? tick.volume - level : 0;
}

void BarBuilder::open_bar(State& state, ExchangeTime time, const Session& session, const TickEvent& tick) {
    const Duration since_open = time - session.open;
    state.open = true;
    state.bar = Bar{};
    state.bar.instrument = tick.instrument;
    state.bar.timeframe = Timeframe::m1;
    state.bar.start = session.open + since_open / kMinute * kMinute;
    state.bar.open = state.bar.high = state.bar.low = state.bar.close = tick.last;
    state.end = std::min(state.bar.start + kMinute, session.close);
    state.session_end = session.close;
    state.last_time = time;
    earliest_end_ = std::min(earliest_end_, state.end);
}

void BarBuilder::add(State& state, ExchangeTime time, const TickEvent& tick) {
    Bar& bar = state.bar;
    if (tick.last > bar.high) bar.high = tick.last;
    if (tick.last < bar.low) bar.low = tick.last;
    const bool in_order = time >= state.last_time;
    if (in_order) {
        state.last_time = time;
        bar.close = tick.last;
        ++counts_.used;
    } else {
        ++counts_.out_of_order;
    }
    const bool has_volume = (tick.flags & (kTickHasVolume | kTickVolumeIsDelta)) != 0;
    const int64_t volume = has_volume ? traded(state, time, tick) : 0;
    bar.volume += volume;
    if (has_volume) bar.flags |= kBarHasVolume;
    counted_ = true;
    placed_.time = time;
    placed_.session_end = state.session_end;
    placed_.volume = volume;
    placed_.has_volume = has_volume;
    placed_.in_order = in_order;
    if (tick.has(kTickHasOi)) {
        bar.oi = tick.oi;
        bar.flags |= kBarHasOi;
    }
    if (tick.has(kTickModelPrice)) bar.flags |= kBarModelPrice;
}

void BarBuilder::close(State& state, bool partial) {
    if (partial) state.bar.flags |= kBarPartial;
    closed_.push_back(state.bar);
    state.open = false;
    state.built_until = state.end;
}

std::span<const Bar> BarBuilder::start_day(const TradingDayEvent& day) {
    closed_.clear();
    for (State& state : states_) {
        if (state.open) close(state, false);
        state.volume_known = false;
        state.day_volume = 0;
    }
    session_count_ = std::min<size_t>(day.session_count, sessions_.size());
    for (size_t i = 0; i < session_count_; ++i) {
        sessions_[i] = {ist_moment<ExchangeTime>(day.date, day.sessions[i].open),
                        ist_moment<ExchangeTime>(day.date, day.sessions[i].close)};
    }
    earliest_end_ = ExchangeTime::max();
    return closed_;
}

std::span<const Bar> BarBuilder::on_tick(ReceiveTime received, ExchangeTime exchange, const TickEvent& tick) {
    closed_.clear();
    counted_ = false;
    if (tick.has(kTickPathOfBar) || tick.has(kTickDailyValue)) {
        ++counts_.not_for_bars;
        return {};
    }
    if (!tick.last.positive()) {
        ++counts_.no_price;
        return {};
    }
    State& state = this->state(tick.instrument);
    const ExchangeTime time = place(received, exchange);
    if (state.open && time >= state.end) close(state, false);
    if (is_repeat(state, exchange, tick)) {
        ++counts_.repeated;
        return closed_;
    }
    if (!state.open) {
        const Session* session = session_at(time);
        if (session == nullptr) {
            note_outside(state, time);
            return closed_;
        }
        if (time < state.built_until) {
            ++counts_.late;
            return closed_;
        }
        open_bar(state, time, *session, tick);
    } else if (time < state.bar.start) {
        ++(session_at(time) == nullptr ? counts_.outside_session : counts_.late);
        return closed_;
    }
    add(state, time, tick);
    return closed_;
}

std::span<const Bar> BarBuilder::close_ended(ExchangeTime time) {
    closed_.clear();
    earliest_end_ = ExchangeTime::max();
    for (State& state : states_) {
        if (!state.open) continue;
        if (state.end <= time) {
            close(state, false);
        } else {
            earliest_end_ = std::min(earliest_end_, state.end);
        }
    }
    return closed_;
}

std::span<const Bar> BarBuilder::end_day(ReceiveTime now) {
    closed_.clear();
    for (State& state : states_) {
        if (state.open) close(state, as_exchange_time(now) < state.end);
    }
    earliest_end_ = ExchangeTime::max();
    return closed_;
}

}  // namespace tide
