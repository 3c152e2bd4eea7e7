#pragma once
#include <vector>

#include "core/events.hpp"
#include "market/data_quality_settings.hpp"

namespace tide {

// The opening of an instrument against its previous close.
struct OpeningGap {
    Price previous_close, open;
    double pct = 0;     // (open - previous close) / previous close x 100
    bool mode = false;  // gap mode is on: no entries, a wider strike window
    ReceiveTime until;  // of the mode
};
struct GapChange {
    InstrumentId instrument;
    bool active = true;  // gap mode begins, ends
    OpeningGap gap;
};

// trading-rules "Bars": an opening more than 2 % from the previous close is gap mode for three minutes from the open.
// Looks at indices, equities and futures. The previous close is the last daily bar's (official) or, without one, the
// last price of an earlier day, at most ten days old.
class OpeningGaps {
  public:
    explicit OpeningGaps(const DataQualitySettings& settings) : settings_(settings) {}
    void on_instrument(const Instrument& instrument);
    void on_day(const TradingDayEvent& day);
    void on_bar(ReceiveTime received, const Bar& bar);
    // A price that counts (not one that is held back).
    void on_tick(ReceiveTime received, const TickEvent& tick) {
        State* state = find(tick.instrument);
        if (state == nullptr || !tick.last.positive() || tick.has(kTickDailyValue)) return;
        state->day_last = tick.last;
        state->day = today_;
        if (!state->opened) open(*state, tick.instrument, received, tick.last);
    }
    void on_time(ReceiveTime now) {
        if (now >= next_end_) end_modes(now);
    }
    // ReceiveTime::max(): never.
    ReceiveTime next_due() const { return next_end_; }
    // nullptr before the day's first price, or without a previous close.
    const OpeningGap* find_gap(InstrumentId id) const;
    bool gap_mode(InstrumentId underlying) const {
        const OpeningGap* gap = find_gap(underlying);
        return gap != nullptr && gap->mode;
    }
    const std::vector<GapChange>& changes() const { return changes_; }
    void take_changes() { changes_.clear(); }

  private:
    struct State {
        bool known = false;
        bool opened = false;  // today
        bool compared = false;
        std::string calendar;
        Price close;  // the newest daily one before today
        Date close_date{};
        Price day_last;  // of ticks and minutes, and its day
        Date day{};
        OpeningGap gap;
    };
    struct Hours {
        std::string calendar;
        ReceiveTime open, close;
    };
    State* find(InstrumentId id) {
        const size_t i = id.value();
        return i < states_.size() && states_[i].known ? &states_[i] : nullptr;
    }
    void open(State& state, InstrumentId id, ReceiveTime received, Price price);
    void end_modes(ReceiveTime now);

    const DataQualitySettings& settings_;
    std::vector<State> states_;  // by instrument id
    std::vector<Hours> hours_;
    std::vector<GapChange> changes_;
    ReceiveTime next_end_ = ReceiveTime::max();
    Date today_{};
};

}  // namespace tide
