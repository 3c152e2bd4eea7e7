#include "market/volatility_state.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace tide {

void VolatilitySettings::register_in(SettingsRegistry& registry) {
    registry.add("volatility.vix_normal", vix_normal, 1, 200, "points", "VIX from which it counts as normal, not low");
    registry.add("volatility.vix_elevated", vix_elevated, 1, 200, "points", "VIX from which it counts as elevated");
    registry.add("volatility.vix_high", vix_high, 1, 200, "points", "VIX from which it counts as high");
    registry.add("volatility.vix_extreme", vix_extreme, 1, 200, "points", "VIX from which it counts as extreme");
    registry.add("volatility.vix_hysteresis", vix_hysteresis, 0, 20, "points",
                 "a class of the VIX is left downwards this far below its limit");
    registry.add("regime.timeframe", timeframe, {"5m", "15m", "30m", "1h", "1d"},
                 "bars that the market regime is judged by");
    registry.add("regime.period", period, 2, 200, "bars", "period of its ADX and ATR");
    registry.add("regime.adx_trending", adx_trending, 1, 100, "", "ADX from which a market trends");
    registry.add("regime.adx_ranging", adx_ranging, 0, 100, "", "ADX below which a trend has ended");
    registry.add("regime.volatile_percentile", volatile_percentile, 50, 100, "%",
                 "percentile of the ATR from which a market is volatile");
    registry.add("regime.quiet_percentile", quiet_percentile, 0, 50, "%",
                 "percentile of the ATR up to which a market without a trend is quiet");
    registry.add("regime.percentile_hysteresis", percentile_hysteresis, 0, 50, "%",
                 "volatile and quiet are left this far inside their limits");
    registry.add("regime.percentile_bars", percentile_bars, 10, 5'000, "bars", "past that the percentile is among");
    registry.add("regime.percentile_bars_min", percentile_bars_min, 5, 5'000, "bars",
                 "without so many of them there is no percentile");
    registry.add("regime.gap_pct", gap_pct, 0.1, 20, "%", "opening from which on a day begins with the regime 'gap'");
    registry.add("regime.gap_min", gap_min, 0, 375, "minutes", "for so long from its first bar");
}

std::string_view name_of(VixClass level) {
    static constexpr std::array<std::string_view, 6> kNames{"", "low", "normal", "elevated", "high", "extreme"};
    return kNames[static_cast<size_t>(level)];
}
std::string_view name_of(Regime regime) {
    static constexpr std::array<std::string_view, 6> kNames{"", "trending", "ranging", "volatile", "quiet", "gap"};
    return kNames[static_cast<size_t>(regime)];
}

VixClass next_vix_class(VixClass before, double level, const VolatilitySettings& settings) {
    if (!std::isfinite(level)) return before;
    const std::array limits{settings.vix_normal, settings.vix_elevated, settings.vix_high, settings.vix_extreme};
    VixClass next = VixClass::low;
    for (size_t i = 0; i < limits.size(); ++i) {
        const auto above = static_cast<VixClass>(i + 2);
        const double limit = before >= above ? limits[i] - settings.vix_hysteresis : limits[i];
        // Falling exactly to the lower limit leaves the class.
        if (before >= above ? level > limit : level >= limit) next = above;
    }
    return next;
}

Regime next_regime(Regime before, const RegimeInputs& inputs, const VolatilitySettings& settings) {
    const double rank = inputs.atr_percentile;  // comparisons with NaN are false
    const double give = settings.percentile_hysteresis;
    if (inputs.vix >= VixClass::high) return Regime::turbulent;
    if (rank >= settings.volatile_percentile - (before == Regime::turbulent ? give : 0)) return Regime::turbulent;
    if (std::isnan(inputs.adx)) return Regime::unknown;
    if (inputs.adx >= (before == Regime::trending ? settings.adx_ranging : settings.adx_trending))
        return Regime::trending;
    if (rank <= settings.quiet_percentile + (before == Regime::quiet ? give : 0)) return Regime::quiet;
    return Regime::ranging;
}

VolatilityState::VolatilityState(const VolatilitySettings& settings)
    : settings_(settings), timeframe_(*parse_timeframe(settings.timeframe)) {}

void VolatilityState::on_instrument(const Instrument& instrument) {
    if (instrument.kind == InstrumentKind::volatility_index) vix_ = instrument.id;
    if (instrument.kind != InstrumentKind::index && instrument.kind != InstrumentKind::equity) return;
    const size_t i = instrument.id.value();
    if (i >= underlyings_.size()) underlyings_.resize(i + 1);
    if (!underlyings_[i]) underlyings_[i] = std::make_unique<Underlying>(settings_);
}

void VolatilityState::start_day() {
    readings_.clear();
    next_reading_ = {};
    vix_before_ = vix_level_;
    for (const auto& underlying : underlyings_) {
        if (underlying) underlying->gap = false;
    }
    live_ = true;
    for (size_t i = 0; i < underlyings_.size(); ++i) {
        if (underlyings_[i]) settle(InstrumentId(static_cast<uint32_t>(i)), *underlyings_[i]);
    }
}

void VolatilityState::on_bar(const Bar& bar, double gap_pct) {
    // A daily VIX of the past is what the first traded day is compared with.
    if (bar.instrument == vix_ && bar.is_history()) vix_level_ = bar.close.to_double();
    Underlying* underlying = find(bar.instrument);
    if (underlying == nullptr) return;
    const bool measured = bar.timeframe == timeframe_;
    if (measured) measure(*underlying, bar);
    const bool minute = bar.timeframe == Timeframe::m1 && !bar.is_history();
    if (minute) look_at_gap(*underlying, bar, gap_pct);
    if (measured || minute) settle(bar.instrument, *underlying);
}

// Share of the past below the newest value, equal ones by half.
void VolatilityState::measure(Underlying& underlying, const Bar& bar) {
    const BarValues values = bar_values(bar);
    underlying.adx.update(values);
    underlying.natr.update(values);
    underlying.inputs.adx = underlying.adx.value();
    const double now = underlying.natr.value();
    if (std::isnan(now)) return;
    const Ring<double>& past = underlying.past;
    if (past.size() >= static_cast<size_t>(settings_.percentile_bars_min)) {
        double below = 0;
        for (size_t i = 0; i < past.size(); ++i) below += past[i] < now ? 1 : past[i] == now ? 0.5 : 0;
        underlying.inputs.atr_percentile = 100 * below / static_cast<double>(past.size());
    }
    underlying.past.push(now);
}

void VolatilityState::look_at_gap(Underlying& underlying, const Bar& bar, double gap_pct) {
    const ReceiveTime end = as_receive_time(bar.start) + minutes(1);
    const Date day = ist_date(bar.start);
    if (std::fabs(gap_pct) >= settings_.gap_pct && underlying.gap_day != day) {
        underlying.gap_day = day;
        underlying.gap_pct = gap_pct;
        underlying.gap_end =
            as_receive_time(bar.start) + Duration(static_cast<int64_t>(std::llround(settings_.gap_min * 60e9)));
        underlying.gap = true;
    }
    if (underlying.gap && end >= underlying.gap_end) underlying.gap = false;
}

void VolatilityState::settle(InstrumentId id, Underlying& underlying) {
    underlying.inputs.vix = vix_class_;
    underlying.base = next_regime(underlying.base, underlying.inputs, settings_);
    if (!live_) return;
    const Regime now = underlying.gap ? Regime::gap : underlying.base;
    if (now == underlying.shown) return;
    std::string values;
    const auto add = [&values](std::string_view name, double value) {
        if (!std::isnan(value)) values += fmt::format("{}{}={:.4g}", values.empty() ? "" : " ", name, value);
    };
    add("adx", underlying.inputs.adx);
    add("atr_percentile", underlying.inputs.atr_percentile);
    if (underlying.gap) add("gap_pct", underlying.gap_pct);
    if (vix_class_ != VixClass::unknown)
        values += fmt::format("{}vix={}", values.empty() ? "" : " ", name_of(vix_class_));
    changes_.push_back({id, name_of(underlying.shown), name_of(now), std::move(values)});
    underlying.shown = now;
}

void VolatilityState::read_vix(ReceiveTime now, double level) {
    if (!std::isfinite(level) || level <= 0) return;
    vix_level_ = level;
    if (now >= next_reading_) {
        readings_.push({now, level});
        next_reading_ = now + minutes(1);
    }
    settle_vix();
}

void VolatilityState::settle_vix() {
    vix_class_ = next_vix_class(vix_class_, vix_level_, settings_);
    if (!live_ || vix_class_ == vix_told_) return;
    changes_.push_back({{}, name_of(vix_told_), name_of(vix_class_), fmt::format("vix={:.4g}", vix_level_)});
    vix_told_ = vix_class_;
    for (size_t i = 0; i < underlyings_.size(); ++i) {
        if (underlyings_[i]) settle(InstrumentId(static_cast<uint32_t>(i)), *underlyings_[i]);
    }
}

double VolatilityState::vix_change(ReceiveTime now, Duration window) const {
    for (size_t back = 0; back < readings_.size(); ++back) {
        if (readings_[back].time <= now - window) return vix_level_ - readings_[back].level;
    }
    return kNoIndicatorValue;
}

double VolatilityState::vix_change_today() const { return vix_level_ - vix_before_; }

Regime VolatilityState::regime(InstrumentId underlying) const {
    const size_t i = underlying.value();
    return i < underlyings_.size() && underlyings_[i] ? underlyings_[i]->shown : Regime::unknown;
}

}  // namespace tide
