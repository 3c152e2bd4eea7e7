#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "checker.hpp"

// What holds of every entry and of every message (trading-rules "Order safety", "Risk limits", "Volatility breakers").
namespace tide::simulation {
namespace {

constexpr double kBandPct = 0.5;
constexpr double kBandStepPct = 0.5;
constexpr int kBandSteps = 5;
constexpr double kLimitFromLastPct = 5;
const Price kTick = Price::from_units(500);

double rupees(Money money) { return money.to_double(); }

// Ends of a five-minute or ten-minute window may be sampled a second apart.
constexpr Duration kWindowSlack = seconds(2);

}  // namespace

bool Checker::in_entry_window(ReceiveTime now) const {
    const RiskSettings& risk = limits_.risk;
    const Duration t = ist_since_midnight(now);
    return t >= risk.entry_from && t < risk.entry_until && t >= scenario_.hours.open && t < scenario_.square_off();
}

bool Checker::wants_manual(const Intent& intent) const { return manual_ && intent.strategy.valid(); }

// ---- an entry that the gate let pass

void Checker::check_entry(const Intent& intent, ReceiveTime now) {
    check(!halted(), "no entry while something is halted");
    check(!wants_manual(intent), "in manual mode no script opens anything");
    check(in_entry_window(now), "no entry outside the entry window");
    check_entry_quotes(intent, now);
    check_market_is_calm(now);
    check_losses();
    check_entry_orders(intent, now);
    check_entry_counts(intent);
    check_entry_size(intent);
}

void Checker::check_entry_quotes(const Intent& intent, ReceiveTime now) {
    const Instrument& wanted = option(intent.instrument);
    const auto open = session_->portfolio().open();
    const bool held = std::any_of(open.begin(), open.end(),
                                  [&](const Position& position) { return position.instrument == wanted.id; });
    const KnownQuote& known = quote(wanted.id);
    check(known.last.positive() && now - known.time <= seconds(held ? 5 : 60), "no entry on a stale quote");
    check(now - quote(wanted.underlying).time <= seconds(60), "no entry on a stale underlying");
    check(!filter_.suspect(wanted.id) && !filter_.suspect(wanted.underlying), "no entry on a suspect price");
    check((*wanted.expiry - kTradingDay).count() > 3, "no entry within three days of expiry");
    if (!intent.limit) return;
    check(on_tick(*intent.limit, wanted.tick), "a limit is on its tick");
    const double off = std::fabs(intent.limit->to_double() / known.last.to_double() - 1) * 100;
    check(off <= kLimitFromLastPct + 1e-9, "a limit is within 5 % of the last price");
}

void Checker::check_market_is_calm(ReceiveTime now) {
    const KnownQuote& vix = quote(InstrumentId(kVix));
    const double level = vix.last.to_double();
    check(vix.last.positive() && now - vix.time <= minutes(5), "no entry without a fresh VIX");
    check(level <= limits_.risk.vix_high, "no entry at a high VIX");
    for (const Sample& sample : paths_[kVix]) {
        const double rise = level - sample.value;
        if (now - sample.time < minutes(10) - kWindowSlack) check(rise < 5, "no entry on a VIX spike");
    }
    for (const uint32_t index : {kNifty, kBankNifty}) {
        if (paths_[index].empty()) continue;
        double low = paths_[index].back().value, high = low;
        for (const Sample& sample : paths_[index]) {
            if (now - sample.time >= minutes(5) - kWindowSlack) continue;
            low = std::min(low, sample.value);
            high = std::max(high, sample.value);
        }
        const double last = paths_[index].back().value;
        const double move = std::max((last - low) / low, (high - last) / high) * 100;
        check(move < limits_.risk.underlying_move_pct, "no entry while an underlying runs");
    }
}

void Checker::check_losses() {
    const double start = rupees(scenario_.config.account.equity);
    const double equity = rupees(session_->portfolio().equity());
    check(start - equity < start * 0.03, "no entry after the day's loss");
    check(rupees(peak_) - equity < rupees(peak_) * 0.05, "no entry after the day's drawdown");
    check(losing_streak_ < limits_.risk.losing_streak, "no entry after a losing streak");
}

void Checker::check_entry_orders(const Intent& intent, ReceiveTime now) {
    for (const auto& [id, known] : orders_) {
        check(!known.order.live() || known.order.instrument != intent.instrument,
              "no entry beside a live order on the same instrument");
    }
    if (intent.parent.valid()) return;  // its entry was looked at
    check_not_twice(intent, now);
}

void Checker::check_not_twice(const Intent& intent, ReceiveTime now) {
    const std::string what =
        fmt::format("{} {} {} {} {} {}", intent.strategy.value(), intent.instrument.value(),
                    static_cast<int>(intent.side), intent.lots, intent.limit ? intent.limit->units() : 0,
                    intent.terms.trigger ? intent.terms.trigger->units() : 0);
    const auto before = accepted_.find(what);
    check(before == accepted_.end() || now - before->second >= seconds(60), "no entry twice within a minute");
    accepted_[what] = now;
}

void Checker::check_entry_counts(const Intent& intent) {
    struct Held {
        PositionId position;
        GroupId group;
        const Instrument* instrument;
        int direction;
    };
    const auto direction_of = [&](const Instrument& what, Side side) {
        return (what.right == OptionRight::call) == (side == Side::buy) ? 1 : -1;
    };
    std::vector<Held> held;
    const Position* own = own_position(intent);
    bool groups = !intent.legs.empty();
    const auto same_group = [&](GroupId group) {
        groups = groups || group.valid();
        return group.valid() &&
               std::any_of(held.begin(), held.end(), [&](const Held& other) { return other.group == group; });
    };
    for (const Position& position : session_->portfolio().open()) {
        if (&position == own) continue;  // a part adds to it
        if (same_group(position.group)) continue;
        const Instrument& what = option(position.instrument);
        held.push_back({position.id, position.group, &what, direction_of(what, position.side)});
    }
    for (const auto& [id, known] : orders_) {
        const Order& order = known.order;
        if (!order.live() || order.purpose != OrderPurpose::entry) continue;
        if (same_group(order.group)) continue;
        const bool counted =
            std::any_of(held.begin(), held.end(), [&](const Held& other) { return other.position == order.position; });
        const Instrument& what = option(order.instrument);
        if (!counted) held.push_back({order.position, order.group, &what, direction_of(what, order.side)});
    }
    const RiskSettings& risk = limits_.risk;
    const Instrument& wanted = option(intent.legs.empty() ? intent.instrument : intent.legs.front().instrument);
    const auto n = static_cast<int64_t>(held.size());
    check(n < (limited_ ? risk.limited_positions : risk.max_positions), "no more positions than allowed");
    int64_t same_underlying = 0, same_direction = 0, same_expiry = 0;
    for (const Held& other : held) {
        same_underlying += other.instrument->underlying == wanted.underlying;
        same_direction += other.direction == direction_of(wanted, intent.side);
        same_expiry += other.instrument->expiry == wanted.expiry;
    }
    check(same_underlying < risk.max_per_underlying_of(intent.strategy), "no more on one underlying than allowed");
    if (n < 2 || groups) return;  // the direction of a group is its net delta's: left to the unit tests
    const auto share = [&](int64_t same) { return 100.0 * static_cast<double>(same + 1) / static_cast<double>(n + 1); };
    check(share(same_direction) <= risk.same_direction_pct, "not all in one direction");
    check(share(same_underlying) <= risk.same_sector_pct, "not all in one sector");
    check(n + 1 < risk.two_expiries_from || same_expiry < n, "not all on one expiry");
}

void Checker::check_entry_size(const Intent& intent) {
    const RiskSettings& risk = limits_.risk;
    const Instrument& wanted = option(intent.instrument);
    const KnownQuote& known = quote(wanted.id);
    check(intent.lots >= 1 && intent.lots <= 100, "between 1 and 100 lots");
    const double touch = intent.side == Side::buy ? (known.has_ask ? known.ask : known.last).to_double() * 1.005
                                                  : (known.has_bid ? known.bid : known.last).to_double() * 0.995;
    const double price = intent.limit ? intent.limit->to_double() : touch;
    // What earlier parts of the same entry have opened counts with it.
    const Position* own = own_position(intent);
    const double own_value = own == nullptr ? 0 : rupees(own->last_price * own->quantity);
    const double own_units = own == nullptr ? 0 : static_cast<double>(own->quantity.units());
    const double units = static_cast<double>(intent.lots * wanted.lot.units());
    const double value = price * units;
    const double equity = rupees(session_->portfolio().equity());
    check(value + own_value <= 500'000 * (1 + 1e-9), "at most 500 000 rupees an order");
    double on_underlying = value;
    for (const Position& position : session_->portfolio().open()) {
        if (position.underlying == wanted.underlying) on_underlying += rupees(position.last_price * position.quantity);
    }
    check(on_underlying <= equity * risk.underlying_exposure_pct / 100 + 1,
          "at most a fifth of equity on an underlying");
    if (intent.side != Side::buy) return;
    check(value + own_value <= equity * risk.position_size_pct / 100 * (limited_ ? 0.5 : 1.0) + 1,
          "the size of one position");
    check(value <= rupees(session_->portfolio().cash()), "no entry without the cash");
    double loss = price;
    for (const auto& pct : {intent.stop_pct, intent.trail_stop_pct}) {
        if (pct) loss = std::min({loss, price / 2, quote(wanted.underlying).last.to_double() * *pct / 200});
    }
    if (intent.premium.stop_pct) loss = std::min({loss, price / 2, price * *intent.premium.stop_pct / 100});
    check(loss * (units + own_units) <= equity * risk.trade_loss_pct / 100 + 1, "the loss of one trade at its stop");
}

void Checker::check_cancel(const Intent& intent) {
    if (intent.parent.valid()) {
        const auto parent = parents_.find(intent.parent);
        check(parent != parents_.end() && parent->second.parent.live(), "a script ends entries that are held");
        return;
    }
    const auto known = orders_.find(intent.order);
    check(known != orders_.end() && known->second.order.live(), "a script cancels live orders");
    check(known == orders_.end() || !known->second.mandatory, "a script does not cancel an exit that is not its own");
}

// ---- orders

void Checker::check_intent_quantity(const Order& order) {
    const auto intent = intents_.find(order.intent);
    check(intent != intents_.end(), "every entry comes from an intent that passed");
    if (intent == intents_.end()) return;
    Quantity committed;
    for (const OrderId id : orders_of_[order.intent]) {
        const Order& each = orders_[id].order;
        committed += each.live() ? each.quantity : each.filled;
    }
    check(committed.units() <= intent->second.lots * option(order.instrument).lot.units(),
          "an entry's live and filled quantity is never above what the gate allowed");
}

void Checker::check_new_order(const Order& order) {
    const Instrument& what = option(order.instrument);
    const int64_t lot = what.lot.units();
    check(order.quantity.units() > 0 && order.quantity.units() % lot == 0, "an order is in whole lots");
    check(order.quantity <= what.freeze, "an order is within the freeze quantity");
    check(order.quantity.units() <= 100 * lot, "an order has at most 100 lots");
    if (order.purpose != OrderPurpose::exit) return;
    const Position* position = session_->portfolio().find(order.position);
    check(position != nullptr && position->instrument == order.instrument && position->side == opposite(order.side),
          "an exit belongs to an open position");
    if (position == nullptr) return;
    Quantity exiting;
    for (const auto& [id, known] : orders_) {
        const Order& each = known.order;
        if (each.live() && each.purpose == OrderPurpose::exit && each.position == order.position) {
            exiting += each.remaining();
        }
    }
    check(exiting <= position->quantity, "exits never ask for more than is open");
}

// ---- messages

void Checker::on_message(MessageKind kind, const Order& order, Price limit, ReceiveTime now) {
    check_rate(kind, order.id, now);
    check(orders_.contains(order.id), "no message without its order in the records");
    KnownOrder& known = orders_[order.id];
    check(order.live(), "only live orders are spoken of");
    if (kind == MessageKind::submit) {
        check(!std::exchange(known.sent, true), "an order is sent once");
        if (order.purpose == OrderPurpose::entry) check_entry_may_leave(now);
        if (order.group.valid()) {
            order.purpose == OrderPurpose::entry ? check_sold_leg_leaves(order) : check_hedge_leaves(order);
        }
    } else {
        check(known.sent, "only an order that was sent is changed or cancelled");
    }
    known.cancel_sent = known.cancel_sent || kind == MessageKind::cancel;
    if (kind == MessageKind::cancel) return;
    const bool further = order.side == Side::buy ? limit > known.furthest : limit < known.furthest;
    if (kind == MessageKind::submit || further) known.furthest = limit;
    check_limit(order, limit, now);
    check(order.purpose == OrderPurpose::exit || limit * order.quantity <= Money::from_rupees(525'000),
          "an entry's value stays near its limit when it is priced anew");
}

void Checker::check_entry_may_leave(ReceiveTime now) {
    check(!halted(), "no entry leaves while something is halted");
    check(in_entry_window(now), "no entry leaves outside the entry window");
    // This one is among them.
    const auto unanswered = std::count_if(orders_.begin(), orders_.end(), [](const auto& item) {
        const OrderState state = item.second.order.state;
        return state == OrderState::submitted || state == OrderState::pending_cancel ||
               state == OrderState::pending_replace;
    });
    check(unanswered <= limits_.orders.max_in_flight, "no entry leaves while many messages wait for an answer");
}

// The touch and a protection band that grows with each re-pricing; an entry is never further from the last price than a
// limit may be.
void Checker::check_limit(const Order& order, Price limit, ReceiveTime now) {
    check(limit.positive() && on_tick(limit, kTick), "a limit is on its tick");
    if (order.style == PriceStyle::passive) return;
    const KnownQuote& known = quote(order.instrument);
    if (!known.last.positive() || now < known.time) return;
    const bool buy = order.side == Side::buy;
    const Price touch = buy ? (known.has_ask ? known.ask : known.last) : (known.has_bid ? known.bid : known.last);
    const double band = kBandPct + kBandStepPct * std::min<int>(order.reprices, kBandSteps);
    const double slack = kTick.to_double() + 1e-6;
    const double off = (buy ? 1 : -1) * (limit.to_double() - touch.to_double());
    check(off <= touch.to_double() * band / 100 + slack, "a limit is within its band beyond the touch");
    if (order.purpose == OrderPurpose::exit) return;
    const double far = (buy ? 1 : -1) * (limit.to_double() - known.last.to_double());
    check(far <= known.last.to_double() * kLimitFromLastPct / 100 + 1e-6,
          "an entry is not chased further than a limit may be set");
}

void Checker::check_rate(MessageKind kind, OrderId order, ReceiveTime now) {
    while (!sent_.empty() && now - sent_.front() >= seconds(1)) sent_.pop_front();
    sent_.push_back(now);
    // The kill switch's cancels wait for nothing; what leaves after them waits for them.
    if (kind == MessageKind::cancel && emergency_.contains(order)) return;
    check(std::ssize(sent_) <= limits_.orders.messages_per_second, "at most 8 messages in any second");
}

}  // namespace tide::simulation
