#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "risk/entry_facts.hpp"

// What is looked at of each instrument that is to be bought or sold: its form, hours, prices, limits and orders.
namespace tide {
namespace {

constexpr int64_t kUsualSizeSamplesMin = 5;  // before that there is no "usual" size
constexpr int64_t kUsualSizeMemory = 20;     // entries that the running mean remembers

Duration minutes_of(double m) { return Duration(static_cast<int64_t>(std::llround(m * 60e9))); }
Duration seconds_of(double s) { return Duration(static_cast<int64_t>(std::llround(s * 1e9))); }

template <class... Args>
RiskVerdict refuse(RiskCode code, std::string values, fmt::format_string<Args...> text, Args&&... args) {
    return {code, std::move(values), fmt::format(text, std::forward<Args>(args)...), std::nullopt};
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

// Of a group the refusal says which leg it is about.
RiskVerdict told_of_leg(RiskVerdict no, size_t leg, size_t legs) {
    if (legs == 1) return no;
    no.values = fmt::format("leg={}{}{}", leg + 1, no.values.empty() ? "" : " ", no.values);
    no.text = fmt::format("leg {}: {}", leg + 1, no.text);
    return no;
}

}  // namespace

Intent leg_intent(const Intent& group, size_t leg) {
    Intent intent;
    intent.kind = IntentKind::enter;
    intent.strategy = group.strategy;
    intent.decided = group.decided;
    intent.decision_bar = group.decision_bar;
    intent.instrument = group.legs[leg].instrument;
    intent.side = group.legs[leg].side;
    intent.lots = group.legs[leg].lots;
    intent.limit = group.legs[leg].limit;
    intent.tag = group.tag;
    intent.why = group.why;
    intent.group = GroupId(group.id.value());
    return intent;
}

RiskVerdict RiskGate::evaluate_entry(const Intent& intent, const RiskContext& context) const {
    const std::vector<const Intent*> one{&intent};
    return evaluate_legs(intent, one, context);
}

RiskVerdict RiskGate::evaluate_group(const Intent& intent, const RiskContext& context) const {
    const size_t count = intent.legs.size();
    if (count < kGroupLegsMin || count > kGroupLegsMax) {
        return refuse(RiskCode::bad_group, fmt::format("legs={} min={} max={}", count, kGroupLegsMin, kGroupLegsMax),
                      "a group has {} to {} legs, not {}", kGroupLegsMin, kGroupLegsMax, count);
    }
    std::vector<Intent> intents;
    std::vector<const Intent*> legs;
    for (size_t i = 0; i < count; ++i) intents.push_back(leg_intent(intent, i));
    InstrumentId underlying;
    for (size_t i = 0; i < count; ++i) {
        const Instrument* instrument = context.prices.instruments().find(intents[i].instrument);
        const auto same = std::find_if(intents.begin(), intents.begin() + static_cast<std::ptrdiff_t>(i),
                                       [&](const Intent& other) { return other.instrument == intents[i].instrument; });
        const bool twice = same != intents.begin() + static_cast<std::ptrdiff_t>(i);
        const InstrumentId own = instrument == nullptr ? underlying : underlying_of(*instrument);
        if (i == 0) underlying = own;
        if (twice || own != underlying) {
            return refuse(RiskCode::bad_group, fmt::format("leg={}", i + 1), "leg {}: {}", i + 1,
                          twice ? "its instrument is another leg's too" : "the legs of a group are on one underlying");
        }
        legs.push_back(&intents[i]);
    }
    if (intent.max_loss && *intent.max_loss <= Money()) {
        return refuse(RiskCode::bad_group, fmt::format("max_loss={}", to_string(*intent.max_loss)),
                      "max_loss must be above zero");
    }
    return evaluate_legs(intent, legs, context);
}

// The sold legs of a group, whose bought legs are filled, are looked at again before they leave: but for what was
// decided about the group as a whole, and for being asked for twice.
RiskVerdict RiskGate::evaluate_release(const Intent& leg, const RiskContext& context) const {
    const Instrument& instrument = context.prices.instruments().get(leg.instrument);
    if (auto no = check_halts(leg, context)) return *no;
    std::vector<EntryLeg> legs;
    if (auto no = gather_leg(leg, instrument, context, legs)) return *no;
    if (auto no = check_vix(context)) return *no;
    if (auto no = check_order_limits(legs.front())) return *no;
    if (auto no = check_orders(legs.front(), context)) return *no;
    return {RiskCode::ok, fmt::format("lots={} group={}", leg.lots, leg.group.value()), "passed", std::nullopt};
}

// Hours, prices and data of a leg; then it stands in `legs`.
RiskGate::Verdict RiskGate::gather_leg(const Intent& intent, const Instrument& instrument, const RiskContext& context,
                                       std::vector<EntryLeg>& legs) const {
    if (auto no = check_session(intent, instrument, context)) return no;
    const auto quote = context.prices.quote(instrument.id, context.now);
    if (!quote) return refuse(RiskCode::no_quote, "", "{} has no price yet", instrument.symbol);
    const Price price = intent.limit ? *intent.limit
                                     : marketable_limit(intent.side, &*quote, quote->last, orders_.protection_band_pct,
                                                        instrument.tick);
    const Quantity quantity(intent.lots * instrument.lot.units());
    legs.push_back({intent, instrument, underlying_of(instrument), underlying_direction(instrument, intent.side),
                    quantity, *quote, context.prices.underlying_last(instrument).value_or(Price()), price,
                    price * quantity, intent.position.valid() ? context.portfolio.find(intent.position) : nullptr});
    if (auto no = check_data(instrument.id, legs.back().underlying, context)) return no;
    return check_prices(legs.back(), context);
}

RiskVerdict RiskGate::evaluate_legs(const Intent& intent, const std::vector<const Intent*>& intents,
                                    const RiskContext& context) const {
    const size_t count = intents.size();
    const InstrumentBook& book = context.prices.instruments();
    for (size_t i = 0; i < count; ++i) {
        const Instrument* found = book.find(intents[i]->instrument);
        if (found == nullptr) {
            auto no = refuse(RiskCode::unknown_instrument, fmt::format("instrument={}", intents[i]->instrument.value()),
                             "the instrument is not known to this session");
            return told_of_leg(std::move(no), i, count);
        }
        if (auto no = check_form(*intents[i], *found, context)) return told_of_leg(std::move(*no), i, count);
    }
    if (auto no = check_halts(intent, context)) return *no;
    if (context.manual_mode && intent.strategy.valid()) {
        return refuse(RiskCode::manual_mode, "", "manual mode is on: only the operator opens positions");
    }
    std::vector<EntryLeg> legs;
    legs.reserve(count);
    for (size_t i = 0; i < count; ++i) {
        if (auto no = gather_leg(*intents[i], book.get(intents[i]->instrument), context, legs)) {
            return told_of_leg(std::move(*no), i, count);
        }
    }
    if (auto no = check_vix(context)) return *no;
    if (auto no = check_levels(legs.front())) return *no;
    if (auto no = check_premium_levels(*intents.front(), legs.front().quote.last)) return *no;
    for (size_t i = 0; i < count; ++i) {
        if (auto no = check_order_limits(legs[i])) return told_of_leg(std::move(*no), i, count);
        if (auto no = check_orders(legs[i], context)) return told_of_leg(std::move(*no), i, count);
        if (auto no = check_duplicate(*intents[i], context)) return told_of_leg(std::move(*no), i, count);
    }
    if (auto no = check_losses(intent, context)) return *no;
    return evaluate_portfolio(intent, legs, context);
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
    const StrategyLimits* own = risk_.limits_of(intent.strategy);
    if (own != nullptr && own->max_lots && intent.lots > *own->max_lots) {
        auto no =
            refuse(RiskCode::max_lots, fmt::format("lots={} max_lots={} of={}", intent.lots, *own->max_lots, own->name),
                   "{} lots: {} may enter {} at once", intent.lots, own->name, *own->max_lots);
        no.max_lots = *own->max_lots;
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

RiskGate::Verdict RiskGate::check_halts(const Intent& intent, const RiskContext& context) const {
    const Halt* halt = context.halts.first();
    if (halt == nullptr) {
        const StrategyHalt* own = intent.strategy.valid() ? context.halts.of_strategy(intent.strategy) : nullptr;
        if (own == nullptr) return std::nullopt;
        return refuse(RiskCode::strategy_loss, own->values, "{}", own->text);
    }
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

RiskGate::Verdict RiskGate::check_prices(const EntryLeg& facts, const RiskContext& context) const {
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

RiskGate::Verdict RiskGate::check_levels(const EntryLeg& facts) const {
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

RiskGate::Verdict RiskGate::check_order_limits(const EntryLeg& facts) const {
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

RiskGate::Verdict RiskGate::check_orders(const EntryLeg& facts, const RiskContext& context) const {
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
    return std::nullopt;
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
