#include <fmt/format.h>

#include <array>
#include <cmath>

#include "risk/risk_gate.hpp"

// What the data behind an entry is worth: of the feed, the instrument and its underlying.
namespace tide {
namespace {

RiskVerdict refuse(RiskCode code, std::string values, std::string text) {
    return {code, std::move(values), std::move(text), std::nullopt};
}
std::string subject_name(const RiskContext& context, InstrumentId id) {
    const Instrument* instrument = id.valid() ? context.prices.instruments().find(id) : nullptr;
    return instrument == nullptr ? "feed" : instrument->symbol;
}

std::optional<RiskVerdict> check_quality(const RiskContext& context, InstrumentId id) {
    const DataQuality& quality = *context.quality;
    const auto bad = [&](QualityKind kind) -> std::optional<QualityState> {
        const QualityState state = quality.state(id, kind, context.now);
        return state.applicable && state.bad ? std::optional(state) : std::nullopt;
    };
    const auto of = [&] { return "of=" + subject_name(context, id); };
    if (const auto frozen = bad(QualityKind::frozen)) {
        return refuse(RiskCode::data_frozen,
                      fmt::format("{} stood_s={:.1f} max_s={}", of(), frozen->value, frozen->limit),
                      fmt::format("the data of {} has not moved for {:.0f} s although ticks come",
                                  subject_name(context, id), frozen->value));
    }
    if (const auto skewed = bad(QualityKind::skewed)) {
        return refuse(RiskCode::data_skewed, fmt::format("skew_s={:.1f} max_s={}", skewed->value, skewed->limit),
                      fmt::format("the feed's stamps run {:.0f} s {} receipt", std::fabs(skewed->value),
                                  skewed->value > 0 ? "behind" : "ahead of"));
    }
    const auto missing = id.valid() ? bad(QualityKind::missing) : std::nullopt;
    const double most = quality.settings().missing_refuse_pct;
    if (missing && missing->value >= most) {
        return refuse(RiskCode::data_missing,
                      fmt::format("{} missing_pct={:.1f} max_pct={}", of(), missing->value, most),
                      fmt::format("{:.1f} % of the expected ticks of {} did not come", missing->value,
                                  subject_name(context, id)));
    }
    // An option may be quiet: of those the age of the price decides (stale_quote).
    const Instrument* instrument = id.valid() ? context.prices.instruments().find(id) : nullptr;
    const bool quiet_kind = instrument != nullptr && instrument->is_option();
    if (const auto gaps = quiet_kind ? std::nullopt : bad(QualityKind::gaps)) {
        return refuse(
            RiskCode::data_gaps, fmt::format("{} silences={:.0f} max={:.0f}", of(), gaps->value, gaps->limit),
            fmt::format("{} fell silent {:.0f} times in a short time", subject_name(context, id), gaps->value));
    }
    return std::nullopt;
}

std::optional<RiskVerdict> check_suspect(const RiskContext& context, InstrumentId id) {
    if (!context.prices.suspect(id)) return std::nullopt;
    const HeldTick* held = context.prices.held(id);
    const std::string symbol = subject_name(context, id);
    const auto last = context.prices.last(id, context.now);
    std::string values = "of=" + symbol;
    if (last) values += " last=" + to_string(*last);
    if (held != nullptr) values += " suspect=" + to_string(held->tick.last);
    return refuse(RiskCode::price_suspect, std::move(values),
                  fmt::format("the newest price of {} is outside its band and not confirmed yet", symbol));
}

}  // namespace

RiskGate::Verdict RiskGate::check_data(InstrumentId instrument, InstrumentId underlying,
                                       const RiskContext& context) const {
    if (context.quality != nullptr) {
        for (const InstrumentId id : {InstrumentId(), instrument, underlying}) {
            if (auto no = check_quality(context, id)) return no;
        }
    }
    for (const InstrumentId id : {instrument, underlying}) {
        if (auto no = check_suspect(context, id)) return no;
    }
    const OpeningGap* gap = context.gaps == nullptr ? nullptr : context.gaps->find_gap(underlying);
    if (gap == nullptr || !gap->mode) return std::nullopt;
    const std::string until = format_time_of_day(ist_since_midnight(gap->until));
    return refuse(RiskCode::gap_mode, fmt::format("gap_pct={:.2f} until={}", gap->pct, until),
                  fmt::format("{} opened {:+.2f} % from its previous close: no entries until {}",
                              subject_name(context, underlying), gap->pct, until));
}

}  // namespace tide
