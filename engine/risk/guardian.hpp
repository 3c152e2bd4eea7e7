#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "market/opening_gap.hpp"
#include "market/prices.hpp"
#include "risk/error_rate.hpp"
#include "risk/halts.hpp"
#include "risk/order_watch.hpp"
#include "risk/outages.hpp"
#include "risk/risk_settings.hpp"
#include "risk/trading_hours.hpp"
#include "risk/window_extremes.hpp"
#include "trading/order_desk.hpp"
#include "trading/order_group.hpp"
#include "trading/portfolio.hpp"

namespace tide {

struct ExitRequest {
    PositionId position;
    ExitReason reason;
};
struct HaltChange {
    HaltKind kind = HaltKind::paused;
    bool active = true;
    std::string values;
    std::string text;
};
struct GroupExit {
    GroupId group;
    ExitReason reason;
};
struct StrategyHaltChange {
    StrategyId strategy;
    bool active = true;
    std::string values;
    std::string text;
};
struct GuardianWarning {
    std::string rule;  // "day_loss_warning", …
    std::string values;
    std::string text;
};
// What the engine itself wants done, in this order: halts are already set in HaltState; cancels; exits.
struct GuardianActions {
    std::vector<HaltChange> halts;
    std::vector<StrategyHaltChange> strategy_halts;  // the waiting entries of those that begin are to be cancelled
    std::vector<GuardianWarning> warnings;
    bool cancel_entries = false;
    bool cancel_all = false;  // kill switch
    std::string cancel_reason;
    std::vector<GroupExit> group_exits;  // groups that are to close as one; their legs are asked for after that
    std::vector<ExitRequest> exits;
    bool empty() const {
        return halts.empty() && strategy_halts.empty() && warnings.empty() && exits.empty() && group_exits.empty() &&
               !cancel_entries && !cancel_all;
    }
    void clear();
};

// Mandatory exits, engine-held levels and breakers; acts before any script sees the event. Call order for one event:
// prices, portfolio marks, guardian, scripts. A position that a live exit order covers entirely is left alone; one that
// is not (the order was rejected) is asked for again, with growing waits.
class Guardian {
  public:
    // `gaps` knows the previous closes; without it no index limit halts the market.
    Guardian(const RiskSettings& settings, const MarketPrices& prices, const Portfolio& portfolio,
             const OrderDesk& desk, const TradingHours& trading_hours, HaltState& halts,
             const OpeningGaps* gaps = nullptr, const OrderGroups* groups = nullptr);

    // After TradingHours and Portfolio have the new day. Day halts end.
    void start_day(ReceiveTime now, GuardianActions& actions);
    // A new last price of an instrument. A few ns when it is neither watched by a breaker nor by an open position.
    void on_price(InstrumentId id, ReceiveTime now, GuardianActions& actions) {
        const size_t i = id.value();
        const int32_t role = i < roles_.size() ? roles_[i] : kUnknownRole;
        if (role == kUnwatchedRole && !portfolio_.concerns(id)) return;
        on_watched_price(id, role, now, actions);
    }
    // The VIX reading changed; on_price does this for a VIX instrument, the Session for a realised stand-in.
    void on_vix(ReceiveTime now, GuardianActions& actions);
    // A finished 1-minute bar (volume breaker; bars without volume and of other instruments than underlyings are
    // ignored).
    void on_bar(const Bar& bar, ReceiveTime now, GuardianActions& actions);
    // After fills and order ends: loss, drawdown, streak, margin, equity floor; exits that are still missing.
    void on_account(ReceiveTime now, GuardianActions& actions);
    // Call it whenever next_due says so. Session close, expiry, waiting entries before the close, exits to ask for
    // again.
    void on_time(ReceiveTime now, GuardianActions& actions);
    // When on_time has something to do though nothing is at stake: a halt ends, the broker's session does.
    ReceiveTime watch_due() const { return watch_due_; }
    // ReceiveTime::max(): never. A plain time, for it is asked after every event.
    ReceiveTime next_due() const { return portfolio_.open().empty() && desk_.idle() ? kNever : next_due_at_stake(); }
    // Warns, once for each silence, when an open position's underlying has had no price for as long as would refuse an
    // entry: without a price no stop can act. Call it whenever silence_due says so.
    void check_silence(ReceiveTime now, GuardianActions& actions);
    // ReceiveTime::max(): never.
    ReceiveTime silence_due() const;

    // Latches the kill switch (operator, signal, or a breaker) and asks for every cancel and exit.
    void kill(ReceiveTime now, std::string values, std::string text, GuardianActions& actions);
    // guardian_emergencies.cpp: what goes wrong outside the market's prices. One answer of the broker, or a broken
    // line.
    void on_answer(bool error, ReceiveTime now, GuardianActions& actions);
    void on_wrong_order(const WrongOrder& wrong, ReceiveTime now, GuardianActions& actions);
    // The login at the broker, and the exchange's own word on trading.
    void on_service(const ServiceStatusEvent& status, ReceiveTime now, GuardianActions& actions);
    // A line went down (a silence has begun before it is noticed), and is back.
    void on_line_down(OutageLine line, ReceiveTime since);
    void on_line_up(OutageLine line, ReceiveTime now, GuardianActions& actions);

    // The session is to end: closes everything, and what is filled later too. Priority 1, repeated until nothing is
    // open.
    void close_for_good(ReceiveTime now, ExitReason reason, GuardianActions& actions);

  private:
    static constexpr ReceiveTime kNever = ReceiveTime::max();
    void flatten(ReceiveTime now, ExitReason reason, GuardianActions& actions);
    struct Asked {
        PositionId position;
        ReceiveTime next;  // not again before
        int priority = 5;
        int tries = 0;
        bool look_again = true;  // at `next`; otherwise only a new price asks again
    };
    struct UnderlyingWatch {
        InstrumentId id;
        WindowExtremes window;   // of the price in 1/10000
        Ring<int64_t> volumes;   // of 1-minute bars
        int64_t recent_sum = 0;  // of the newest `volume_spike_min`
        int64_t older_sum = 0;   // of the rest
        bool moving = false;
        bool volume_spiking = false;
        bool halts_market = false;  // its move from the previous close does
        double previous_close = 0;  // in 1/10000; 0: not known yet
    };
    struct TimedExit {
        ReceiveTime at = kNever;
        bool expiry = false;
    };

    int32_t find_role(InstrumentId id);
    void on_watched_price(InstrumentId id, int32_t role, ReceiveTime now, GuardianActions& actions);
    void check_vix_level(double level, ReceiveTime now, GuardianActions& actions);
    void check_vix_rise(double level, ReceiveTime now, GuardianActions& actions);
    void check_move(UnderlyingWatch& watch, ReceiveTime now, GuardianActions& actions);
    void check_volume(UnderlyingWatch& watch, int64_t volume, ReceiveTime now, GuardianActions& actions);
    void check_position(const Position& position, ReceiveTime now, GuardianActions& actions);
    void retry_failed_exits(ReceiveTime now, GuardianActions& actions);
    bool check_premium(const Position& position, ReceiveTime now, GuardianActions& actions);
    void check_group_loss(const Position& leg, const OrderGroup& group, ReceiveTime now, GuardianActions& actions);
    const OrderGroup* group_of(const Position& position) const;
    bool held_by_group(const Position& position, const ExitReason& reason, GuardianActions& actions) const;
    bool may_leave(const Position& position) const;
    void check_disaster(const Position& position, ReceiveTime now, GuardianActions& actions);
    void check_losses(ReceiveTime now, GuardianActions& actions);
    ExitReason loss_exit(StrategyId strategy) const;
    void check_strategy_losses(ReceiveTime now, GuardianActions& actions);
    void check_margin(ReceiveTime now, GuardianActions& actions);
    void ask(const Position& position, ExitReason reason, ReceiveTime now, GuardianActions& actions);
    void ask_all(ReceiveTime now, GuardianActions& actions);
    bool covered(const Position& position) const;
    bool strategy_halted(const Position& position) const {
        return !halts_.strategy_halts().empty() && halts_.of_strategy(position.strategy) != nullptr;
    }
    const Asked* asked(PositionId position) const;
    void raise(HaltKind kind, ReceiveTime now, std::string values, std::string text, GuardianActions& actions);
    void clear(HaltKind kind, ReceiveTime now, std::string values, std::string text, GuardianActions& actions);
    // The hours of an instrument's market on the day of `now`; nullptr where they are not known.
    const DayHours* hours_of(InstrumentId id, ReceiveTime now) const {
        const size_t i = id.value();
        const size_t place = i < places_.size() ? places_[i] : TradingHours::kNoPlace;
        return place == TradingHours::kNoPlace ? find_hours_of(id, now) : hours_.find(place, now);
    }
    const DayHours* find_hours_of(InstrumentId id, ReceiveTime now) const;
    const DayHours* day_of(const Position& position) const;
    TimedExit timed_exit(const Position& position) const;
    ReceiveTime tradable_from(const Position& position, ReceiveTime now) const;
    void adopt_flattening_halt();
    void check_timed_exit(const Position& position, ReceiveTime now, GuardianActions& actions);
    ReceiveTime entries_end() const;
    ReceiveTime next_due_at_stake() const;
    ReceiveTime silent_from(const Position& position) const;

    // guardian_emergencies.cpp
    // A medium outage is over: how each position stands is judged by the first price that is newer than the outage.
    struct Judgement {
        ReceiveTime from;   // of the outage
        ReceiveTime until;  // given up then
        MarketBefore before;
    };
    void on_broker_session(const ServiceStatusEvent& status, ReceiveTime now, GuardianActions& actions);
    void expire_broker_session(ReceiveTime now, std::string text, GuardianActions& actions);
    ReceiveTime broker_exit_at() const;
    void on_exchange(const ServiceStatusEvent& status, ReceiveTime now, GuardianActions& actions);
    void check_market(UnderlyingWatch& watch, ReceiveTime now, GuardianActions& actions);
    void end_market_halt(ReceiveTime now, std::string text, GuardianActions& actions);
    void judge_outage(ReceiveTime now, GuardianActions& actions);
    bool judge_vix(ReceiveTime now, GuardianActions& actions);
    bool judge_position(const MarketBefore::Held& held, ReceiveTime now, GuardianActions& actions);
    void condemn(PositionId id, ExitReason reason, ReceiveTime now, GuardianActions& actions);
    const ExitReason* condemned(PositionId id) const;
    void on_watch_due(ReceiveTime now, GuardianActions& actions);
    void plan_watch();

    const RiskSettings& settings_;
    const MarketPrices& prices_;
    const Portfolio& portfolio_;
    const OrderDesk& desk_;
    const TradingHours& hours_;
    HaltState& halts_;
    const OpeningGaps* gaps_;
    ErrorRate error_rate_;
    Outages outages_;
    std::optional<Judgement> judgement_;
    std::vector<ExitRequest> condemned_;  // to be closed, whatever happens, until they are
    ReceiveTime session_until_ = kNever;  // of the login at the broker
    ReceiveTime quiet_until_ = kNever;    // after an outage
    ReceiveTime market_opens_ = kNever;   // after a halt of the market
    int market_level_ = 0;                // of the index limits, reached today
    bool exchange_halted_ = false;        // by its own word: not even exits can be filled
    ReceiveTime watch_due_ = kNever;
    const OrderGroups* groups_;
    // What an instrument is to the breakers: a place in underlyings_, or one of these.
    static constexpr int32_t kUnknownRole = -1, kUnwatchedRole = -2, kVixRole = -3;
    std::vector<int32_t> roles_;  // by instrument id
    std::vector<UnderlyingWatch> underlyings_;
    mutable std::vector<size_t> places_;  // by instrument id, of its calendar in hours_, once that is known
    WindowExtremes vix_spike_window_, vix_kill_window_;  // of the level in 1/10000
    std::optional<ExitReason> flatten_;                  // until nothing is open
    std::optional<ExitReason> closed_for_good_;          // why what is filled now is closed at once
    std::vector<Asked> asked_;
    std::vector<InstrumentId> silent_;  // underlyings whose silence was told
    bool day_loss_warned_ = false;
    ReceiveTime entries_cancelled_until_;  // the midnight after which entries may wait again
    ReceiveTime day_;                      // any moment of the current day
};

}  // namespace tide
