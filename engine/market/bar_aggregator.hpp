#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/events.hpp"

namespace tide {

// What missing minutes do to an instrument's bars. A gap is counted inside a session, from its open or the last bar to the
// next bar (or to the window's end when nothing follows).
enum class GapPolicy : uint8_t {
    // Bars are made of what is there; those next to or around a gap of 5 minutes or more are flagged kBarHasGap.
    keep,
    // Index, equity, future: gaps under 5 minutes are filled with 1-minute bars on a straight line from the last close to
    // the next open (kBarGapFilled, no volume); 5 to 10 minutes are flagged kBarHasGap; a gap above 10 minutes discards
    // the bars inside the day that it touches, and flags the daily bar.
    underlying,
    // Never interpolated: a bar inside the day with a missing minute is dropped; the daily bar is flagged.
    option,
};

// Bars of one base timeframe (1m unless said otherwise) to longer ones, of many instruments.
//
// Bars inside the day are aligned to the open of their session (1h: 09:15, 10:15, …, the last one ends with the session);
// each session of a day starts its own. One closes with the base bar that ends at its end, else with the first bar or
// clock after it. The daily bar closes at the day's end, the weekly (Monday to Sunday) at the first day of another week.
// `start` of a daily or weekly bar is the open of its first session. Results are in the order of closing: for each base
// bar itself, then 3m, 5m, 15m, 30m, 1h, 1d, 1w; valid until the next call; no allocation after warm-up.
class BarAggregator {
  public:
    struct Counts {
        int64_t used = 0;
        int64_t outside_session = 0;  // a bar stamped at the close (15:30) or outside the day's sessions: not used
        int64_t not_later = 0;        // starts before the end of the one before: not used
        int64_t filled = 0;           // 1-minute bars made over short gaps
        int64_t discarded = 0;        // longer bars given up because of a gap
    };

    // `targets`: any of 3m … 1w longer than `base`.
    explicit BarAggregator(std::span<const Timeframe> targets, Timeframe base = Timeframe::m1);

    void set_gap_policy(InstrumentId instrument, GapPolicy policy);
    // Bars left open by an earlier day are closed as end_day would; a weekly bar of an earlier week closes.
    std::span<const Bar> start_day(const TradingDayEvent& day);
    // The bar itself (after those that fill the gap before it), with every longer bar that it closes.
    std::span<const Bar> on_bar(const Bar& bar);
    // Takes the place of the daily bar built here for the same day and instrument, when the day ends.
    void set_official_day(const Bar& daily);
    // Closes the bars inside the day whose end lies before `now`. (Not at `now`: another instrument's last minute may
    // still be on its way.) Cheap when nothing is due.
    std::span<const Bar> close_due(ReceiveTime now);
    // The day's data has ended: closes what is open (flagged kBarPartial where minutes are missing at the end), then the
    // daily bars.
    std::span<const Bar> end_day();
    // The weekly bar so far, at the end of the data.
    std::span<const Bar> close_weeks();

    const Counts& counts() const { return counts_; }

  private:
    enum class Gap : uint8_t { none, flagged, discarded };
    struct Window {
        bool open = false;
        Gap gap = Gap::none;
        Bar bar;
        ExchangeTime end;
    };
    struct State {
        GapPolicy policy = GapPolicy::keep;
        bool known = false;
        bool has_official = false;
        Bar last;                              // newest base bar of the session
        ExchangeTime next;                     // start of the base bar expected next; 1970 before the first of a session
        size_t session = 0;
        std::vector<Window> windows;           // one a target
        Bar official;
    };
    struct Session {
        ExchangeTime open, close;
    };
    struct Target {
        Timeframe timeframe;
        Duration length;                       // zero for 1d and 1w
    };
    State& state(InstrumentId instrument);
    int session_index(ExchangeTime start) const;
    Gap gap_effect(const State& state, Duration missing) const;
    void bridge_gap(State& state, const Bar& bar);
    void fill(State& state, const Bar& bar);
    void touch(State& state, ExchangeTime gap_start, ExchangeTime gap_end, Gap effect);
    void take(State& state, const Bar& bar, Gap gap);
    void open_window(Window& window, const Target& target, const State& state, const Bar& bar);
    void close_window(State& state, Window& window, size_t target);
    void close_session(State& state);
    void close_day(State& state);
    void add_week(State& state, const Bar& daily);

    std::vector<Target> targets_;
    size_t intraday_count_ = 0;                // targets_[0, intraday_count_) end inside the day
    bool daily_ = false, weekly_ = false;
    Timeframe base_;
    Duration base_length_;
    Counts counts_;
    Date date_{};
    std::array<Session, 3> sessions_{};
    size_t session_count_ = 0;
    ExchangeTime earliest_end_ = ExchangeTime::max();
    std::vector<State> states_;                // by instrument id
    std::vector<Bar> closed_;
};

}  // namespace tide
