#include "risk/risk_gate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "trading/margin.hpp"

namespace tide {
namespace {

constexpr int64_t kUsualSizeSamplesMin = 5;  // before that there is no "usual" size
constexpr int64_t kUsualSizeMemory = 20;     // entries that the running mean remembers

double seconds_between(ReceiveTime earlier, ReceiveTime later) {
    return std::chrono::duration<double>(later - earlier).count();
}
Duration minutes_of(double m) { return Duration(static_cast<int64_t>(std::llround(m * 60e9))); }
Duration seconds_of(double s) { return Duration(static_cast<int64_t>(std::llround(s * 1e9))); }

Money percent_of(Money amount, double pct) {
    return scale(amount, static_cast<int64_t>(std::llround(pct * 10'000)), 1'000'000);
}
double percent_ratio(Money part, Money whole) {
    return whole > Money() ? part.to_double() / whole.to_double() * 100.0 : 0.0;
}

template <class... Args>
RiskVerdict refuse(RiskCode code, std::string values, fmt::format_string<Args...> text, Args&&... args) {
    return {code, std::move(values), fmt::format(text, std::forward<Args>(args)...), std::nullopt};
}
RiskVerdict with_max_lots(RiskVerdict verdict, Money limit, Money per_lot) {
    const int64_t lots = per_lot > Money() ? limit.units() / per_lot.units() : 0;
    verdict.max_lots = std::max<int64_t>(0, lots);
    verdict.values += fmt::format(" max_lots={}", *verdict.max_lots);
    return verdict;
}

// FNV-1a over the bytes of 64-bit words.
class WordHash {
  public:
    WordHash& add(int64_t word) {
        for (int i = 0; i < 8; ++i) {
            value_ = (value_ ^ (static_cast<uint64_t>(word) >> (8 * i) & 0xff)) * 0x100000001b3U;
        }
        return *this;
    }
    uint64_t value() const { return value_; }

  private:
    uint64_t value_ = 0xcbf29ce484222325U;
};

uint64_t similar_hash(const Intent& intent) {
    return WordHash()
        .add(intent.strategy.value())
        .add(intent.instrument.value())
        .add(static_cast<int64_t>(intent.side))
        .add(intent.lots)
        .add(intent.limit ? intent.limit->units() : 0)
        .add(intent.terms.trigger ? intent.terms.trigger->units() : 0)
        .value();
}
uint64_t decision_hash(const Intent& intent) {
    return WordHash()
        .add(static_cast<int64_t>(similar_hash(intent)))
        .add(intent.decision_bar.time_since_epoch().count())
        .value();
}
bool has_decision_bar(const Intent& intent) { return intent.decision_bar.time_since_epoch().count() != 0; }

InstrumentId underlying_of(const Instrument& instrument) {
    return instrument.underlying.valid() ? instrument.underlying : instrument.id;
}

// A position that is open or that a live entry will open.
struct Holding {
    PositionId position;
    const Instrument* instrument = nullptr;
    int direction = 1;
    Side side = Side::buy;
    Quantity quantity;
    Money value;     // price x quantity
    Money reserved;  // cash that a live entry still needs
};

std::vector<Holding> holdings_of(const RiskContext& context) {
    std::vector<Holding> holdings;
    const InstrumentBook& book = context.prices.instruments();
    for (const Position& p : context.portfolio.open()) {
        holdings.push_back({p.id, &book.get(p.instrument), p.underlying_direction, p.side, p.quantity,
                            p.last_price * p.quantity, Money()});
    }
    for (const OrderId id : context.desk.live()) {
        const Order& order = *context.desk.find(id);
        if (order.purpose != OrderPurpose::entry) continue;
        const Instrument& instrument = book.get(order.instrument);
        auto known = std::find_if(holdings.begin(), holdings.end(),
                                  [&](const Holding& h) { return h.position == order.position; });
        if (known == holdings.end()) {
            holdings.push_back({order.position, &instrument, underlying_direction(instrument, order.side), order.side,
                                Quantity(), Money(), Money()});
            known = holdings.end() - 1;
        }
        const Price underlying = context.prices.underlying_last(instrument).value_or(Price());
        known->quantity += order.remaining();
        known->value += order.limit * order.remaining();
        known->reserved += margin_for(instrument, order.side, order.remaining(), order.limit, underlying);
    }
    return holdings;
}

struct NetGreeks {
    double delta_value = 0;  // rupees: delta x underlying's price x quantity
    double vega_value = 0;   // rupees a volatility point
    double gamma_value = 0;  // rupees: change of delta_value when the underlying moves 1 %
    double theta_value = 0;  // rupees a calendar day; negative: time costs
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

}  // namespace

// What the checks of one entry look at, once its form is known to be right and prices are there.
struct RiskGate::EntryFacts {
    const Intent& intent;
    const Instrument& instrument;
    InstrumentId underlying;
    int direction;
    Quantity quantity;
    Quote quote;
    Price underlying_last;
    Price price;      // that the order may cost: its limit
    Money value;      // price x quantity
    Money committed;  // cash or margin that it blocks
    std::vector<Holding> holdings;

    // Of a child order: what earlier ones of the same entry have opened. Limits on one entry hold for all of it.
    const Position* own = nullptr;
    Money own_value() const { return own == nullptr ? Money() : own->last_price * own->quantity; }

    Money per_lot(Money total) const { return scale(total, 1, std::max<int64_t>(1, intent.lots)); }
};

RiskVerdict RiskGate::evaluate_entry(const Intent& intent, const RiskContext& context) const {
    const Instrument* found = context.prices.instruments().find(intent.instrument);
    if (found == nullptr) {
        return refuse(RiskCode::unknown_instrument, fmt::format("instrument={}", intent.instrument.value()),
                      "the instrument is not known to this session");
    }
    const Instrument& instrument = *found;
    if (auto no = check_form(intent, instrument, context)) return *no;
    if (auto no = check_halts(context)) return *no;
    if (context.manual_mode && intent.strategy.valid()) {
        return refuse(RiskCode::manual_mode, "", "manual mode is on: only the operator opens positions");
    }
    if (auto no = check_session(intent, instrument, context)) return *no;
    const auto quote = context.prices.quote(instrument.id, context.now);
    if (!quote) return refuse(RiskCode::no_quote, "", "{} has no price yet", instrument.symbol);
    EntryFacts facts{intent,
                     instrument,
                     underlying_of(instrument),
                     underlying_direction(instrument, intent.side),
                     Quantity(intent.lots * instrument.lot.units()),
                     *quote,
                     context.prices.underlying_last(instrument).value_or(Price()),
                     Price(),
                     Money(),
                     Money(),
                     {},
                     intent.position.valid() ? context.portfolio.find(intent.position) : nullptr};
    facts.price = intent.limit ? *intent.limit
                               : marketable_limit(intent.side, &*quote, quote->last, orders_.protection_band_pct,
                                                  instrument.tick);
    facts.value = facts.price * facts.quantity;
    facts.committed = margin_for(instrument, intent.side, facts.quantity, facts.price, facts.underlying_last);
    if (auto no = check_data(instrument.id, facts.underlying, context)) return *no;
    if (auto no = check_prices(facts, context)) return *no;
    if (auto no = check_vix(context)) return *no;
    if (auto no = check_levels(facts)) return *no;
    if (auto no = check_premium_levels(intent, quote->last)) return *no;
    if (auto no = check_order_limits(facts)) return *no;
    if (auto no = check_orders(facts, context)) return *no;
    if (auto no = check_losses(context)) return *no;
    facts.holdings = holdings_of(context);
    if (auto no = check_counts(facts, context)) return *no;
    if (auto no = check_size(facts, context)) return *no;
    if (auto no = check_greeks(facts, context)) return *no;
    if (auto no = check_cash(facts, context)) return *no;
    RiskVerdict passed;
    passed.values =
        fmt::format("lots={} value={} price={}", intent.lots, to_string(facts.value), to_string(facts.price));
    passed.text = "passed";
    return passed;
}

// Instrument, lots and limit, without any price. Lots are bounded here, so that nothing below can overflow.
RiskGate::Verdict RiskGate::check_form(const Intent& intent, const Instrument& instrument,
                                       const RiskContext& context) const {
    if (!instrument.tradable()) {
        return refuse(RiskCode::not_tradable, fmt::format("kind={}", name_of(instrument.kind)),
                      "{} is an {} and cannot be traded", instrument.symbol, name_of(instrument.kind));
    }
    if (instrument.expiry && *instrument.expiry < ist_date(context.now)) {
        return refuse(RiskCode::contract_expired, fmt::format("expiry={}", format_date(*instrument.expiry)),
                      "{} expired on {}", instrument.symbol, format_date(*instrument.expiry));
    }
    if (intent.lots < 1) {
        return refuse(RiskCode::bad_lots, fmt::format("lots={}", intent.lots), "{} lots: at least one is needed",
                      intent.lots);
    }
    if (intent.lots > orders_.max_lots) {
        auto no = refuse(RiskCode::max_lots, fmt::format("lots={} max_lots={}", intent.lots, orders_.max_lots),
                         "{} lots: an order may have at most {}", intent.lots, orders_.max_lots);
        no.max_lots = orders_.max_lots;
        return no;
    }
    if (instrument.freeze.units() > 0 && instrument.freeze < instrument.lot) {
        return refuse(RiskCode::freeze_below_lot,
                      fmt::format("freeze={} lot={}", instrument.freeze.units(), instrument.lot.units()),
                      "the freeze quantity of {} is smaller than its lot", instrument.symbol);
    }
    if (intent.limit && !intent.limit->positive()) {
        return refuse(RiskCode::bad_limit, fmt::format("limit={}", to_string(*intent.limit)),
                      "a limit price must be above zero");
    }
    if (intent.limit && !on_tick(*intent.limit, instrument.tick)) {
        return refuse(
            RiskCode::off_tick, fmt::format("limit={} tick={}", to_string(*intent.limit), to_string(instrument.tick)),
            "the limit {} is not a multiple of the tick {}", to_string(*intent.limit), to_string(instrument.tick));
    }
    return std::nullopt;
}

RiskGate::Verdict RiskGate::check_halts(const RiskContext& context) const {
    const Halt* halt = context.halts.first();
    if (halt == nullptr) return std::nullopt;
    const RiskCode code = halt->kind == HaltKind::kill_switch ? RiskCode::kill_switch : RiskCode::halted;
    std::string values = fmt::format("halt={}", name_of(halt->kind));
    if (!halt->values.empty()) values += " " + halt->values;
    return refuse(code, std::move(values), "{}: {}", name_of(halt->kind), halt->text);
}

static ReceiveTime exits_from(const RiskSettings& risk, const DayHours& day) {
    return std::min(day.close() - minutes_of(risk.exit_before_close_min), at(day.date, risk.exit_latest));
}

std::optional<EntryWindow> RiskGate::entry_window(const Instrument& instrument, const RiskContext& context) const {
    const DayHours* day = context.hours.find(instrument.calendar, context.now);
    if (day == nullptr) return std::nullopt;
    if (day->round_the_clock()) return EntryWindow{day->midnight, day->midnight + hours(24)};
    return EntryWindow{std::max(at(day->date, risk_.entry_from), day->midnight + day->sessions[0].open),
                       std::min(at(day->date, risk_.entry_until), exits_from(risk_, *day))};
}

std::optional<ReceiveTime> RiskGate::entries_until(const Instrument& instrument, const RiskContext& context) const {
    const DayHours* day = context.hours.find(instrument.calendar, context.now);
    if (day == nullptr || day->round_the_clock()) return std::nullopt;
    return std::min(at(day->date, risk_.entry_until), exits_from(risk_, *day));
}

RiskGate::Verdict RiskGate::check_session(const Intent& intent, const Instrument& instrument,
                                          const RiskContext& context) const {
    const DayHours* day = context.hours.find(instrument.calendar, context.now);
    const std::string time = fmt::format("time={}", format_time_of_day(ist_since_midnight(context.now)));
    if (day == nullptr || !day->open_at(context.now)) {
        return refuse(RiskCode::market_closed, time, "{} is not open", instrument.calendar);
    }
    const Duration t = ist_since_midnight(context.now);
    if (!day->round_the_clock()) {
        if (t < risk_.entry_from) {
            return refuse(RiskCode::before_entry_window, time + " from=" + format_time_of_day(risk_.entry_from),
                          "entries begin at {}", format_time_of_day(risk_.entry_from));
        }
        if (t >= risk_.entry_until) {
            return refuse(RiskCode::after_entry_window, time + " until=" + format_time_of_day(risk_.entry_until),
                          "entries ended at {}", format_time_of_day(risk_.entry_until));
        }
        const ReceiveTime out = exits_from(risk_, *day);
        if (context.now >= out) {
            return refuse(RiskCode::near_close, time + " exits_from=" + format_time_of_day(ist_since_midnight(out)),
                          "positions are closed from {} on", format_time_of_day(ist_since_midnight(out)));
        }
    }
    if (!instrument.expiry) return std::nullopt;
    const auto days = (*instrument.expiry - ist_date(context.now)).count();
    const int64_t needed = risk_.exit_before_expiry_days_of(intent.strategy);
    if (days <= needed) {
        return refuse(RiskCode::near_expiry, fmt::format("days_to_expiry={} min={}", days, needed + 1),
                      "{} days to expiry: positions are closed with {} or fewer", days, needed);
    }
    return std::nullopt;
}

RiskGate::Verdict RiskGate::check_prices(const EntryFacts& facts, const RiskContext& context) const {
    const Instrument& instrument = facts.instrument;
    if (facts.quote.model() && !context.allow_model_prices) {
        return refuse(RiskCode::model_price, "", "{} has only a model price", instrument.symbol);
    }
    // Recorded bars come once a minute: the tighter rule for what is held is one for live quotes.
    const bool held = instrument.is_option() && context.portfolio.concerns(instrument.id) && !context.over_history;
    const double limit_s = held ? risk_.stale_quote_in_position_s : risk_.stale_quote_s;
    const double age_s = seconds_between(facts.quote.time, context.now);
    if (age_s > limit_s) {
        return refuse(RiskCode::stale_quote, fmt::format("age_s={:.1f} max_s={}", age_s, limit_s),
                      "the last price of {} is {:.1f} s old", instrument.symbol, age_s);
    }
    const auto underlying = context.prices.quote(facts.underlying, context.now);
    if (!underlying || !facts.underlying_last.positive()) {
        return refuse(RiskCode::no_underlying_price, "", "the underlying of {} has no price yet", instrument.symbol);
    }
    const double underlying_age_s = seconds_between(underlying->time, context.now);
    if (underlying_age_s > risk_.stale_quote_s) {
        return refuse(RiskCode::stale_underlying,
                      fmt::format("age_s={:.1f} max_s={}", underlying_age_s, risk_.stale_quote_s),
                      "the last price of the underlying is {:.1f} s old", underlying_age_s);
    }
    return std::nullopt;
}

RiskGate::Verdict RiskGate::check_vix(const RiskContext& context) const {
    const VixReading& vix = context.prices.vix();
    if (!vix.known()) return refuse(RiskCode::vix_missing, "", "there is no VIX: treated as high");
    // A daily (or realised) value stands for its day, over history only; anything else for five minutes.
    const bool for_day = context.over_history && (vix.source == VixSource::daily || vix.source == VixSource::realised);
    const bool fresh = for_day ? ist_date(vix.time) == ist_date(context.now)
                               : context.now - vix.time <= minutes_of(risk_.vix_stale_min);
    if (!fresh) {
        return refuse(RiskCode::vix_stale,
                      fmt::format("vix={} source={} age_s={:.0f}", vix.level, name_of(vix.source),
                                  seconds_between(vix.time, context.now)),
                      "the VIX is too old: treated as high");
    }
    if (!(vix.level <= risk_.vix_high)) {
        return refuse(RiskCode::vix_high, fmt::format("vix={} max={}", vix.level, risk_.vix_high),
                      "the VIX is {}, above {}", vix.level, risk_.vix_high);
    }
    return std::nullopt;
}

RiskGate::Verdict RiskGate::check_levels(const EntryFacts& facts) const {
    const Intent& intent = facts.intent;
    const Price now = facts.underlying_last;
    const auto behind = [&](Price level) { return facts.direction > 0 ? level < now : level > now; };
    const bool stop_wrong = intent.stop && (!intent.stop->positive() || !behind(*intent.stop));
    const bool target_wrong =
        intent.target && (!intent.target->positive() || behind(*intent.target) || *intent.target == now);
    const auto pct_wrong = [](const std::optional<double>& pct) { return pct && !(*pct > 0 && *pct < 100); };
    if (!stop_wrong && !target_wrong && !pct_wrong(intent.stop_pct) && !pct_wrong(intent.target_pct))
        return std::nullopt;
    std::string values = fmt::format("underlying={} direction={}", to_string(now), facts.direction);
    if (intent.stop) values += " stop=" + to_string(*intent.stop);
    if (intent.target) values += " target=" + to_string(*intent.target);
    if (intent.stop_pct) values += fmt::format(" stop_pct={}", *intent.stop_pct);
    if (intent.target_pct) values += fmt::format(" target_pct={}", *intent.target_pct);
    return refuse(RiskCode::bad_levels, std::move(values),
                  "the stop must lie against the position and the target with it, from the underlying at {}",
                  to_string(now));
}

RiskGate::Verdict RiskGate::check_order_limits(const EntryFacts& facts) const {
    const Instrument& instrument = facts.instrument;
    const double last = facts.quote.last.to_double();
    if (facts.intent.limit) {
        const double off_pct = std::fabs(facts.price.to_double() - last) / last * 100.0;
        if (off_pct > orders_.limit_from_last_pct) {
            return refuse(RiskCode::limit_far_from_last,
                          fmt::format("limit={} last={} off_pct={:.2f} max_pct={}", to_string(facts.price),
                                      to_string(facts.quote.last), off_pct, orders_.limit_from_last_pct),
                          "the limit {} is {:.2f} % from the last price {}", to_string(facts.price), off_pct,
                          to_string(facts.quote.last));
        }
    }
    if (const Money whole = facts.value + facts.own_value(); whole > orders_.max_value) {
        return with_max_lots(
            refuse(RiskCode::max_value, fmt::format("value={} max={}", to_string(whole), to_string(orders_.max_value)),
                   "the order's value {} is above {}", to_string(whole), to_string(orders_.max_value)),
            orders_.max_value - facts.own_value(), facts.per_lot(facts.value));
    }
    if (instrument.is_option() && facts.quote.has_oi() && facts.quote.oi < risk_.min_open_interest) {
        return refuse(RiskCode::low_open_interest, fmt::format("oi={} min={}", facts.quote.oi, risk_.min_open_interest),
                      "open interest {} is below {}", facts.quote.oi, risk_.min_open_interest);
    }
    return check_usual_size(facts.intent);
}

// A held entry was looked at as a whole when it was accepted; its parts say nothing of the usual size.
RiskGate::Verdict RiskGate::check_usual_size(const Intent& intent) const {
    if (intent.parent.valid()) return std::nullopt;
    const auto usual = usual_.find(intent.strategy.value());
    if (usual == usual_.end() || usual->second.count < kUsualSizeSamplesMin ||
        static_cast<double>(intent.lots) <= orders_.unusual_size_factor * usual->second.mean_lots) {
        return std::nullopt;
    }
    return refuse(RiskCode::unusual_size,
                  fmt::format("lots={} usual={:.1f} factor={}", intent.lots, usual->second.mean_lots,
                              orders_.unusual_size_factor),
                  "{} lots: the usual size is {:.1f}", intent.lots, usual->second.mean_lots);
}

RiskGate::Verdict RiskGate::check_orders(const EntryFacts& facts, const RiskContext& context) const {
    const InstrumentId id = facts.instrument.id;
    if (context.desk.blocked(id)) {
        return refuse(RiskCode::instrument_blocked, "",
                      "{} is blocked until an open question with the broker is resolved", facts.instrument.symbol);
    }
    for (const OrderId live : context.desk.live()) {
        const Order& order = *context.desk.find(live);
        if (order.instrument != id) continue;
        const bool opposite_side = order.side != facts.intent.side;
        return refuse(opposite_side ? RiskCode::self_trade : RiskCode::pending_order,
                      fmt::format("order={} state={}", order.id.value(), name_of(order.state)), "order {} on {} is {}",
                      order.id.value(), facts.instrument.symbol, name_of(order.state));
    }
    // Strategies that want opposite things would pay twice for a position of nothing: the later one is refused.
    for (const Position& position : context.portfolio.open()) {
        if (position.instrument != id || position.side == facts.intent.side) continue;
        return refuse(RiskCode::opposite_position,
                      fmt::format("position={} side={} strategy={}", position.id.value(), name_of(position.side),
                                  position.strategy.value()),
                      "position {} on {} is on the other side", position.id.value(), facts.instrument.symbol);
    }
    if (context.desk.queued() >= static_cast<size_t>(orders_.max_queue)) {
        return refuse(RiskCode::queue_full, fmt::format("queued={} max={}", context.desk.queued(), orders_.max_queue),
                      "{} orders wait to leave", context.desk.queued());
    }
    return check_duplicate(facts.intent, context);
}

// The parts of a held entry are alike by design; the entry itself was looked at when it was accepted.
RiskGate::Verdict RiskGate::check_duplicate(const Intent& intent, const RiskContext& context) const {
    if (intent.parent.valid()) return std::nullopt;
    if (has_decision_bar(intent) && decided_.contains(decision_hash(intent))) {
        return refuse(RiskCode::duplicate_intent, "same=decision_bar",
                      "the same order was already asked for on this bar");
    }
    const auto recent = recent_.find(similar_hash(intent));
    if (recent != recent_.end() && context.now - recent->second < seconds_of(orders_.duplicate_window_s)) {
        const double age_s = seconds_between(recent->second, context.now);
        return refuse(RiskCode::duplicate_intent,
                      fmt::format("age_s={:.1f} window_s={}", age_s, orders_.duplicate_window_s),
                      "the same order was asked for {:.1f} s ago", age_s);
    }
    return std::nullopt;
}

RiskGate::Verdict RiskGate::check_losses(const RiskContext& context) const {
    const Portfolio& portfolio = context.portfolio;
    const Money day_limit = percent_of(portfolio.day_start_equity(), risk_.day_loss_pct);
    if (-portfolio.day_net() >= day_limit) {
        return refuse(RiskCode::daily_loss,
                      fmt::format("day_net={} limit=-{}", to_string(portfolio.day_net()), to_string(day_limit)),
                      "the day's result {} is at the limit", to_string(portfolio.day_net()));
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
    // A child order that adds to its entry's own position opens no other one.
    std::vector<Holding> held = facts.holdings;
    if (facts.own != nullptr) std::erase_if(held, [&](const Holding& h) { return h.position == facts.own->id; });
    const auto n = static_cast<int64_t>(held.size());
    const auto count_where = [&](auto predicate) {
        return static_cast<int64_t>(std::count_if(held.begin(), held.end(), predicate));
    };
    if (const int64_t most = context.halts.max_positions(context.now); n >= most) {
        return refuse(RiskCode::max_positions, fmt::format("positions={} max={}", n, most),
                      "{} positions are open or being opened", n);
    }
    const int64_t on_underlying =
        count_where([&](const Holding& h) { return underlying_of(*h.instrument) == facts.underlying; });
    if (const int64_t most = risk_.max_per_underlying_of(facts.intent.strategy); on_underlying >= most) {
        return refuse(RiskCode::max_per_underlying, fmt::format("on_underlying={} max={}", on_underlying, most),
                      "{} positions on this underlying", on_underlying);
    }
    if (n >= risk_.concentration_from) {
        const auto share_pct = [&](int64_t same) {
            return 100.0 * static_cast<double>(same + 1) / static_cast<double>(n + 1);
        };
        const double direction_pct =
            share_pct(count_where([&](const Holding& h) { return h.direction == facts.direction; }));
        if (direction_pct > risk_.same_direction_pct) {
            return refuse(RiskCode::same_direction,
                          fmt::format("share_pct={:.1f} max_pct={}", direction_pct, risk_.same_direction_pct),
                          "{:.0f} % of positions would profit from the same direction", direction_pct);
        }
        const InstrumentBook& book = context.prices.instruments();
        const auto sector = [&](InstrumentId id) { return risk_.sector_of(book.get(id).symbol); };
        const double sector_pct = share_pct(count_where(
            [&](const Holding& h) { return sector(underlying_of(*h.instrument)) == sector(facts.underlying); }));
        if (sector_pct > risk_.same_sector_pct) {
            return refuse(RiskCode::same_sector,
                          fmt::format("sector={} share_pct={:.1f} max_pct={}", sector(facts.underlying), sector_pct,
                                      risk_.same_sector_pct),
                          "{:.0f} % of positions would be in {}", sector_pct, sector(facts.underlying));
        }
    }
    if (n + 1 >= risk_.two_expiries_from && facts.instrument.expiry &&
        count_where([&](const Holding& h) { return h.instrument->expiry == facts.instrument.expiry; }) == n) {
        return refuse(RiskCode::one_expiry,
                      fmt::format("positions={} expiry={}", n + 1, format_date(*facts.instrument.expiry)),
                      "all {} positions would expire on {}", n + 1, format_date(*facts.instrument.expiry));
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

RiskGate::Verdict RiskGate::check_size(const EntryFacts& facts, const RiskContext& context) const {
    const Money equity = context.portfolio.equity();
    const double factor = context.halts.size_factor(context.now);
    const Money size_limit = percent_of(equity, risk_.position_size_pct * factor);
    const Quantity own = facts.own == nullptr ? Quantity() : facts.own->quantity;
    const Money held = own.units() == 0 ? Money()
                                        : margin_for(facts.instrument, facts.intent.side, own, facts.own->last_price,
                                                     facts.underlying_last);
    if (facts.committed + held > size_limit) {
        return with_max_lots(refuse(RiskCode::position_size,
                                    fmt::format("value={} max={} size_factor={}", to_string(facts.committed + held),
                                                to_string(size_limit), factor),
                                    "one position may have {} now, this one has {}", to_string(size_limit),
                                    to_string(facts.committed + held)),
                             size_limit - held, facts.per_lot(facts.committed));
    }
    const Money loss = loss_per_unit(risk_, facts.intent, facts.instrument, facts.price, facts.underlying_last) *
                       (facts.quantity + own);
    const Money loss_limit = percent_of(equity, risk_.trade_loss_pct);
    if (loss > loss_limit) {
        return with_max_lots(
            refuse(RiskCode::trade_loss, fmt::format("loss={} max={}", to_string(loss), to_string(loss_limit)),
                   "the trade could lose {}, the limit is {}", to_string(loss), to_string(loss_limit)),
            loss_limit, scale(loss, facts.instrument.lot.units(), (facts.quantity + own).units()));
    }
    Money on_underlying;
    for (const Holding& h : facts.holdings) {
        if (underlying_of(*h.instrument) == facts.underlying) on_underlying += h.value;
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
    const double vix = context.prices.vix().level;
    NetGreeks before;
    for (const Holding& h : facts.holdings) {
        const double underlying = context.prices.underlying_last(*h.instrument).value_or(Price()).to_double();
        const NetGreeks g = greeks_of(*h.instrument, h.side, h.quantity, underlying, vix, context.now);
        before.delta_value += g.delta_value;
        before.vega_value += g.vega_value;
        before.gamma_value += g.gamma_value;
        before.theta_value += g.theta_value;
    }
    const NetGreeks own = greeks_of(facts.instrument, facts.intent.side, facts.quantity,
                                    facts.underlying_last.to_double(), vix, context.now);
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

RiskGate::Verdict RiskGate::check_cash(const EntryFacts& facts, const RiskContext& context) const {
    const auto charges =
        context.charges.estimate(facts.instrument, facts.intent.side, facts.value, ist_date(context.now));
    if (!charges) return refuse(RiskCode::no_charges, "", "{}", charges.error().message);
    Money reserved;
    for (const Holding& h : facts.holdings) reserved += h.reserved;
    const Money needed = facts.committed + *charges;
    const Money free = context.portfolio.cash() - reserved;
    if (needed > free) {
        return with_max_lots(
            refuse(RiskCode::cash, fmt::format("needed={} free={}", to_string(needed), to_string(free)),
                   "{} needed, {} free", to_string(needed), to_string(free)),
            free, facts.per_lot(needed));
    }
    const Money equity = context.portfolio.equity();
    const Money used = context.portfolio.margin_used() + reserved;
    const Money limit = percent_of(equity, risk_.margin_entry_pct);
    if (used + needed > limit) {
        return with_max_lots(refuse(RiskCode::margin,
                                    fmt::format("margin_pct={:.1f} max_pct={}", percent_ratio(used + needed, equity),
                                                risk_.margin_entry_pct),
                                    "margin in use would be {:.1f} % of equity", percent_ratio(used + needed, equity)),
                             limit - used, facts.per_lot(needed));
    }
    return std::nullopt;
}

// ---- memory

void RiskGate::note_accepted(const Intent& intent, ReceiveTime now) {
    if (intent.kind != IntentKind::enter) return;
    recent_[similar_hash(intent)] = now;
    if (has_decision_bar(intent)) decided_.insert(decision_hash(intent));
    UsualSize& usual = usual_[intent.strategy.value()];
    usual.count = std::min(usual.count + 1, kUsualSizeMemory);
    usual.mean_lots += (static_cast<double>(intent.lots) - usual.mean_lots) / static_cast<double>(usual.count);
}

void RiskGate::start_day() {
    recent_.clear();
    decided_.clear();
}

}  // namespace tide
