#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "risk/entry_facts.hpp"
#include "trading/order_group.hpp"

// What is looked at of the account as a whole: losses, counts, sizes, greeks, cash and margin. A group is one position.
namespace tide {
namespace {

double percent_ratio(Money part, Money whole) {
    return whole > Money() ? part.to_double() / whole.to_double() * 100.0 : 0.0;
}

template <class... Args>
RiskVerdict refuse(RiskCode code, std::string values, fmt::format_string<Args...> text, Args&&... args) {
    return {code, std::move(values), fmt::format(text, std::forward<Args>(args)...), std::nullopt};
}

struct NetGreeks {
    double delta_value = 0;  // rupees: delta x underlying's price x quantity
    double vega_value = 0;   // rupees a volatility point
    double gamma_value = 0;  // rupees: change of delta_value when the underlying moves 1 %
    double theta_value = 0;  // rupees a calendar day; negative: time costs

    NetGreeks& operator+=(const NetGreeks& other) {
        delta_value += other.delta_value;
        vega_value += other.vega_value;
        gamma_value += other.gamma_value;
        theta_value += other.theta_value;
        return *this;
    }
};

NetGreeks greeks_of(const Instrument& instrument, Side side, Quantity quantity, double underlying, double vix,
                    ReceiveTime now) {
    const double units = static_cast<double>(quantity.units() * sign_of(side));
    if (!instrument.is_option()) return {units * underlying, 0, 0, 0};
    OptionTerms terms;
    terms.right = instrument.right;
    terms.underlying = underlying;
    terms.strike = instrument.strike.to_double();
    // To the end of the expiry day's session, 15:30; the minutes do not matter to a cap.
    terms.t_years = seconds_between(now, at(*instrument.expiry, hours(15) + minutes(30))) / (365.0 * 86'400.0);
    if (terms.t_years <= 0 || underlying <= 0) return {};
    const Greeks greeks = option_greeks(terms, vix / 100.0);
    return {greeks.delta * underlying * units, greeks.vega_pct * units,
            greeks.gamma * underlying * underlying * 0.01 * units, greeks.theta_day * units};
}

void add_order(std::vector<Holding>& holdings, const Order& order, const Instrument& instrument) {
    auto known =
        std::find_if(holdings.begin(), holdings.end(), [&](const Holding& h) { return h.position == order.position; });
    if (known == holdings.end()) {
        holdings.push_back({order.position, order.group, order.strategy, &instrument, order.side, Quantity(),
                            Quantity(), order.limit, Money(), Money()});
        known = holdings.end() - 1;
    }
    known->quantity += order.remaining();
    known->value += order.limit * order.remaining();
    if (order.side == Side::buy) known->to_be_paid += order.limit * order.remaining();
}

void add_waiting(std::vector<Holding>& holdings, const OrderGroup& group, const RiskContext& context) {
    for (const GroupLeg& leg : group.legs) {
        if (leg.sent || !group.alive() || group.closing) continue;
        const Price price = leg.limit ? *leg.limit : context.prices.last(leg.instrument, context.now).value_or(Price());
        const Money value = price * leg.quantity;
        holdings.push_back({leg.position, group.id, group.strategy, &context.prices.instruments().get(leg.instrument),
                            leg.side, leg.quantity, Quantity(), price, value, leg.side == Side::buy ? value : Money()});
    }
}

std::vector<Holding> holdings_of(const RiskContext& context) {
    std::vector<Holding> holdings;
    const InstrumentBook& book = context.prices.instruments();
    for (const Position& p : context.portfolio.open()) {
        holdings.push_back({p.id, p.group, p.strategy, &book.get(p.instrument), p.side, p.quantity, p.quantity,
                            p.last_price, p.last_price * p.quantity, Money()});
    }
    for (const OrderId id : context.desk.live()) {
        const Order& order = *context.desk.find(id);
        if (order.purpose == OrderPurpose::entry) add_order(holdings, order, book.get(order.instrument));
    }
    if (context.groups == nullptr) return holdings;
    for (const OrderGroup& group : context.groups->all()) add_waiting(holdings, group, context);
    return holdings;
}

NetGreeks greeks_of(const Holding& h, const RiskContext& context) {
    const double underlying = context.prices.underlying_last(*h.instrument).value_or(Price()).to_double();
    return greeks_of(*h.instrument, h.side, h.quantity, underlying, context.prices.vix().level, context.now);
}

// Legs of a group are one position, which profits from the direction of its net delta.
std::vector<PositionUnit> units_of(const std::vector<Holding>& holdings, const RiskContext& context) {
    std::vector<PositionUnit> units;
    for (const Holding& h : holdings) {
        const auto same = std::find_if(units.begin(), units.end(), [&](const PositionUnit& unit) {
            return h.group.valid() && unit.group == h.group;
        });
        PositionUnit& unit =
            same != units.end()
                ? *same
                : units.emplace_back(PositionUnit{h.position, h.group, h.strategy, underlying_of(*h.instrument),
                                                  h.instrument->expiry, 0, 0});
        if (!h.group.valid()) {
            unit.direction = underlying_direction(*h.instrument, h.side);
            continue;
        }
        unit.delta_value += greeks_of(h, context).delta_value;
        unit.direction = unit.delta_value < 0 ? -1 : 1;
    }
    return units;
}

// Margin of holdings (of one strategy, where one is named), and of further legs with them.
Money margin_of(const std::vector<Holding>& holdings, StrategyId only, const std::vector<RiskGate::EntryLeg>* further,
                const RiskSettings& risk, const RiskContext& context, const MarginMarket& market, bool filled_only) {
    std::vector<MarginLeg> legs;
    for (const Holding& h : holdings) {
        const Quantity quantity = filled_only ? h.open : h.quantity;
        if ((only.valid() && h.strategy != only) || quantity.units() <= 0) continue;
        legs.push_back(
            {h.instrument, h.side, quantity, h.price, context.prices.underlying_last(*h.instrument).value_or(Price())});
    }
    if (further != nullptr) {
        for (const auto& leg : *further) legs.push_back(leg.margin_leg());
    }
    return portfolio_margin(legs, risk.margin, market);
}

}  // namespace

RiskVerdict RiskGate::evaluate_portfolio(const Intent& intent, const std::vector<EntryLeg>& legs,
                                         const RiskContext& context) const {
    EntryFacts facts{intent, legs, {context.now, context.prices.vix().level}, holdings_of(context), {}, 0, 0, {},
                     {},     {}};
    facts.units = units_of(facts.holdings, context);
    // A child order that adds to its entry's own position opens no other one.
    facts.own = legs.front().own;
    if (facts.own != nullptr) {
        std::erase_if(facts.units, [&](const PositionUnit& unit) { return unit.position == facts.own->id; });
    }
    std::vector<MarginLeg> margin_legs;
    double delta_value = 0;
    for (const EntryLeg& leg : legs) {
        facts.value += leg.value;
        if (leg.intent.side == Side::buy) facts.premium += leg.value;
        facts.lots = std::max(facts.lots, leg.intent.lots);
        margin_legs.push_back(leg.margin_leg());
        delta_value += greeks_of(leg.instrument, leg.intent.side, leg.quantity, leg.underlying_last.to_double(),
                                 context.prices.vix().level, context.now)
                           .delta_value;
    }
    facts.direction = legs.size() == 1 ? legs.front().direction : delta_value < 0 ? -1 : 1;
    if (facts.own != nullptr) {
        const Position& own = *facts.own;
        margin_legs.push_back({&legs.front().instrument, own.side, own.quantity, own.last_price, own.last_underlying});
    }
    facts.committed = portfolio_margin(margin_legs, risk_.margin, facts.market);
    if (auto no = check_counts(facts, context)) return *no;
    if (auto no = check_size(facts, context)) return *no;
    if (auto no = check_greeks(facts, context)) return *no;
    if (auto no = check_cash(facts, context)) return *no;
    RiskVerdict passed;
    passed.values = legs.size() == 1 ? fmt::format("lots={} value={} price={}", intent.lots, to_string(facts.value),
                                                   to_string(legs.front().price))
                                     : fmt::format("legs={} value={} margin={}", legs.size(), to_string(facts.value),
                                                   to_string(facts.committed));
    passed.text = "passed";
    return passed;
}

RiskGate::Verdict RiskGate::check_losses(const Intent& intent, const RiskContext& context) const {
    const Portfolio& portfolio = context.portfolio;
    const Money day_limit = percent_of(portfolio.day_start_equity(), risk_.day_loss_pct);
    if (-portfolio.day_net() >= day_limit) {
        return refuse(RiskCode::daily_loss,
                      fmt::format("day_net={} limit=-{}", to_string(portfolio.day_net()), to_string(day_limit)),
                      "the day's result {} is at the limit", to_string(portfolio.day_net()));
    }
    if (const StrategyLimits* own = risk_.limits_of(intent.strategy); own != nullptr && own->day_loss_pct) {
        const Money own_limit = risk_.day_loss_limit_of(*own, portfolio.day_start_equity());
        const Money own_net = portfolio.day_net_of(intent.strategy);
        if (-own_net >= own_limit) {
            return refuse(
                RiskCode::strategy_loss,
                fmt::format("strategy={} day_net={} limit=-{}", own->name, to_string(own_net), to_string(own_limit)),
                "the day's result of {}, {}, is at its own limit", own->name, to_string(own_net));
        }
    }
    const Money fall = portfolio.day_peak_equity() - portfolio.equity();
    const Money fall_limit = percent_of(portfolio.day_peak_equity(), risk_.drawdown_pct);
    if (fall >= fall_limit) {
        return refuse(RiskCode::drawdown, fmt::format("drawdown={} limit={}", to_string(fall), to_string(fall_limit)),
                      "{} below the day's highest equity", to_string(fall));
    }
    if (portfolio.losing_streak() >= risk_.losing_streak) {
        return refuse(RiskCode::losing_streak,
                      fmt::format("losses={} limit={}", portfolio.losing_streak(), risk_.losing_streak),
                      "{} losing trades in a row", portfolio.losing_streak());
    }
    return std::nullopt;
}

RiskGate::Verdict RiskGate::check_counts(const EntryFacts& facts, const RiskContext& context) const {
    const auto& held = facts.units;
    const auto n = static_cast<int64_t>(held.size());
    const auto count_where = [&](auto predicate) {
        return static_cast<int64_t>(std::count_if(held.begin(), held.end(), predicate));
    };
    if (const int64_t most = context.halts.max_positions(context.now); n >= most) {
        return refuse(RiskCode::max_positions, fmt::format("positions={} max={}", n, most),
                      "{} positions are open or being opened", n);
    }
    if (const StrategyLimits* own = risk_.limits_of(facts.intent.strategy); own != nullptr && own->max_positions) {
        const int64_t its = count_where([&](const PositionUnit& u) { return u.strategy == facts.intent.strategy; });
        if (its >= *own->max_positions) {
            return refuse(RiskCode::strategy_positions,
                          fmt::format("strategy={} positions={} max={}", own->name, its, *own->max_positions),
                          "{} positions of {} are open or being opened", its, own->name);
        }
    }
    const int64_t on_underlying =
        count_where([&](const PositionUnit& u) { return u.underlying == facts.underlying(); });
    if (const int64_t most = risk_.max_per_underlying_of(facts.intent.strategy); on_underlying >= most) {
        return refuse(RiskCode::max_per_underlying, fmt::format("on_underlying={} max={}", on_underlying, most),
                      "{} positions on this underlying", on_underlying);
    }
    if (n >= risk_.concentration_from) {
        const auto share_pct = [&](int64_t same) {
            return 100.0 * static_cast<double>(same + 1) / static_cast<double>(n + 1);
        };
        const double direction_pct =
            share_pct(count_where([&](const PositionUnit& u) { return u.direction == facts.direction; }));
        if (direction_pct > risk_.same_direction_pct) {
            return refuse(RiskCode::same_direction,
                          fmt::format("share_pct={:.1f} max_pct={}", direction_pct, risk_.same_direction_pct),
                          "{:.0f} % of positions would profit from the same direction", direction_pct);
        }
        const InstrumentBook& book = context.prices.instruments();
        const auto sector = [&](InstrumentId id) { return risk_.sector_of(book.get(id).symbol); };
        const double sector_pct = share_pct(
            count_where([&](const PositionUnit& u) { return sector(u.underlying) == sector(facts.underlying()); }));
        if (sector_pct > risk_.same_sector_pct) {
            return refuse(RiskCode::same_sector,
                          fmt::format("sector={} share_pct={:.1f} max_pct={}", sector(facts.underlying()), sector_pct,
                                      risk_.same_sector_pct),
                          "{:.0f} % of positions would be in {}", sector_pct, sector(facts.underlying()));
        }
    }
    const auto expiry = facts.legs.front().instrument.expiry;
    if (n + 1 >= risk_.two_expiries_from && expiry &&
        count_where([&](const PositionUnit& u) { return u.expiry == expiry; }) == n) {
        return refuse(RiskCode::one_expiry, fmt::format("positions={} expiry={}", n + 1, format_date(*expiry)),
                      "all {} positions would expire on {}", n + 1, format_date(*expiry));
    }
    return std::nullopt;
}

// The loss of one unit at the level where the engine would be out. A stop on the underlying costs an option
// `assumed_delta` of the distance, and never more than the share of the premium at which the engine's own stop acts; an
// option without a stop is taken to lose its premium.
static Price loss_per_unit(const RiskSettings& risk, const Intent& intent, const Instrument& instrument, Price price,
                           Price underlying) {
    const auto pct_of = [](Price p, double pct) { return Price::from_double(p.to_double() * pct / 100.0); };
    std::optional<Price> distance;
    if (intent.stop) distance = *intent.stop > underlying ? *intent.stop - underlying : underlying - *intent.stop;
    if (intent.stop_pct) distance = pct_of(underlying, *intent.stop_pct);
    if (intent.trail_stop_pct) {
        const Price trailing = pct_of(underlying, *intent.trail_stop_pct);
        distance = distance ? std::min(*distance, trailing) : trailing;
    }
    if (instrument.is_option() && intent.side == Side::buy) {
        std::optional<Price> premium;  // from the price to the stop on it
        if (intent.premium.stop) premium = std::max(Price(), price - *intent.premium.stop);
        if (intent.premium.stop_pct) premium = pct_of(price, *intent.premium.stop_pct);
        if (!distance && !premium) return price;
        Price loss = pct_of(price, risk.disaster_premium_pct);
        if (distance) loss = std::min(loss, pct_of(*distance, 100.0 * risk.assumed_delta));
        return premium ? std::min(loss, *premium) : loss;
    }
    const Price full = distance.value_or(pct_of(underlying, risk.disaster_underlying_pct));
    return instrument.is_option() ? pct_of(full, 100.0 * risk.assumed_delta) : full;
}

// What the entry could lose: of one instrument at its stop; of a group at settlement anywhere inside the scan range,
// or, where that is less, at the loss at which the engine closes it.
Money RiskGate::loss_of(const EntryFacts& facts) const {
    if (facts.legs.size() == 1) {
        const EntryLeg& leg = facts.legs.front();
        const Quantity own = facts.own == nullptr ? Quantity() : facts.own->quantity;
        return loss_per_unit(risk_, leg.intent, leg.instrument, leg.price, leg.underlying_last) * (leg.quantity + own);
    }
    std::vector<MarginLeg> legs;
    for (const EntryLeg& leg : facts.legs) legs.push_back(leg.margin_leg());
    const Money loss = settlement_loss(legs, risk_.margin);
    return facts.intent.max_loss ? std::min(loss, *facts.intent.max_loss) : loss;
}

RiskGate::Verdict RiskGate::check_size(const EntryFacts& facts, const RiskContext& context) const {
    const Money equity = context.portfolio.equity();
    const Money capital = percent_of(equity, risk_.capital_pct_of(facts.intent.strategy));
    const double factor = context.halts.size_factor(context.now);
    const Money size_limit = percent_of(capital, risk_.position_size_pct * factor);
    if (facts.committed > size_limit) {
        Money held;
        if (const Position* own = facts.own; own != nullptr) {
            const Instrument& instrument = facts.legs.front().instrument;
            held = leg_margin({&instrument, own->side, own->quantity, own->last_price, own->last_underlying},
                              risk_.margin, facts.market);
        }
        return with_max_lots(
            refuse(RiskCode::position_size,
                   fmt::format("value={} max={} size_factor={}", to_string(facts.committed), to_string(size_limit),
                               factor),
                   "one position may have {} now, this one has {}", to_string(size_limit), to_string(facts.committed)),
            size_limit - held, facts.per_lot(facts.committed - held));
    }
    const Money loss = loss_of(facts);
    const Money loss_limit = percent_of(capital, risk_.trade_loss_pct);
    if (loss > loss_limit) {
        return with_max_lots(
            refuse(RiskCode::trade_loss, fmt::format("loss={} max={}", to_string(loss), to_string(loss_limit)),
                   "the trade could lose {}, the limit is {}", to_string(loss), to_string(loss_limit)),
            loss_limit, facts.lot_share(loss));
    }
    Money on_underlying;
    for (const Holding& h : facts.holdings) {
        if (underlying_of(*h.instrument) == facts.underlying()) on_underlying += h.value;
    }
    const Money exposure_limit = percent_of(equity, risk_.underlying_exposure_pct);
    if (on_underlying + facts.value > exposure_limit) {
        return with_max_lots(
            refuse(RiskCode::underlying_exposure,
                   fmt::format("exposure={} max={}", to_string(on_underlying + facts.value), to_string(exposure_limit)),
                   "{} on one underlying, the limit is {}", to_string(on_underlying + facts.value),
                   to_string(exposure_limit)),
            exposure_limit - on_underlying, facts.per_lot(facts.value));
    }
    return std::nullopt;
}

// Net delta, vega, gamma and theta of everything held and asked for. An entry that brings the net nearer to zero
// passes.
RiskGate::Verdict RiskGate::check_greeks(const EntryFacts& facts, const RiskContext& context) const {
    NetGreeks before, own;
    for (const Holding& h : facts.holdings) before += greeks_of(h, context);
    for (const EntryLeg& leg : facts.legs) {
        own += greeks_of(leg.instrument, leg.intent.side, leg.quantity, leg.underlying_last.to_double(),
                         context.prices.vix().level, context.now);
    }
    const double equity = context.portfolio.equity().to_double();
    const auto above = [&](double old_value, double added, double limit_pct) {
        const double after = std::fabs(old_value + added);
        return after > equity * limit_pct / 100.0 && after > std::fabs(old_value);
    };
    if (above(before.delta_value, own.delta_value, risk_.max_delta_pct)) {
        return refuse(
            RiskCode::delta_limit,
            fmt::format("delta_value={:.0f} max_pct={}", before.delta_value + own.delta_value, risk_.max_delta_pct),
            "net delta would be worth {:.0f}", before.delta_value + own.delta_value);
    }
    if (above(before.vega_value, own.vega_value, risk_.max_vega_pct)) {
        return refuse(
            RiskCode::vega_limit,
            fmt::format("vega_value={:.0f} max_pct={}", before.vega_value + own.vega_value, risk_.max_vega_pct),
            "net vega would be worth {:.0f} a point", before.vega_value + own.vega_value);
    }
    if (above(before.gamma_value, own.gamma_value, risk_.max_gamma_pct)) {
        return refuse(
            RiskCode::gamma_limit,
            fmt::format("gamma_value={:.0f} max_pct={}", before.gamma_value + own.gamma_value, risk_.max_gamma_pct),
            "a move of 1 % would change net delta by {:.0f}", before.gamma_value + own.gamma_value);
    }
    const double day = before.theta_value + own.theta_value;
    if (day < 0 && above(before.theta_value, own.theta_value, risk_.max_theta_pct)) {
        return refuse(RiskCode::theta_limit, fmt::format("theta_value={:.0f} max_pct={}", day, risk_.max_theta_pct),
                      "a day would cost {:.0f} by time alone", -day);
    }
    return std::nullopt;
}

// What all legs cost to enter; none where the charges of one are not known.
Result<Money> RiskGate::charges_of(const EntryFacts& facts, const RiskContext& context) const {
    Money sum;
    for (const EntryLeg& leg : facts.legs) {
        const auto charges =
            context.charges.estimate(leg.instrument, leg.intent.side, leg.value, ist_date(context.now));
        if (!charges) return charges.error();
        sum += *charges;
    }
    return sum;
}

// Cash for what must be paid and for what the margin grows by; then the margin of everything, of the account and of the
// strategy.
RiskGate::Verdict RiskGate::check_cash(const EntryFacts& facts, const RiskContext& context) const {
    const auto charges = charges_of(facts, context);
    if (!charges) return refuse(RiskCode::no_charges, "", "{}", charges.error().message);
    const auto margin = [&](StrategyId only, const std::vector<EntryLeg>* further, bool filled_only) {
        return margin_of(facts.holdings, only, further, risk_, context, facts.market, filled_only);
    };
    const Money filled = margin({}, nullptr, true);
    const Money before = margin({}, nullptr, false);
    const Money after = margin({}, &facts.legs, false);
    Money to_be_paid;
    for (const Holding& h : facts.holdings) to_be_paid += h.to_be_paid;
    const Money needed = std::max(after - before, facts.premium) + *charges;
    const Money free = context.portfolio.cash() - std::max(before - filled, to_be_paid);
    if (needed > free) {
        return with_max_lots(
            refuse(RiskCode::cash, fmt::format("needed={} free={}", to_string(needed), to_string(free)),
                   "{} needed, {} free", to_string(needed), to_string(free)),
            free, facts.per_lot(needed));
    }
    const Money equity = context.portfolio.equity();
    const Money limit = percent_of(equity, risk_.margin_entry_pct);
    if (const Money use = after + *charges; use > limit) {
        return with_max_lots(
            refuse(RiskCode::margin,
                   fmt::format("margin_pct={:.1f} max_pct={}", percent_ratio(use, equity), risk_.margin_entry_pct),
                   "margin in use would be {:.1f} % of equity", percent_ratio(use, equity)),
            limit - before, facts.per_lot(needed));
    }
    const StrategyLimits* own = risk_.limits_of(facts.intent.strategy);
    if (own == nullptr || (!own->capital_pct && !own->margin_pct)) return std::nullopt;
    const double own_pct = own->margin_pct.value_or(risk_.margin_entry_pct);
    const Money capital = percent_of(equity, own->capital_pct.value_or(100));
    const Money own_limit = percent_of(capital, own_pct);
    const Money own_use = margin(facts.intent.strategy, &facts.legs, false) + *charges;
    if (own_use <= own_limit) return std::nullopt;
    return with_max_lots(
        refuse(RiskCode::strategy_margin,
               fmt::format("strategy={} margin_pct={:.1f} max_pct={} capital={}", own->name,
                           percent_ratio(own_use, capital), own_pct, to_string(capital)),
               "margin in use by {} would be {:.1f} % of its capital", own->name, percent_ratio(own_use, capital)),
        own_limit - margin(facts.intent.strategy, nullptr, false), facts.per_lot(needed));
}

}  // namespace tide
