#include "market/opening_gap.hpp"

#include <algorithm>
#include <cmath>

namespace tide {
namespace {
// An older close says nothing about this opening (the longest closure in the tables is five days).
constexpr auto kCloseAgeMax = std::chrono::days(10);
}  // namespace

void OpeningGaps::on_instrument(const Instrument& instrument) {
    if (instrument.is_option() || instrument.kind == InstrumentKind::volatility_index) return;
    const size_t i = instrument.id.value();
    if (i >= states_.size()) states_.resize(i + 1);
    states_[i].known = true;
    states_[i].calendar = instrument.calendar;
}

void OpeningGaps::on_day(const TradingDayEvent& day) {
    if (day.history || day.session_count == 0) return;
    const ReceiveTime open = at(day.date, day.sessions[0].open);
    const ReceiveTime close = at(day.date, day.sessions[day.session_count - 1].close);
    const auto same = [&](const Hours& known) { return known.calendar == day.calendar; };
    const auto found = std::find_if(hours_.begin(), hours_.end(), same);
    if (found == hours_.end()) {
        hours_.push_back({std::string(day.calendar), open, close});
    } else {
        *found = {std::string(day.calendar), open, close};
    }
    if (day.date == today_) return;  // another calendar's day
    today_ = day.date;
    next_end_ = ReceiveTime::max();
    for (State& state : states_) {
        // What was traded on the last day stands where no daily bar of it came.
        if (state.day_last.positive() && state.day > state.close_date) {
            state.close = state.day_last;
            state.close_date = state.day;
        }
        state.opened = state.compared = false;
        state.gap = {};
    }
}

void OpeningGaps::on_bar(ReceiveTime received, const Bar& bar) {
    State* state = find(bar.instrument);
    if (state == nullptr) return;
    const Date date = ist_date(bar.start);
    if (bar.timeframe == Timeframe::d1) {
        if (date >= state->close_date) {
            state->close = bar.close;
            state->close_date = date;
        }
        return;
    }
    if (bar.timeframe != Timeframe::m1 || date < state->day) return;
    state->day_last = bar.close;
    state->day = date;
    if (!bar.is_history() && !state->opened) open(*state, bar.instrument, received, bar.open);
}

void OpeningGaps::open(State& state, InstrumentId id, ReceiveTime received, Price price) {
    const auto day =
        std::find_if(hours_.begin(), hours_.end(), [&](const Hours& h) { return h.calendar == state.calendar; });
    if (day == hours_.end() || received < day->open || received > day->close) return;
    state.opened = true;
    const bool usable =
        state.close.positive() && state.close_date < today_ && today_ - state.close_date <= kCloseAgeMax;
    if (!usable || !price.positive()) return;
    state.compared = true;
    OpeningGap& gap = state.gap;
    gap.previous_close = state.close;
    gap.open = price;
    gap.pct = (price.to_double() - state.close.to_double()) / state.close.to_double() * 100;
    gap.until = day->open + Duration(static_cast<int64_t>(std::llround(settings_.gap_mode_min * 60e9)));
    if (std::fabs(gap.pct) <= settings_.opening_gap_pct || received >= gap.until) return;
    gap.mode = true;
    next_end_ = std::min(next_end_, gap.until);
    changes_.push_back({id, true, gap});
}

void OpeningGaps::end_modes(ReceiveTime now) {
    next_end_ = ReceiveTime::max();
    for (size_t i = 0; i < states_.size(); ++i) {
        OpeningGap& gap = states_[i].gap;
        if (!gap.mode) continue;
        if (now >= gap.until) {
            gap.mode = false;
            changes_.push_back({InstrumentId(static_cast<uint32_t>(i)), false, gap});
        } else {
            next_end_ = std::min(next_end_, gap.until);
        }
    }
}

const OpeningGap* OpeningGaps::find_gap(InstrumentId id) const {
    const size_t i = id.value();
    return i < states_.size() && states_[i].known && states_[i].compared ? &states_[i].gap : nullptr;
}

}  // namespace tide
