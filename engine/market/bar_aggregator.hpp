#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/events.hpp"

namespace tide {

// What missing minutes do to an instrument's bars. A gap is counted inside a session, from its open or the last bar to
// the next bar (or to the window's end when nothing follows).
enum class GapPolicy : uint8_t {
    // Bars are made of what is there; those next to or around a gap of 5 minutes or more are flagged kBarHasGap.
    keep,
    // Index, equity, future: gaps under 5 minutes are filled with 1-minute bars on a straight line from the last close
    // to
    // the next open (kBarGapFilled, no volume); 5 to 10 minutes are flagged kBarHasGap; a gap above 10 minutes discards
    // the bars inside the day that it touches, and flags the daily bar.
    underlying,
    // Never interpolated: a bar inside the day with a missing minute is dropped; the daily bar is flagged.
    option,
};

// Bars of one base timeframe (1m unless said otherwise) to longer ones, of many instruments.
//
// Bars inside the day are aligned to the open of their session (1h: 09:15, 10:15, …, the last one ends with the
// session); each session of a day starts its own. One closes with the base bar that ends at its end, else with the
// first bar or clock after it. The daily bar closes at the day's end, the weekly (Monday to Sunday) at the first day of
// another week. A daily bar starts at the open of its first session, a weekly bar with its first day. Results are in
// the order of closing: each base bar itself, then 3m, 5m, 15m, 30m, 1h, 1d, 1w; valid until the next call; no
// allocation after warm-up.
class BarAggregator {
  public:
    struct Counts {
        int64_t used = 0;
        int64_t outside_session = 0;  // stamped at the close (15:30) or outside the day's sessions: not used
        int64_t not_later = 0;        // starts before the end of the one before: not used
        int64_t filled = 0;           // 1-minute bars made over short gaps
        int64_t discarded = 0;        // longer bars given up because of a gap
    };

    // `targets`: any of 3m … 1w, each a whole multiple of `base`, which is shorter than a day.
    explicit BarAggregator(std::span<const Timeframe> targets, Timeframe base = Timeframe::m1);

    void set_gap_policy(InstrumentId instrument, GapPolicy policy);
    // Bars left open by an earlier day are closed as end_day would; a weekly bar of an earlier week closes.
    std::span<const Bar> start_day(const TradingDayEvent& day);
    // The bar itself (after those that fill the gap before it), with every longer bar that it closes.
    std::span<const Bar> on_bar(const Bar& bar);
    // Closes the bars inside the day whose end lies before `now`. (Not at `now`: another instrument's last minute may
    // still be on its way.) Cheap when nothing is due.
    std::span<const Bar> close_due(ReceiveTime now) {
        return is_due(as_exchange_time(now)) ? close_ended(as_exchange_time(now)) : std::span<const Bar>();
    }
    bool is_due(ExchangeTime now) const { return now > earliest_end_; }
    // Takes the place of the daily bar built here for the same day and instrument, when the day ends.
    void set_official_day(const Bar& daily);
    // The day's data has ended: closes what is open (flagged kBarPartial where minutes are missing at the end), then
    // the daily bars.
    std::span<const Bar> end_day();
    // Daily bars that do not come from minutes (history), in order: only the weekly bar sees them.
    std::span<const Bar> on_daily(const Bar& daily);
    // The weekly bars so far, at the end of the data.
    std::span<const Bar> close_weeks();

    const Counts& counts() const { return counts_; }

  private:
    enum class Gap : uint8_t { none, flagged, discarded };
    struct Window {
        bool open = false;
        bool volume_complete = true;  // every bar in it that was not filled in had a volume
        bool real = false;            // has a bar that was not filled in
        Gap gap = Gap::none;
        Bar bar;
        ExchangeTime end;  // of the open window, or of the last one
    };
    struct State {
        InstrumentId instrument;
        GapPolicy policy = GapPolicy::keep;
        bool in_session = false;
        bool has_last = false;  // last_close is of this session
        bool has_official = false;
        size_t session = 0;
        ExchangeTime next;  // where the next base bar is expected
        Price last_close;
        std::vector<Window> windows;  // one a target inside the day
        Window day, week;
        Bar official;
    };
    struct Session {
        ExchangeTime open, close;
    };
    struct Target {
        Timeframe timeframe;
        Duration length;
    };
    State& state(InstrumentId instrument);
    std::span<const Bar> close_ended(ExchangeTime time);
    bool find_session(State& state, ExchangeTime start, size_t& session) const;
    void enter_session(State& state, size_t session);
    Gap effect_of(GapPolicy policy, Duration missing) const;
    Gap bridge_gap(State& state, const Bar& bar);
    void fill_gap(State& state, const Bar& bar);
    void take(State& state, const Bar& bar, Gap gap_before);
    static void begin(Window& window, const Bar& bar, Timeframe timeframe, ExchangeTime start, ExchangeTime end);
    void open_window(Window& window, const Target& target, const State& state, const Bar& bar);
    static void add(Window& window, const Bar& bar);
    void emit(Window& window, bool inside_day);
    void close_session(State& state);
    void close_day(State& state);
    void close_days();
    void add_to_day(State& state, const Bar& bar);
    void add_to_week(State& state, const Bar& daily);

    std::vector<Target> targets_;
    bool daily_ = false, weekly_ = false;
    Timeframe base_;
    Duration base_length_;
    Counts counts_;
    std::array<Session, 3> sessions_{};
    size_t session_count_ = 0;
    ExchangeTime earliest_end_ = ExchangeTime::max();  // no open window ends before this
    std::vector<State> states_;                        // by instrument id
    std::vector<Bar> closed_;
};

}  // namespace tide
