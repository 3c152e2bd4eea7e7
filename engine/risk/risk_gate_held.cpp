#include <fmt/format.h>

#include "risk/risk_gate.hpp"
#include "trading/margin.hpp"

// Entries that the engine is asked to hold, and levels on the premium. Only what cannot change until their orders are
// let go is judged here; each of those orders is judged by itself, at its own moment.
namespace tide {
namespace {

template <class... Args>
RiskVerdict refuse(RiskCode code, std::string values, fmt::format_string<Args...> text, Args&&... args) {
    return {code, std::move(values), fmt::format(text, std::forward<Args>(args)...), std::nullopt};
}

bool bad_percent(const std::optional<double>& pct) { return pct && !(*pct > 0 && *pct < 100); }

}  // namespace

RiskVerdict RiskGate::evaluate_held(const Intent& intent, const RiskContext& context) const {
    const Instrument* instrument = context.prices.instruments().find(intent.instrument);
    if (instrument == nullptr) {
        return refuse(RiskCode::unknown_instrument, fmt::format("instrument={}", intent.instrument.value()),
                      "the instrument is not known to this session");
    }
    if (auto no = check_form(intent, *instrument, context)) return *no;
    if (auto no = check_level_form(intent)) return *no;
    if (const std::string wrong = wrong_in_terms(intent.terms, intent.lots); !wrong.empty())
        return refuse(RiskCode::bad_terms, terms_text(intent.terms), "{}", wrong);
    if (auto no = check_halts(intent, context)) return *no;
    if (context.manual_mode && intent.strategy.valid())
        return refuse(RiskCode::manual_mode, "", "manual mode is on: only the operator opens positions");
    if (auto no = check_validity(intent, *instrument, context)) return *no;
    if (auto no = check_trigger(intent, *instrument, context)) return *no;
    if (auto no = check_usual_size(intent)) return *no;
    if (auto no = check_duplicate(intent, context)) return *no;
    const size_t held = context.parents == nullptr ? 0 : context.parents->live_count(intent.strategy);
    if (held >= static_cast<size_t>(orders_.max_parents)) {
        return refuse(RiskCode::too_many_parents, fmt::format("held={} max={}", held, orders_.max_parents),
                      "{} entries of this strategy are held", held);
    }
    return {RiskCode::ok, fmt::format("lots={} {}", intent.lots, terms_text(intent.terms)), "passed", std::nullopt};
}

// Whether a moment can come at which it may act.
RiskGate::Verdict RiskGate::check_validity(const Intent& intent, const Instrument& instrument,
                                           const RiskContext& context) const {
    const EntryTerms& terms = intent.terms;
    const Date today = ist_date(context.now);
    const auto window = entry_window(instrument, context);
    const bool today_open = window && context.now < window->until;
    if (terms.good_till == GoodTill::date) {
        // One of an earlier session comes before the day's hours are known.
        const bool no_more_today = window ? !today_open : !terms.after_market;
        const bool over = terms.good_till_date < today || (terms.good_till_date == today && no_more_today);
        const bool beyond = instrument.expiry && terms.good_till_date > *instrument.expiry;
        if (!over && !beyond) return std::nullopt;
        return refuse(RiskCode::bad_good_till, fmt::format("good_till={}", format_date(terms.good_till_date)), "{}: {}",
                      format_date(terms.good_till_date),
                      over ? "no entry is possible any more on that day" : "after the contract's last day");
    }
    if (!today_open && !terms.after_market) {
        return refuse(RiskCode::after_entry_window,
                      fmt::format("time={}", format_time_of_day(ist_since_midnight(context.now))),
                      "no entry is possible today any more: after_market waits for the next day");
    }
    if (terms.good_till != GoodTill::time || !today_open) return std::nullopt;
    const ReceiveTime until = at(today, minutes(terms.good_till_minute));
    if (until > context.now && until > window->from) return std::nullopt;
    return refuse(RiskCode::bad_good_till, fmt::format("good_till={}", good_till_text(terms)),
                  "no entry is possible before {} today", good_till_text(terms));
}

// As exchanges have it: a buy stop lies above the last price, a sell stop below. Looking at the underlying, the side is
// that of the position: a long put is entered when its underlying falls.
RiskGate::Verdict RiskGate::check_trigger(const Intent& intent, const Instrument& instrument,
                                          const RiskContext& context) const {
    const EntryTerms& terms = intent.terms;
    if (!terms.triggered()) return std::nullopt;
    const bool own = terms.trigger_on == TriggerOn::instrument;
    const InstrumentId watched = own || !instrument.underlying.valid() ? instrument.id : instrument.underlying;
    const auto last = context.prices.last(watched, context.now);
    if (!last && terms.after_market) return std::nullopt;  // the next window's first price decides
    if (!last) {
        return refuse(RiskCode::no_quote, fmt::format("trigger_on={}", name_of(terms.trigger_on)),
                      "{} has no price yet: a trigger is set against the last one",
                      context.prices.instruments().get(watched).symbol);
    }
    if (!terms.trigger) return std::nullopt;
    const int direction = own ? static_cast<int>(sign_of(intent.side)) : underlying_direction(instrument, intent.side);
    if (direction > 0 ? *terms.trigger > *last : *terms.trigger < *last) return std::nullopt;
    return refuse(RiskCode::trigger_side,
                  fmt::format("trigger={} last={} trigger_on={}", to_string(*terms.trigger), to_string(*last),
                              name_of(terms.trigger_on)),
                  "the trigger {} must be {} the last price {}", to_string(*terms.trigger),
                  direction > 0 ? "above" : "below", to_string(*last));
}

// Levels without any price: a cover entry has a stop, percentages are ones.
RiskGate::Verdict RiskGate::check_level_form(const Intent& intent) const {
    const PremiumLevels& premium = intent.premium;
    const bool stop = intent.stop || intent.stop_pct || premium.stop || premium.stop_pct || intent.trail_stop_pct;
    if (intent.cover && !stop) return refuse(RiskCode::no_stop, "", "a cover entry needs a stop");
    const bool both = (premium.stop && premium.stop_pct) || (premium.target && premium.target_pct);
    const bool below_zero =
        (premium.stop && !premium.stop->positive()) || (premium.target && !premium.target->positive());
    const bool target_wrong = premium.target_pct && !(*premium.target_pct > 0 && *premium.target_pct <= 1'000);
    if (!both && !below_zero && !target_wrong && !bad_percent(premium.stop_pct) && !bad_percent(intent.trail_stop_pct))
        return std::nullopt;
    return refuse(RiskCode::bad_levels, "",
                  "a level on the premium is a price above zero or a percentage of it, and a stop trails by a "
                  "percentage below 100");
}

RiskGate::Verdict RiskGate::check_premium_levels(const Intent& intent, Price last) const {
    if (auto no = check_level_form(intent)) return no;
    const auto& [stop, target, stop_pct, target_pct] = intent.premium;
    const bool buy = intent.side == Side::buy;
    const bool stop_wrong = stop && (buy ? *stop >= last : *stop <= last);
    const bool target_wrong = target && (buy ? *target <= last : *target >= last);
    if (!stop_wrong && !target_wrong) return std::nullopt;
    std::string values = fmt::format("premium={}", to_string(last));
    if (stop) values += " premium_stop=" + to_string(*stop);
    if (target) values += " premium_target=" + to_string(*target);
    return refuse(RiskCode::bad_levels, std::move(values),
                  "the stop must lie against the position and the target with it, from the premium at {}",
                  to_string(last));
}

RiskVerdict RiskGate::evaluate_parent_cancel(const Intent& intent, const RiskContext& context) const {
    const ParentOrder* parent = context.parents == nullptr ? nullptr : context.parents->find(intent.parent);
    const std::string values = fmt::format("parent={}", intent.parent.value());
    if (parent == nullptr || !parent->live())
        return refuse(RiskCode::unknown_order, values, "entry {} is not held", intent.parent.value());
    if (intent.strategy.valid() && parent->intent.strategy != intent.strategy) {
        return refuse(RiskCode::not_your_order, values, "entry {} belongs to another strategy", intent.parent.value());
    }
    return {RiskCode::ok, values, "passed", std::nullopt};
}

}  // namespace tide
