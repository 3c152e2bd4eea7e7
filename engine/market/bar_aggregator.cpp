#include "market/bar_aggregator.hpp"

#include <algorithm>

namespace tide {
namespace {

// trading-rules, "Bars": under 5 minutes filled, 5 to 10 flagged, above 10 discarded.
constexpr Duration kFlaggedFrom = minutes(5);
constexpr Duration kDiscardedAbove = minutes(10);

// Weeks run from Monday; 1970-01-01 was a Thursday.
int64_t week_of(ExchangeTime start) {
    const int64_t days = ist_date(start).time_since_epoch().count() + 3;
    return days >= 0 ? days / 7 : (days - 6) / 7;
}

}  // namespace

BarAggregator::BarAggregator(std::span<const Timeframe> targets, Timeframe base) : base_(base) {
    TIDE_ASSERT(length_of(base).has_value());
    base_length_ = *length_of(base);
    std::vector<Timeframe> sorted(targets.begin(), targets.end());
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    for (const Timeframe timeframe : sorted) {
        daily_ = daily_ || timeframe == Timeframe::d1;
        weekly_ = weekly_ || timeframe == Timeframe::w1;
        const auto length = length_of(timeframe);
        if (!length) continue;
        TIDE_ASSERT(*length > base_length_ && length->count() % base_length_.count() == 0);
        targets_.push_back({timeframe, *length});
    }
}

BarAggregator::State& BarAggregator::state(InstrumentId instrument) {
    TIDE_ASSERT(instrument.valid());
    if (instrument.value() >= states_.size()) states_.resize(instrument.value() + 1);
    State& found = states_[instrument.value()];
    if (!found.instrument.valid()) {
        found.instrument = instrument;
        found.windows.resize(targets_.size());
    }
    return found;
}

void BarAggregator::set_gap_policy(InstrumentId instrument, GapPolicy policy) { state(instrument).policy = policy; }

bool BarAggregator::find_session(State& state, ExchangeTime start, size_t& session) const {
    const auto holds = [&](size_t i) { return start >= sessions_[i].open && start < sessions_[i].close; };
    if (state.in_session && holds(state.session)) {
        session = state.session;
        return true;
    }
    for (session = 0; session < session_count_; ++session) {
        if (holds(session)) return true;
    }
    return false;
}

void BarAggregator::enter_session(State& state, size_t session) {
    close_session(state);
    state.in_session = true;
    state.has_last = false;
    state.session = session;
    state.next = sessions_[session].open;
}

BarAggregator::Gap BarAggregator::effect_of(GapPolicy policy, Duration missing) const {
    if (missing <= Duration(0)) return Gap::none;
    if (policy == GapPolicy::option) return Gap::discarded;
    if (missing < kFlaggedFrom) return Gap::none;
    return policy == GapPolicy::underlying && missing > kDiscardedAbove ? Gap::discarded : Gap::flagged;
}

void BarAggregator::begin(Window& window, const Bar& bar, Timeframe timeframe, ExchangeTime start, ExchangeTime end) {
    window.open = true;
    window.volume_complete = true;
    window.real = false;
    window.gap = Gap::none;
    window.bar = bar;
    window.bar.timeframe = timeframe;
    window.bar.start = start;
    window.bar.volume = 0;
    window.end = end;
}

void BarAggregator::open_window(Window& window, const Target& target, const State& state, const Bar& bar) {
    const Session& session = sessions_[state.session];
    const ExchangeTime start = session.open + (bar.start - session.open) / target.length * target.length;
    begin(window, bar, target.timeframe, start, std::min(start + target.length, session.close));
    earliest_end_ = std::min(earliest_end_, window.end);
}

inline void BarAggregator::add(Window& window, const Bar& bar) {
    constexpr uint16_t kKept = kBarGapFilled | kBarHasGap | kBarModelPrice | kBarPartial | kBarHasOi | kBarFutureVolume;
    Bar& sum = window.bar;
    // By value: a selection, where a comparison of references becomes a branch that guesses wrong half of the time.
    sum.high = Price::from_units(std::max<int64_t>({sum.high.units(), bar.high.units()}));
    sum.low = Price::from_units(std::min<int64_t>({sum.low.units(), bar.low.units()}));
    sum.close = bar.close;
    sum.volume += bar.volume;
    if (bar.has_oi()) sum.oi = bar.oi;
    const bool filled = (bar.flags & kBarGapFilled) != 0;
    window.real = window.real || !filled;
    window.volume_complete = window.volume_complete && (filled || bar.has_volume());
    sum.flags = static_cast<uint16_t>((sum.flags & kKept) | (bar.flags & (kKept | kBarHistory)));
}

void BarAggregator::emit(Window& window, bool inside_day) {
    window.open = false;
    if (window.gap == Gap::discarded && inside_day) {
        ++counts_.discarded;
        return;
    }
    if (window.gap != Gap::none) window.bar.flags |= kBarHasGap;
    if (window.real && window.volume_complete) {
        window.bar.flags |= kBarHasVolume;
    } else {
        window.bar.flags &= static_cast<uint16_t>(~kBarHasVolume);
        window.bar.volume = 0;
    }
    closed_.push_back(window.bar);
}

void BarAggregator::fill_gap(State& state, const Bar& bar) {
    const Price from = state.last_close;
    const int64_t count = (bar.start - state.next) / base_length_;
    Price open = from;
    for (int64_t i = 1; i <= count; ++i) {
        Bar made;
        made.instrument = bar.instrument;
        made.timeframe = base_;
        made.flags = static_cast<uint16_t>(kBarGapFilled | (bar.flags & kBarHistory));
        made.start = state.next;
        made.open = open;
        made.close = from + scale(bar.open - from, i, count);
        made.high = std::max(made.open, made.close);
        made.low = std::min(made.open, made.close);
        open = made.close;
        ++counts_.filled;
        take(state, made, Gap::none);
    }
}

// The minutes between the last bar (or the session's open) and this one. Returns what they do to bars that this one
// opens.
BarAggregator::Gap BarAggregator::bridge_gap(State& state, const Bar& bar) {
    const Duration missing = bar.start - state.next;
    if (state.policy == GapPolicy::underlying && missing < kFlaggedFrom && state.has_last && base_ == Timeframe::m1) {
        fill_gap(state, bar);
        return Gap::none;
    }
    const Gap gap = effect_of(state.policy, missing);
    // An open window ends after `next` (else its last bar would have closed it): the gap lies at least partly in it.
    for (Window& window : state.windows) {
        if (!window.open) continue;
        window.gap = std::max(window.gap, gap);
        if (window.end <= bar.start) emit(window, true);
    }
    state.day.gap = std::max(state.day.gap, gap);
    return gap;
}

void BarAggregator::take(State& state, const Bar& bar, Gap gap_before) {
    closed_.push_back(bar);
    const ExchangeTime end = std::min(bar.start + base_length_, sessions_[state.session].close);
    for (size_t i = 0; i < targets_.size(); ++i) {
        Window& window = state.windows[i];
        if (!window.open) {
            if (bar.start < window.end) continue;  // the clock has closed it already
            open_window(window, targets_[i], state, bar);
            if (window.bar.start < bar.start) window.gap = gap_before;
        }
        add(window, bar);
        if (end >= window.end) emit(window, true);
    }
    if (daily_ || weekly_) add_to_day(state, bar);
    state.next = end;
    state.last_close = bar.close;
    state.has_last = true;
}

void BarAggregator::add_to_day(State& state, const Bar& bar) {
    if (!state.day.open) {
        const Gap gap_at_open = state.day.gap;
        begin(state.day, bar, Timeframe::d1, sessions_[0].open, sessions_[session_count_ - 1].close);
        state.day.gap = gap_at_open;
    }
    add(state.day, bar);
}

std::span<const Bar> BarAggregator::on_bar(const Bar& bar) {
    TIDE_ASSERT(bar.timeframe == base_);
    closed_.clear();
    State& state = this->state(bar.instrument);
    size_t session = 0;
    if (!find_session(state, bar.start, session)) {
        ++counts_.outside_session;
        return {};
    }
    const bool earlier_session = state.in_session && session < state.session;
    if (!earlier_session && (!state.in_session || session != state.session)) enter_session(state, session);
    if (earlier_session || bar.start < state.next) {
        ++counts_.not_later;
        return closed_;
    }
    const Gap gap = bar.start > state.next ? bridge_gap(state, bar) : Gap::none;
    ++counts_.used;
    take(state, bar, gap);
    return closed_;
}

std::span<const Bar> BarAggregator::close_ended(ExchangeTime time) {
    closed_.clear();
    earliest_end_ = ExchangeTime::max();
    for (State& state : states_) {
        for (Window& window : state.windows) {
            if (!window.open) continue;
            if (window.end < time) {
                const ExchangeTime until = std::min(time, sessions_[state.session].close);
                window.gap = std::max(window.gap, effect_of(state.policy, until - state.next));
                emit(window, true);
            } else {
                earliest_end_ = std::min(earliest_end_, window.end);
            }
        }
    }
    return closed_;
}

void BarAggregator::close_session(State& state) {
    if (!state.in_session) return;
    state.in_session = false;
    for (Window& window : state.windows) {
        if (!window.open) continue;
        // The data ended inside it: that is a partial bar, not one around a gap. Of an option it is an incomplete one.
        const Gap gap = effect_of(state.policy, window.end - state.next);
        window.gap = std::max(window.gap, state.policy == GapPolicy::option ? gap : std::min(gap, Gap::flagged));
        window.bar.flags |= kBarPartial;
        emit(window, true);
    }
    const Duration missing = sessions_[state.session].close - state.next;
    state.day.gap = std::max(state.day.gap, effect_of(state.policy, missing));
}

void BarAggregator::set_official_day(const Bar& daily) {
    State& state = this->state(daily.instrument);
    state.official = daily;
    state.has_official = true;
}

void BarAggregator::close_day(State& state) {
    Window& day = state.day;
    const bool official =
        state.has_official && session_count_ > 0 && ist_date(state.official.start) == ist_date(sessions_[0].open);
    state.has_official = false;
    if (!day.open && !official) return;
    const size_t at = closed_.size();
    if (official) {
        closed_.push_back(state.official);
        closed_.back().start = sessions_[0].open;
        closed_.back().timeframe = Timeframe::d1;
        // An index's official bar has no volume; its minutes may have borrowed that of its future.
        if (day.open && !state.official.has_volume() && (day.bar.flags & kBarFutureVolume) != 0 &&
            day.volume_complete) {
            closed_.back().volume = day.bar.volume;
            closed_.back().flags |= kBarHasVolume | kBarFutureVolume;
        }
        day.open = false;
    } else {
        if (state.next < day.end) day.bar.flags |= kBarPartial;
        emit(day, false);
    }
    day.gap = Gap::none;
    const Bar closed = closed_[at];
    if (!daily_) closed_.pop_back();
    if (weekly_) add_to_week(state, closed);
}

void BarAggregator::close_days() {
    for (State& state : states_) close_session(state);
    for (State& state : states_) close_day(state);
    earliest_end_ = ExchangeTime::max();
}

std::span<const Bar> BarAggregator::end_day() {
    closed_.clear();
    close_days();
    return closed_;
}

void BarAggregator::add_to_week(State& state, const Bar& daily) {
    Window& week = state.week;
    if (week.open && week_of(week.bar.start) != week_of(daily.start)) emit(week, false);
    if (!week.open) begin(week, daily, Timeframe::w1, daily.start, daily.start);
    add(week, daily);
}

std::span<const Bar> BarAggregator::on_daily(const Bar& daily) {
    closed_.clear();
    if (weekly_) add_to_week(state(daily.instrument), daily);
    return closed_;
}

std::span<const Bar> BarAggregator::close_weeks() {
    closed_.clear();
    for (State& state : states_) {
        if (state.week.open) emit(state.week, false);
    }
    return closed_;
}

std::span<const Bar> BarAggregator::start_day(const TradingDayEvent& day) {
    closed_.clear();
    close_days();
    const ExchangeTime midnight = ist_moment<ExchangeTime>(day.date, Duration(0));
    for (State& state : states_) {
        if (state.week.open && week_of(state.week.bar.start) != week_of(midnight)) emit(state.week, false);
    }
    session_count_ = std::min<size_t>(day.session_count, sessions_.size());
    for (size_t i = 0; i < session_count_; ++i) {
        sessions_[i] = {ist_moment<ExchangeTime>(day.date, day.sessions[i].open),
                        ist_moment<ExchangeTime>(day.date, day.sessions[i].close)};
    }
    return closed_;
}

}  // namespace tide
