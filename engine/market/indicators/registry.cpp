#include "market/indicators/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/settings.hpp"
#include "market/indicators/anchored_vwap.hpp"
#include "market/indicators/directional.hpp"
#include "market/indicators/levels.hpp"
#include "market/indicators/moving_averages.hpp"
#include "market/indicators/oscillators.hpp"
#include "market/indicators/swings.hpp"
#include "market/indicators/volatility.hpp"
#include "market/indicators/volume.hpp"
#include "market/indicators/volume_profile.hpp"

namespace tide {
namespace {

using Parameters = std::span<const double>;

// A parameter as the constructor wants it: periods are whole numbers, the rest doubles.
struct Argument {
    double value;
    operator int64_t() const { return static_cast<int64_t>(value); }  // NOLINT: chosen by the constructor's type
    operator double() const { return value; }                         // NOLINT
};

template <class T, size_t... I>
std::unique_ptr<Indicator> construct([[maybe_unused]] Parameters parameters, std::index_sequence<I...>) {
    return std::make_unique<T>(Argument{parameters[I]}...);
}
template <class T, size_t Count>
std::unique_ptr<Indicator> make(Parameters parameters) {
    TIDE_ASSERT(parameters.size() == Count);
    return construct<T>(parameters, std::make_index_sequence<Count>());
}

constexpr double kLongest = 2000;
constexpr IndicatorParameter period(double default_value, double min = 1) {
    return {"period", default_value, min, kLongest, true};
}
constexpr IndicatorParameter bars(std::string_view name, double default_value) {
    return {name, default_value, 1, kLongest, true};
}
constexpr IndicatorParameter factor(std::string_view name, double default_value, double min, double max) {
    return {name, default_value, min, max, false};
}

constexpr bool kPlain = false, kVolume = true;
template <class T, const auto& ParameterArray>
constexpr IndicatorSpec spec(std::string_view name, bool needs_volume, std::string_view help,
                             IndicatorReadiness readiness = IndicatorReadiness::warm_up) {
    static_assert(T::kOutputs.size() <= kMaxIndicatorOutputs);
    return {name, ParameterArray, T::kOutputs, needs_volume, readiness, help, &make<T, ParameterArray.size()>};
}
constexpr auto kMarket = IndicatorReadiness::market;
constexpr auto kEachDay = IndicatorReadiness::each_day;

template <size_t N>
using ParameterList = std::array<IndicatorParameter, N>;
constexpr ParameterList<0> kNone{};
constexpr ParameterList<1> kPeriod9{period(9)};
constexpr ParameterList<1> kPeriod12{period(12)};
constexpr ParameterList<1> kPeriod14{period(14)};
constexpr ParameterList<1> kPeriod15{period(15)};
constexpr ParameterList<1> kPeriod20{period(20)};
constexpr ParameterList<1> kPeriod25{period(25)};
constexpr ParameterList<2> kBands{period(20), factor("width", 2, 0.1, 20)};
constexpr ParameterList<3> kKeltner{period(20), factor("width", 2, 0.1, 20), bars("atr_period", 10)};
constexpr ParameterList<3> kMacd{bars("fast", 12), bars("slow", 26), bars("signal", 9)};
constexpr ParameterList<2> kSar{factor("step", 0.02, 0.001, 1), factor("maximum", 0.2, 0.001, 1)};
constexpr ParameterList<3> kStochastic{period(14), bars("smooth", 3), bars("d", 3)};
constexpr ParameterList<2> kSupertrend{period(10), factor("multiplier", 3, 0.1, 20)};
constexpr IndicatorParameter strength(double default_value) { return {"strength", default_value, 1, 200, true}; }
constexpr IndicatorParameter whole(std::string_view name, double default_value, double min, double max) {
    return {name, default_value, min, max, true};
}
constexpr ParameterList<1> kStrength2{strength(2)};
constexpr ParameterList<1> kStrength3{strength(3)};
constexpr ParameterList<4> kSupport{strength(3), factor("tolerance_pct", 0.1, 0.001, 10),
                                    whole("min_touches", 2, 1, 100), whole("memory", 500, 1, 100'000)};
constexpr ParameterList<1> kPivots{whole("method", 0, 0, 2)};
constexpr ParameterList<1> kOpening{whole("minutes", 15, 1, 375)};
constexpr ParameterList<2> kTimeOfDay{whole("hour", 9, 0, 23), whole("minute", 15, 0, 59)};
constexpr ParameterList<3> kDate{whole("year", 2024, 1990, 2100), whole("month", 1, 1, 12), whole("day", 1, 1, 31)};
constexpr ParameterList<3> kProfile{whole("bin_ticks", 20, 1, 100'000), factor("tick", 0.05, 0.0001, 100),
                                    factor("value_pct", 70, 1, 100)};
constexpr ParameterList<2> kYearly{period(20, 2), factor("bars_per_year", 252, 1, 1e6)};

constexpr std::array kSpecs{
    spec<Adx, kPeriod14>("adx", kPlain, "Wilder's average directional index with +DI and -DI: strength of a trend"),
    spec<Aroon, kPeriod25>("aroon", kPlain, "How long ago the highest high and lowest low were"),
    spec<Atr, kPeriod14>("atr", kPlain, "Wilder's average true range"),
    spec<Bollinger, kBands>("bollinger", kPlain, "Mean of the close and bands of standard deviations"),
    spec<Cci, kPeriod20>("cci", kPlain, "Commodity channel index"),
    spec<Donchian, kPeriod20>("donchian", kPlain, "Highest high and lowest low"),
    spec<Ema, kPeriod9>("ema", kPlain, "Exponential moving average, seeded with the simple mean"),
    spec<Fibonacci, kStrength3>("fibonacci", kPlain, "Retracement levels of the newest leg between two swings",
                                kMarket),
    spec<GarmanKlass, kYearly>("garman_klass", kPlain, "Volatility from open, high, low and close, percent a year"),
    spec<Hma, kPeriod9>("hma", kPlain, "Hull moving average"),
    spec<Keltner, kKeltner>("keltner", kPlain, "Exponential mean and bands of average true range"),
    spec<Macd, kMacd>("macd", kPlain, "Difference of two exponential means, its signal line and their difference"),
    spec<Mfi, kPeriod14>("mfi", kVolume, "Money flow index"),
    spec<Natr, kPeriod14>("natr", kPlain, "Average true range in percent of the close"),
    spec<Obv, kNone>("obv", kVolume, "On-balance volume"),
    spec<OpeningRange, kOpening>("opening_range", kPlain,
                                 "High and low of the day's first minutes, and where the close is", kEachDay),
    spec<ParabolicSar, kSar>("parabolic_sar", kPlain, "Wilder's parabolic stop and reverse"),
    spec<Parkinson, kYearly>("parkinson", kPlain, "Volatility from high and low, percent a year"),
    spec<Pivots, kPivots>("pivots", kPlain, "Levels from the previous day: 0 classic, 1 Fibonacci, 2 Camarilla",
                          kMarket),
    spec<RealisedVolatility, kYearly>("realised_volatility", kPlain, "Volatility from closes, percent a year"),
    spec<Rma, kPeriod14>("rma", kPlain, "Wilder's smoothed moving average"),
    spec<Roc, kPeriod12>("roc", kPlain, "Rate of change in percent"),
    spec<Rsi, kPeriod14>("rsi", kPlain, "Wilder's relative strength index"),
    spec<Sma, kPeriod20>("sma", kPlain, "Simple moving average"),
    spec<StdDev, kPeriod20>("std_dev", kPlain, "Standard deviation of the close (population)"),
    spec<Stochastic, kStochastic>("stochastic", kPlain, "Slow stochastic %K and %D"),
    spec<Structure, kStrength3>("structure", kPlain, "Higher highs and higher lows (+1), lower ones (-1), neither (0)",
                                kMarket),
    spec<Supertrend, kSupertrend>("supertrend", kPlain,
                                  "Trailing band of average true range and its direction (+1, -1)"),
    spec<SupportResistance, kSupport>("support_resistance", kPlain,
                                      "The nearest levels of clustered swings below and above the close", kMarket),
    spec<Swings, kStrength2>("swings", kPlain, "Newest confirmed swing high and low, and bars since", kMarket),
    spec<Trix, kPeriod15>("trix", kPlain, "Rate of change of a triple exponential mean, percent"),
    spec<VolumeAverage, kPeriod20>("volume_average", kVolume, "Mean volume"),
    spec<VolumeProfile, kProfile>("volume_profile", kVolume,
                                  "The day's volume by price: point of control and value area", kEachDay),
    spec<Vwap, kNone>("vwap", kVolume, "Volume-weighted average price since the day's start", kEachDay),
    spec<VwapFromDate, kDate>("vwap_from_date", kVolume, "Volume-weighted average price since a date", kMarket),
    spec<VwapFromSwing, kStrength3>("vwap_from_swing", kVolume, "Volume-weighted average price since the newest swing",
                                    kMarket),
    spec<VwapFromTime, kTimeOfDay>("vwap_from_time", kVolume, "Volume-weighted average price since a time of the day",
                                   kEachDay),
    spec<WilliamsR, kPeriod14>("williams_r", kPlain, "Williams %R"),
    spec<Wma, kPeriod9>("wma", kPlain, "Linearly weighted moving average"),
    spec<ZScore, kPeriod20>("z_score", kPlain, "Standard deviations of the close from its mean"),
};

static_assert(std::is_sorted(kSpecs.begin(), kSpecs.end(),
                             [](const IndicatorSpec& a, const IndicatorSpec& b) { return a.name < b.name; }));

std::string names() {
    std::string out;
    for (const auto& known : kSpecs) out += (out.empty() ? "" : ", ") + std::string(known.name);
    return out;
}

Error unknown_name(std::string_view name) {
    std::vector<std::string> candidates;
    for (const auto& known : kSpecs) candidates.emplace_back(known.name);
    const std::string near = nearest_word(name, candidates);
    return make_error(ErrorCode::usage, near.empty()
                                            ? fmt::format("unknown indicator '{}'; known: {}", name, names())
                                            : fmt::format("unknown indicator '{}'; did you mean '{}'?", name, near));
}

// "adx(period = 14)"
std::string usage_of(const IndicatorSpec& spec) {
    std::string out(spec.name);
    out += "(";
    for (const auto& parameter : spec.parameters) {
        out += fmt::format("{}{} = {}", out.back() == '(' ? "" : ", ", parameter.name, parameter.default_value);
    }
    return out + ")";
}

// Shortest text: "14", "2.5".
std::string parameters_suffix(std::span<const double> parameters) {
    std::string out;
    for (const double value : parameters) out += fmt::format("_{:g}", value);
    return out;
}

Result<IndicatorRequest> parse_request(std::string_view item) {
    std::vector<double> given;
    size_t colon = item.find(':');
    const std::string_view name = item.substr(0, colon);
    while (colon != std::string_view::npos) {
        item.remove_prefix(colon + 1);
        colon = item.find(':');
        const std::string_view text = item.substr(0, colon);
        double value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size()) {
            return make_error(ErrorCode::usage, fmt::format("indicator '{}': '{}' is not a number", name, text));
        }
        given.push_back(value);
    }
    const IndicatorSpec* spec = find_indicator(name);
    if (spec == nullptr) return unknown_name(name);
    auto complete = complete_indicator_parameters(*spec, given);
    if (!complete) return complete.error();
    return IndicatorRequest{spec, std::move(*complete)};
}

}  // namespace

std::span<const IndicatorSpec> indicator_specs() { return kSpecs; }

const IndicatorSpec* find_indicator(std::string_view name) {
    const auto it = std::lower_bound(kSpecs.begin(), kSpecs.end(), name,
                                     [](const IndicatorSpec& known, std::string_view n) { return known.name < n; });
    return it != kSpecs.end() && it->name == name ? &*it : nullptr;
}

Result<std::vector<double>> complete_indicator_parameters(const IndicatorSpec& spec, std::span<const double> given) {
    if (given.size() > spec.parameters.size()) {
        return make_error(ErrorCode::usage,
                          fmt::format("indicator {} takes at most {} parameters, got {}: {}", spec.name,
                                      spec.parameters.size(), given.size(), usage_of(spec)));
    }
    std::vector<double> complete;
    for (size_t i = 0; i < spec.parameters.size(); ++i) {
        const IndicatorParameter& parameter = spec.parameters[i];
        const double value = i < given.size() ? given[i] : parameter.default_value;
        const bool in_range = value >= parameter.min && value <= parameter.max;
        if (!in_range || (parameter.whole && value != std::floor(value))) {
            return make_error(
                ErrorCode::usage,
                fmt::format("indicator {}: {} = {} must be {} between {} and {}", spec.name, parameter.name, value,
                            parameter.whole ? "a whole number" : "a number", parameter.min, parameter.max));
        }
        complete.push_back(value);
    }
    return complete;
}

Result<std::unique_ptr<Indicator>> make_indicator(std::string_view name, std::span<const double> parameters) {
    const IndicatorSpec* spec = find_indicator(name);
    if (spec == nullptr) return unknown_name(name);
    auto complete = complete_indicator_parameters(*spec, parameters);
    if (!complete) return complete.error();
    return spec->make(*complete);
}

std::vector<std::string> indicator_columns(const IndicatorSpec& spec, std::span<const double> parameters) {
    std::vector<std::string> columns;
    for (const auto& output : spec.outputs) columns.push_back(std::string(output) + parameters_suffix(parameters));
    return columns;
}

Result<std::vector<IndicatorRequest>> parse_indicator_set(std::string_view text) {
    std::vector<IndicatorRequest> requests;
    while (true) {
        const size_t comma = text.find(',');
        std::string_view item = text.substr(0, comma);
        while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
        while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
        if (item.empty()) {
            return make_error(ErrorCode::usage, "an indicator set is written like 'adx:14,rsi:14,supertrend:10:3'");
        }
        auto request = parse_request(item);
        if (!request) return request.error();
        requests.push_back(std::move(*request));
        if (comma == std::string_view::npos) return requests;
        text.remove_prefix(comma + 1);
    }
}

}  // namespace tide
