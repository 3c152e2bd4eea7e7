#pragma once
#include <map>
#include <span>
#include <vector>

#include "core/instrument.hpp"
#include "market/instruments.hpp"
#include "trading/position.hpp"

namespace tide {

// What an entry says about the position it will open. Kept under its PositionId until the first fill.
struct PositionPlan {
    GroupId group;
    StrategyId strategy;
    std::string strategy_name;
    std::string script_version;
    InstrumentId instrument;
    Side side = Side::buy;
    std::optional<Price> stop, target;  // on the underlying
    std::optional<double> stop_pct,
        target_pct;  // of the underlying's price at the first fill, away from / with the position
    PremiumLevels premium;
    std::optional<double> trail_stop_pct;  // as stop_pct, and it follows
    std::string tag;
    std::string why;
};

enum class FillEffect : uint8_t { opened, increased, reduced, closed };
std::string_view name_of(FillEffect effect);
struct FillOutcome {
    FillEffect effect = FillEffect::opened;
    PositionId position;  // the one that changed
    Money realised;       // gross, by this fill
    // More was sold (bought) than was open: the rest is a position of its own in the other direction, to be closed at
    // once.
    PositionId surplus;
};

// A level on the underlying's tick, away from the market, so that it never acts earlier than asked. `direction` as in
// Position::underlying_direction.
Price round_stop(Price level, Price tick, int direction);
Price round_target(Price level, Price tick, int direction);

// Cash and positions, from confirmed fills only. Money is exact; nothing here is rounded but averages for display.
//   cash + market value = start + realised + unrealised - charges, to the unit (check_invariants).
// A future's notional is not paid: its value is its unrealised P&L.
class Portfolio {
  public:
    Portfolio(Money start, const InstrumentBook& instruments);

    PositionId plan(PositionPlan plan);
    // Nothing of it was filled yet.
    bool planned(PositionId id) const { return plans_.contains(id); }
    // Books a fill (with its charges). `underlying` is the underlying's price now, if known.
    FillOutcome apply(const Fill& fill, std::optional<Price> underlying);
    // A new last price of an instrument: marks its own positions and those it underlies. Constant time when neither is
    // open.
    void mark(InstrumentId id, Price last);
    // Something open on this instrument, or on an option or future of it.
    bool concerns(InstrumentId id) const { return id.value() < interest_.size() && interest_[id.value()] != 0; }
    // Day start equity and peak are today's equity; the losing streak begins anew; unopened plans are forgotten.
    void start_day();

    std::span<const Position> open() const { return open_; }
    const Position* find(PositionId id) const;
    // The position that the last `closed` outcome closed.
    const Position& last_closed() const { return last_closed_; }

    // Levels. The caller has checked that they may be set (risk gate). False: no such open position.
    bool set_stop(PositionId id, Price level, bool on_premium, std::string rule);
    bool set_target(PositionId id, Price level, bool on_premium);
    bool set_trail(PositionId id, double pct);
    // Where the trailing stop would be now, on the tick; nothing: it does not trail, or it would be no nearer.
    std::optional<Price> trailing_stop(const Position& position) const;
    bool set_exit_order(PositionId id, OrderId order);
    bool mark_half_taken(PositionId id);

    Money start() const { return start_; }
    Money cash() const { return cash_; }
    Money market_value() const { return market_value_; }
    Money equity() const { return cash_ + market_value_; }
    Money realised() const { return realised_; }  // gross, ever
    Money unrealised() const;
    Money charges() const { return charges_; }  // ever
    Money gross() const { return realised_ + unrealised(); }
    Money net() const { return equity() - start_; }
    Money day_start_equity() const { return day_start_equity_; }
    Money day_net() const { return equity() - day_start_equity_; }
    Money day_gross() const { return gross() - day_start_gross_; }
    Money day_charges() const { return charges_ - day_start_charges_; }
    Money day_peak_equity() const { return day_peak_; }
    // Result of a strategy's own positions, after charges: since the session began, since the day began.
    Money net_of(StrategyId strategy) const;
    Money day_net_of(StrategyId strategy) const;
    // Of a group that has open legs, what its closed ones brought with it.
    Money net_of(GroupId group) const;
    int64_t losing_streak() const { return losing_streak_; }
    int64_t trades_closed() const { return trades_closed_; }
    int64_t trades_closed_today() const { return trades_today_; }

    // Open positions on one underlying; how many profit when it rises; what was paid for those on one underlying.
    int64_t count_on_underlying(InstrumentId underlying) const;
    int64_t count_in_direction(int direction) const;
    int64_t count_on_expiry(Date expiry) const;
    Money exposure_on_underlying(InstrumentId underlying) const;  // market value, longs and shorts both positive

    // Units held by fills, per instrument, signed.
    Quantity net_quantity(InstrumentId id) const;
    // Asserts: fills = positions; cash + positions = start + P&L - charges.
    void check_invariants() const;

  private:
    Position* find_open(PositionId id);
    Position& open_position(PositionId id, const PositionPlan& plan, const Fill& fill, std::optional<Price> underlying);
    void set_levels(Position& position, const PositionPlan& plan, Price price, std::optional<Price> underlying) const;
    void increase(Position& position, const Fill& fill, Quantity quantity, Money charges);
    Money reduce(Position& position, const Fill& fill, Quantity quantity, Money charges);
    void close(Position& position, ReceiveTime time);
    void book_cash(const Instrument& instrument, const Fill& fill, Quantity quantity, Money realised, Money charges);
    PositionId open_surplus(const Fill& fill, Quantity quantity, Money charges, std::optional<Price> underlying);
    FillOutcome open_planned(const Fill& fill, std::optional<Price> underlying);
    Money value_of(const Position& position) const;
    void revalue(Position& position, Money before);
    void note_result(const Position& position);
    void note_interest(const Position& position, int change);
    void update_peak();

    const InstrumentBook& instruments_;
    Money start_, cash_, market_value_, realised_, charges_;
    Money day_start_equity_, day_start_gross_, day_start_charges_, day_peak_;
    int64_t losing_streak_ = 0;
    int64_t trades_closed_ = 0;
    int64_t trades_today_ = 0;
    std::vector<Position> open_;  // by id
    std::map<PositionId, PositionPlan> plans_;
    Position last_closed_;
    uint64_t next_position_ = 1;
    struct StrategyBook {
        Money closed_net;  // of its closed positions, ever
        Money day_start_net;
    };
    StrategyBook& book_of(StrategyId strategy);

    std::map<GroupId, Money> group_results_;    // of closed legs of groups that have open ones
    std::vector<StrategyBook> strategy_books_;  // by strategy id; 0: nobody's
    std::vector<int32_t> interest_;             // per instrument id: open positions it concerns
    std::vector<int64_t> net_units_;            // per instrument id
};

}  // namespace tide
