#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "market/data_quality.hpp"
#include "market/opening_gap.hpp"
#include "market/prices.hpp"
#include "risk/halts.hpp"
#include "risk/risk_settings.hpp"
#include "risk/trading_hours.hpp"
#include "trading/charges.hpp"
#include "trading/order_desk.hpp"
#include "trading/order_group.hpp"
#include "trading/parent_desk.hpp"
#include "trading/portfolio.hpp"

namespace tide {

// Why the gate refuses. The code's name (snake_case) and meaning are stable; docs/risk-codes.md is made from this list.
#define TIDE_RISK_CODES(X)                                                                                          \
    X(ok, "any", "passed")                                                                                          \
    X(unknown_instrument, "entry", "the instrument is not known to the session")                                    \
    X(not_tradable, "entry", "an index or a volatility index cannot be traded")                                     \
    X(contract_expired, "entry", "the contract's expiry date is over")                                              \
    X(bad_lots, "entry", "lots must be a whole number of at least 1")                                               \
    X(freeze_below_lot, "entry", "the exchange's freeze quantity is smaller than one lot")                          \
    X(bad_limit, "entry", "the limit price is not positive")                                                        \
    X(off_tick, "entry", "the limit price is not a multiple of the tick")                                           \
    X(bad_levels, "entry", "stop or target is on the wrong side of the underlying's price")                         \
    X(no_stop, "entry", "a cover entry needs a stop")                                                               \
    X(bad_terms, "entry", "what the entry says of trigger, time and size contradicts itself")                       \
    X(trigger_side, "entry", "the trigger is not beyond the last price in the order's direction")                   \
    X(bad_good_till, "entry", "the time the entry stands for is over, or beyond its contract")                      \
    X(too_many_parents, "entry", "as many entries as allowed are held for this strategy")                           \
    X(kill_switch, "entry", "the kill switch is on")                                                                \
    X(halted, "entry", "a halt is on (halt=…)")                                                                     \
    X(manual_mode, "entry", "manual mode is on: only the operator opens positions")                                 \
    X(market_closed, "entry", "the market is not open, or its hours are not known")                                 \
    X(before_entry_window, "entry", "entries begin later in the day")                                               \
    X(after_entry_window, "entry", "entries have ended for the day")                                                \
    X(near_close, "entry", "too near to the close: positions are being closed")                                     \
    X(near_expiry, "entry", "too few days to expiry: the position would have to be closed at once")                 \
    X(no_quote, "entry", "the instrument has no price yet")                                                         \
    X(model_price, "entry", "the only price is a model's, and model prices are not allowed here")                   \
    X(data_frozen, "entry", "ticks come, but the exchange's stamp (or the whole tick) does not move")               \
    X(data_skewed, "entry", "the exchange's stamps are far behind or ahead of their receipt")                       \
    X(data_missing, "entry", "too many of the expected ticks did not come")                                         \
    X(data_gaps, "entry", "the feed or the underlying fell silent too often in a short time")                       \
    X(price_suspect, "entry", "the newest price is outside its band and not confirmed yet")                         \
    X(gap_mode, "entry", "the underlying opened far from its previous close, a moment ago")                         \
    X(stale_quote, "entry", "the instrument's last price is too old")                                               \
    X(no_underlying_price, "entry", "the underlying has no price yet")                                              \
    X(stale_underlying, "entry", "the underlying's last price is too old")                                          \
    X(vix_missing, "entry", "no VIX: treated as high")                                                              \
    X(vix_stale, "entry", "the VIX is too old: treated as high")                                                    \
    X(vix_high, "entry", "the VIX is above the limit")                                                              \
    X(low_open_interest, "entry", "open interest is below the minimum")                                             \
    X(limit_far_from_last, "entry", "the limit price is too far from the last price")                               \
    X(max_lots, "entry", "more lots than one order may have")                                                       \
    X(max_value, "entry", "more value than one order may have")                                                     \
    X(unusual_size, "entry", "many times the usual size of this strategy")                                          \
    X(duplicate_intent, "entry", "the same order was asked for a moment ago, or already for this decision bar")     \
    X(instrument_blocked, "entry", "an order on the instrument has an unknown outcome, or its messages contradict") \
    X(self_trade, "entry", "an order of ours on the other side is live")                                            \
    X(pending_order, "entry", "an order on the instrument is live")                                                 \
    X(opposite_position, "entry", "a position on the other side of the same instrument is open")                    \
    X(queue_full, "entry", "too many orders wait to leave")                                                         \
    X(daily_loss, "entry", "the day's loss limit is reached")                                                       \
    X(drawdown, "entry", "the drawdown from the day's peak is at its limit")                                        \
    X(losing_streak, "entry", "too many losing trades in a row today")                                              \
    X(max_positions, "entry", "as many positions as allowed are open or being opened")                              \
    X(max_per_underlying, "entry", "as many positions as allowed on this underlying")                               \
    X(same_direction, "entry", "too large a share of positions in one direction")                                   \
    X(same_sector, "entry", "too large a share of positions in one sector")                                         \
    X(one_expiry, "entry", "all positions would share one expiry")                                                  \
    X(position_size, "entry", "larger than one position may be (with the size factor in force)")                    \
    X(trade_loss, "entry", "the loss at the stop is larger than one trade may lose")                                \
    X(underlying_exposure, "entry", "too much exposure on one underlying")                                          \
    X(delta_limit, "entry", "net delta would be above its limit")                                                   \
    X(vega_limit, "entry", "net vega would be above its limit")                                                     \
    X(gamma_limit, "entry", "net gamma would be above its limit")                                                   \
    X(theta_limit, "entry", "what a day costs by time alone would be above its limit")                              \
    X(no_charges, "entry", "the charges of this trade are not known (charges table)")                               \
    X(cash, "entry", "not enough cash for the premium and charges")                                                 \
    X(margin, "entry", "margin use would be above its limit for entries")                                           \
    X(strategy_loss, "entry", "the strategy has lost as much as it may in a day ([strategy.NAME])")                 \
    X(strategy_positions, "entry", "as many positions as the strategy may have ([strategy.NAME])")                  \
    X(strategy_margin, "entry", "the strategy would use more margin than its share ([strategy.NAME])")              \
    X(bad_group, "entry", "a group has 2 to 8 legs, each its own instrument, all on one underlying")                \
    X(unknown_group, "exit", "no such open group")                                                                  \
    X(not_your_group, "exit", "the group belongs to another strategy")                                              \
    X(leg_of_group, "exit", "a part of a leg cannot leave alone: its group leaves as one")                          \
    X(unknown_position, "exit, level", "no such open position")                                                     \
    X(not_your_position, "exit, level", "the position belongs to another strategy")                                 \
    X(bad_fraction, "exit", "the fraction must be above 0 and at most 1")                                           \
    X(exit_in_progress, "exit", "an exit of the same or a higher priority is on its way")                           \
    X(bad_level, "level", "the level is not positive")                                                              \
    X(stop_against_position, "level", "a stop never moves against the position")                                    \
    X(unknown_order, "cancel", "no such live order")                                                                \
    X(not_your_order, "cancel", "the order belongs to another strategy")                                            \
    X(mandatory_exit, "cancel", "the order is an exit that the engine or an operator decided")

enum class RiskCode : uint8_t {
#define TIDE_X(name, where, meaning) name,
    TIDE_RISK_CODES(TIDE_X)
#undef TIDE_X
};
std::string_view name_of(RiskCode code);
// docs/risk-codes.md.
std::string risk_code_table_markdown();

struct RiskVerdict {
    RiskCode code = RiskCode::ok;
    std::string values;  // "lots=3 max_lots=2"
    std::string text;    // for a person
    // For limits on size: the most lots that this limit would let pass now (may be 0).
    std::optional<int64_t> max_lots;
    bool passed() const { return code == RiskCode::ok; }
};

// What a decision is judged by. All references outlive the call.
struct RiskContext {
    ReceiveTime now;
    const MarketPrices& prices;
    const Portfolio& portfolio;
    const OrderDesk& desk;
    const TradingHours& hours;
    const HaltState& halts;
    const ChargeTable& charges;
    bool allow_model_prices = false;       // --option-model
    bool over_history = false;             // prices are recorded bars: a daily or realised VIX holds for its day
    bool manual_mode = false;              // entries are the operator's alone
    const DataQuality* quality = nullptr;  // none: data is taken as it is
    const OpeningGaps* gaps = nullptr;
    const ParentDesk* parents = nullptr;  // entries that are held; none: there are no such entries
    const OrderGroups* groups = nullptr;  // none: there are no groups
};

// The entry of one leg of a group's intent. The caller gives it its number.
Intent leg_intent(const Intent& group, size_t leg);

// The one place where an intent is let through or refused. `evaluate` changes nothing (scripts' precheck uses it too).
class RiskGate {
  public:
    RiskGate(const RiskSettings& risk, const OrderSettings& orders) : risk_(risk), orders_(orders) {}
    RiskVerdict evaluate(const Intent& intent, const RiskContext& context) const;
    // The entry of a sold leg whose group has passed and whose hedges are filled, before it leaves.
    RiskVerdict evaluate_release(const Intent& leg, const RiskContext& context) const;
    // From when on no entry into this instrument may leave any more today; none: its market never closes.
    std::optional<ReceiveTime> entries_until(const Instrument& instrument, const RiskContext& context) const;
    // When entries into this instrument may act today; none: its market is closed today, or its hours are not known.
    std::optional<EntryWindow> entry_window(const Instrument& instrument, const RiskContext& context) const;
    // Remembers an accepted entry for the duplicate and usual-size checks.
    void note_accepted(const Intent& intent, ReceiveTime now);
    void start_day();

    struct EntryLeg;  // entry_facts.hpp

  private:
    struct EntryFacts;
    using Verdict = std::optional<RiskVerdict>;
    RiskVerdict evaluate_entry(const Intent& intent, const RiskContext& context) const;
    // An entry to be held: its shape. What moves with the market is looked at when its orders are let go.
    RiskVerdict evaluate_held(const Intent& intent, const RiskContext& context) const;
    Verdict check_validity(const Intent& intent, const Instrument& instrument, const RiskContext& context) const;
    Verdict check_trigger(const Intent& intent, const Instrument& instrument, const RiskContext& context) const;
    RiskVerdict evaluate_group(const Intent& intent, const RiskContext& context) const;
    RiskVerdict evaluate_exit(const Intent& intent, const RiskContext& context) const;
    RiskVerdict evaluate_exit_group(const Intent& intent, const RiskContext& context) const;
    RiskVerdict evaluate_level(const Intent& intent, const RiskContext& context) const;
    RiskVerdict evaluate_cancel(const Intent& intent, const RiskContext& context) const;
    RiskVerdict evaluate_parent_cancel(const Intent& intent, const RiskContext& context) const;
    // risk_gate_entry.cpp: each instrument by itself
    RiskVerdict evaluate_legs(const Intent& intent, const std::vector<const Intent*>& intents,
                              const RiskContext& context) const;
    Verdict gather_leg(const Intent& intent, const Instrument& instrument, const RiskContext& context,
                       std::vector<EntryLeg>& legs) const;
    Verdict check_form(const Intent& intent, const Instrument& instrument, const RiskContext& context) const;
    Verdict check_halts(const Intent& intent, const RiskContext& context) const;
    Verdict check_session(const Intent& intent, const Instrument& instrument, const RiskContext& context) const;
    Verdict check_data(InstrumentId instrument, InstrumentId underlying, const RiskContext& context) const;
    Verdict check_prices(const EntryLeg& facts, const RiskContext& context) const;
    Verdict check_vix(const RiskContext& context) const;
    Verdict check_levels(const EntryLeg& facts) const;
    Verdict check_level_form(const Intent& intent) const;
    Verdict check_premium_levels(const Intent& intent, Price last) const;
    Verdict check_usual_size(const Intent& intent) const;
    Verdict check_duplicate(const Intent& intent, const RiskContext& context) const;
    Verdict check_order_limits(const EntryLeg& facts) const;
    Verdict check_orders(const EntryLeg& facts, const RiskContext& context) const;
    // risk_gate_portfolio.cpp: the account as a whole
    RiskVerdict evaluate_portfolio(const Intent& intent, const std::vector<EntryLeg>& legs,
                                   const RiskContext& context) const;
    Verdict check_losses(const Intent& intent, const RiskContext& context) const;
    Verdict check_counts(const EntryFacts& facts, const RiskContext& context) const;
    Money loss_of(const EntryFacts& facts) const;
    Verdict check_size(const EntryFacts& facts, const RiskContext& context) const;
    Verdict check_greeks(const EntryFacts& facts, const RiskContext& context) const;
    Result<Money> charges_of(const EntryFacts& facts, const RiskContext& context) const;
    Verdict check_cash(const EntryFacts& facts, const RiskContext& context) const;

    struct UsualSize {
        double mean_lots = 0;
        int64_t count = 0;
    };
    const RiskSettings& risk_;
    const OrderSettings& orders_;
    std::unordered_map<uint64_t, ReceiveTime> recent_;  // hash without the decision bar -> last time; looked up only
    std::unordered_set<uint64_t> decided_;              // hash with the decision bar; looked up only
    std::unordered_map<uint16_t, UsualSize> usual_;     // by strategy; looked up only
};

}  // namespace tide
