#include "market/indicators/documentation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace tide {
namespace {

using Parameters = std::span<const double>;
int64_t whole(double value) { return static_cast<int64_t>(value); }

int64_t one(Parameters) { return 1; }
int64_t period(Parameters p) { return whole(p[0]); }
int64_t period_and_one(Parameters p) { return whole(p[0]) + 1; }
int64_t twice_period(Parameters p) { return 2 * whole(p[0]); }
int64_t hull(Parameters p) { return whole(p[0]) + whole(std::sqrt(p[0])) - 1; }
int64_t keltner(Parameters p) { return whole(std::max(p[0], p[2])); }
int64_t macd(Parameters p) { return whole(std::max(p[0], p[1])) + whole(p[2]) - 1; }
int64_t two(Parameters) { return 2; }
int64_t stochastic(Parameters p) { return whole(p[0]) + whole(p[1]) + whole(p[2]) - 2; }
int64_t trix(Parameters p) { return 3 * whole(p[0]) - 1; }

constexpr std::string_view kTaLib = "TA-Lib 0.8.2";
constexpr std::string_view kPandas = "pandas and numpy";
constexpr std::string_view kAtOnce = "at once";
constexpr std::string_view kWindow = "none: a window";
constexpr std::string_view kSimpleMean = "simple mean of the first values";
constexpr std::string_view kWilder = "9.3 period bars more";

// Sorted by name, as the registry is.
constexpr std::array kDocumentation{
    IndicatorDocumentation{
        "adx",
        "Wilder 1978. Sums S = S' - S'/n + new of TR, +DM, -DM; DI = 100 DM / TR; DX = 100 |+DI - -DI| "
        "/ (+DI + -DI); ADX = ADX' + (DX - ADX') / n",
        "sums of bars 1 to n; ADX the mean of the first n DX", "2 period (DI: period + 1)", twice_period,
        "18.6 period bars more",
        "TA-Lib 0.8.2 (sums from n - 1 values); LEAN, same "
        "seed, to 5e-5 absolute on every row",
        2e-5, false},
    IndicatorDocumentation{"aroon",
                           "Chande 1995. 100 (n - bars since the extreme of n + 1 bars) / n; of equals the newest",
                           kWindow, "period + 1", period_and_one, kAtOnce, kTaLib, 1e-12},
    IndicatorDocumentation{"atr", "Wilder's mean of the true range",
                           "simple mean of the first n true ranges, the first "
                           "bar's being high - low",
                           "period", period, kWilder,
                           "TA-Lib 0.8.2 (leaves the first bar out); LEAN, same seed, to 5e-6 absolute", 1e-7, false},
    IndicatorDocumentation{"bollinger", "SMA(close, n) ± width × population standard deviation", kWindow, "period",
                           period, kAtOnce, kTaLib, 1e-12},
    IndicatorDocumentation{"cci",
                           "Lambert 1980. (TP - SMA(TP)) / (0.015 × mean |TP - SMA(TP)|), TP = (high + low + "
                           "close) / 3; n operations a bar",
                           kWindow, "period", period, kAtOnce, kTaLib, 1e-10},
    IndicatorDocumentation{"donchian", "highest high, lowest low of n bars, this one included, and their middle",
                           kWindow, "period", period, kAtOnce, kTaLib, 1e-12},
    IndicatorDocumentation{"ema", "E = E' + 2 / (n + 1) × (close - E')", kSimpleMean, "period", period,
                           "4.7 (period + 1) bars more", kTaLib, 1e-12},
    IndicatorDocumentation{"fibonacci",
                           "end - r × (end - begin) of the newest leg between swings, r = 0.236, 0.382, 0.5, "
                           "0.618, 0.786",
                           "none", "2 strength + 1, then a leg", nullptr, kAtOnce,
                           "a zigzag of whole windows in Python", 1e-12},
    IndicatorDocumentation{"garman_klass",
                           "Garman, Klass 1980. 100 √(bars_per_year × mean of ln(high / low)² / 2 - (2 ln "
                           "2 - 1) ln(close / open)²)",
                           kWindow, "period", period, kAtOnce, kPandas, 1e-12},
    IndicatorDocumentation{"hma", "Hull 2005. WMA(2 WMA(close, ⌊n / 2⌋) - WMA(close, n), ⌊√n⌋)", kWindow,
                           "period + ⌊√period⌋ - 1", hull, kAtOnce, kTaLib, 1e-12},
    IndicatorDocumentation{
        "keltner", "EMA(close, n) ± width × ATR(atr_period)", "as ema and atr", "the larger of period and atr_period",
        keltner, "the slower of ema and atr",
        "TA-Lib 0.8.2's EMA and ATR (which leaves the first bar out; its KC takes the typical price)", 1e-11, false},
    IndicatorDocumentation{"macd", "EMA(close, fast) - EMA(close, slow); its EMA(signal); their difference",
                           "each EMA by the mean of its own first values", "slow + signal - 1 (macd: slow)", macd,
                           "4.7 (slow + signal) bars more",
                           "TA-Lib 0.8.2 (its fast EMA starts with the slow one); LEAN, "
                           "same seed, to 5e-4 absolute",
                           1e-9, false},
    IndicatorDocumentation{"mfi", "100 P / (P + N): sums over n bars of typical price × volume where it rose, fell",
                           kWindow, "period + 1 with volume", period_and_one, kAtOnce, kTaLib, 1e-12},
    IndicatorDocumentation{"natr", "100 ATR / close", "as atr", "period", period, kWilder,
                           "TA-Lib 0.8.2 (leaves the first bar out)", 1e-8, false},
    IndicatorDocumentation{"obv",
                           "Granville 1963. adds the volume of a bar that closes higher, subtracts that of one that "
                           "closes lower",
                           "0 on the first bar", "1 with volume", one, "never: differences count",
                           "TA-Lib 0.8.2 (starts with the first volume)", 1e-12},
    IndicatorDocumentation{"opening_range",
                           "high and low of the bars that start in the first minutes from the day's first "
                           "bar; state +1 above, -1 below, 0 inside",
                           "none", "the range's last bar, each day", nullptr, kAtOnce, kPandas, 1e-12},
    IndicatorDocumentation{"parabolic_sar",
                           "Wilder 1978. SAR = SAR' + factor × (extreme - SAR'), never inside the last "
                           "two bars; touched, it reverses to the extreme",
                           "down when the second bar's downward movement is "
                           "the larger, else up",
                           "2", two, "the first reversals", kTaLib, 1e-12},
    IndicatorDocumentation{"parkinson", "Parkinson 1980. 100 √(bars_per_year × mean of ln(high / low)² / (4 ln 2))",
                           kWindow, "period", period, kAtOnce, kPandas, 1e-12},
    IndicatorDocumentation{
        "pivots",
        "of the previous day's H, L, C, R = H - L, P = (H + L + C) / 3. Classic: 2P - L, P + "
        "R, H + 2(P - L), H + 3(P - L); Fibonacci: P + 0.382, 0.618, 1, 1.618 R; Camarilla: C + 1.1 R / "
        "12, 6, 4, 2; supports mirrored",
        "none", "the second day", nullptr, kAtOnce, kPandas, 1e-12},
    IndicatorDocumentation{"realised_volatility", "100 √(bars_per_year × sample variance of n log returns)", kWindow,
                           "period + 1", period_and_one, kAtOnce, kPandas, 1e-12},
    IndicatorDocumentation{"rma", "R = R' + (close - R') / n", kSimpleMean, "period", period, kWilder, kTaLib, 1e-12},
    IndicatorDocumentation{"roc", "100 (close / close n bars ago - 1)", kWindow, "period + 1", period_and_one, kAtOnce,
                           kTaLib, 1e-12},
    IndicatorDocumentation{"rsi",
                           "Wilder 1978. 100 G / (G + L), Wilder's means of rises and falls; 50 where there was "
                           "neither",
                           "simple mean of the first n changes", "period + 1", period_and_one, kWilder,
                           "TA-Lib 0.8.2; LEAN, same seed, to 5e-6 absolute", 1e-12},
    IndicatorDocumentation{"sma", "mean of the last n closes", kWindow, "period", period, kAtOnce, kTaLib, 1e-12},
    IndicatorDocumentation{"std_dev", "population standard deviation of the last n closes", kWindow, "period", period,
                           kAtOnce, kTaLib, 1e-12},
    IndicatorDocumentation{"stochastic",
                           "Lane. raw = 100 (close - lowest low) / (highest high - lowest low), 50 where the "
                           "range is nothing; %K = SMA(raw, smooth), %D = SMA(%K, d)",
                           kWindow, "period + smooth + d - 2", stochastic, kAtOnce, kTaLib, 1e-12},
    IndicatorDocumentation{"structure",
                           "signs of the newest swing against the one before, for highs and lows; structure = "
                           "their common sign, else 0",
                           "none", "2 strength + 1, then two swings of each kind", nullptr, kAtOnce,
                           "whole windows in Python; its swings contain those of TA-Lib's FRACTAL", 1e-12},
    IndicatorDocumentation{"supertrend",
                           "Seban, as Pine's ta.supertrend. (high + low) / 2 ± multiplier × ATR(n); a band "
                           "only tightens until a close has crossed it",
                           "down on the first bar", "period", period, "9.3 period bars more and a crossing",
                           "TA-Lib 0.8.2 (its ATR leaves the first bar out)", 1e-10, false},
    IndicatorDocumentation{"support_resistance",
                           "swings within tolerance_pct of a level's mean are touches of it; the "
                           "nearest levels with min_touches at or below, and above, the close",
                           "none", "2 strength + 1, then a level on each side", nullptr, "memory bars",
                           "unbounded clustering of whole windows in Python", 1e-12},
    IndicatorDocumentation{"swings",
                           "a bar whose high no earlier one of n bars exceeds and n later ones stay below (lows "
                           "likewise), known n bars late, never taken back",
                           "none",
                           "2 strength + 1, then a swing of each "
                           "kind",
                           nullptr, kAtOnce, "whole windows in Python; contains those of TA-Lib's FRACTAL", 1e-12},
    IndicatorDocumentation{"trix", "Hutson 1983. 100 (T / T' - 1), T = EMA(EMA(EMA(close)))", kSimpleMean,
                           "3 period - 1", trix, "about 8 (period + 1) bars more", kTaLib, 1e-12},
    IndicatorDocumentation{"volume_average", "mean volume of the last n bars that have one", kWindow,
                           "period with volume", period, kAtOnce, kTaLib, 1e-12},
    IndicatorDocumentation{
        "volume_profile",
        "volume spread over each bar's range, in bins of bin_ticks × tick (wider when "
        "the day outgrows 512); value area from the point of control outwards, larger neighbour first, to "
        "value_pct",
        "none", "1 with volume, each day", nullptr, kAtOnce, "the whole day afresh in Python", 1e-12},
    IndicatorDocumentation{"vwap",
                           "sum of (high + low + close) / 3 × volume over sum of volume since the day's first bar",
                           "none", "1 with volume, each day", nullptr, kAtOnce, kTaLib, 1e-12},
    IndicatorDocumentation{"vwap_from_date", "as vwap, since the first bar of the date or of a later one", "none",
                           "the date's first bar with volume", nullptr, kAtOnce, kTaLib, 1e-12},
    IndicatorDocumentation{"vwap_from_swing", "as vwap, since the bar of the newest swing of either kind", "none",
                           "2 strength + 1, then a swing", nullptr, kAtOnce, "whole windows in Python", 1e-12},
    IndicatorDocumentation{"vwap_from_time", "as vwap, since the day's first bar at hour:minute or later", "none",
                           "that bar, each day", nullptr, kAtOnce, kTaLib, 1e-12},
    IndicatorDocumentation{"williams_r",
                           "-100 (highest high - close) / (highest high - lowest low); -50 where the range is "
                           "nothing",
                           kWindow, "period", period, kAtOnce, kTaLib, 1e-12},
    IndicatorDocumentation{"wma", "weights n (newest) to 1", kWindow, "period", period, kAtOnce, kTaLib, 1e-12},
    IndicatorDocumentation{"z_score",
                           "(close - mean) / population standard deviation of n closes; 0 where that is nothing",
                           kWindow, "period", period, kAtOnce, kPandas, 1e-10},
};

std::string parameters_text(const IndicatorSpec& spec) {
    std::string out;
    for (const auto& parameter : spec.parameters) {
        out += fmt::format("{}`{}` {} ({} to {})", out.empty() ? "" : ", ", parameter.name, parameter.default_value,
                           parameter.min, parameter.max);
    }
    return out;
}

std::string outputs_text(const IndicatorSpec& spec) {
    std::string out;
    for (const auto& output : spec.outputs) out += fmt::format("{}`{}`", out.empty() ? "" : ", ", output);
    return out;
}

std::string_view readiness_text(const IndicatorSpec& spec) {
    if (spec.needs_volume) return "missing on bars without volume";
    if (spec.readiness == IndicatorReadiness::each_day) return "afresh each day";
    return "";
}

// A bar would end a table's cell.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '|') out += '\\';
        out += c;
    }
    return out;
}

constexpr std::string_view kIntroduction = R"(# Indicators

Made by the engine from its own registry (`engine indicators --list`); a test holds this page to it. In a script:
`ctx:indicator("NIFTY", "5m", "adx", 14)`; over a file: `engine indicators --data F --set "adx:14,ema:9"`. Parameters left out
take their defaults. n is the period (or strength); x' is x of the bar before.

**When a value is there.** `nil` (an empty field) until the bars named under *first value* have been seen, then a number on
every bar. Indicators of swings, levels and dates also wait for the market to make one; those of the day start afresh with it; those
with volume are missing on a bar without volume, and never there on an index.

**Swings are confirmed late.** A swing is known `strength` bars after it happened and is never taken back: no value of a past
bar ever changes.

**One way of computing.** A script's indicator, one asked for late (it is fed the bars kept so far) and `engine indicators` run
the same code bar by bar, and give the same bits for the same bars. A bar costs the same whatever the period, except
`cci` (n operations), `support_resistance` (32 levels) and `volume_profile` (512 bins).

**Error** is the largest relative difference (absolute below 1) found on the bars of `tests/reference`; where the other
implementation starts its sums differently, from bar 150 on.

)";

}  // namespace

const IndicatorDocumentation& documentation_of(const IndicatorSpec& spec) {
    const auto found = std::find_if(kDocumentation.begin(), kDocumentation.end(),
                                    [&](const IndicatorDocumentation& known) { return known.name == spec.name; });
    TIDE_ASSERT(found != kDocumentation.end());
    return *found;
}

std::string indicator_reference_markdown() {
    std::string out(kIntroduction);
    out += "| name | what it is | parameters (default, range) | outputs |\n|---|---|---|---|\n";
    for (const auto& spec : indicator_specs()) {
        const std::string_view note = readiness_text(spec);
        out += fmt::format("| `{}` | {}{}{} | {} | {} |\n", spec.name, spec.help, note.empty() ? "" : "; ", note,
                           parameters_text(spec), outputs_text(spec));
    }
    out += "\n| name | definition | seed | first value (bars) | settled | checked against | error |\n";
    out += "|---|---|---|---|---|---|---|\n";
    for (const auto& spec : indicator_specs()) {
        const auto& known = documentation_of(spec);
        out += fmt::format("| `{}` | {} | {} | {} | {} | {} | {:g} |\n", spec.name, escaped(known.formula), known.seed,
                           known.first_value, known.settled, known.checked, known.error_bound);
    }
    return out;
}

std::string indicator_list_text() {
    std::string out;
    for (const auto& spec : indicator_specs()) {
        std::string parameters;
        for (const auto& parameter : spec.parameters) parameters += fmt::format(":{:g}", parameter.default_value);
        out += fmt::format("{:<34} {}\n", std::string(spec.name) + parameters, spec.help);
        out += fmt::format("{:<34}   outputs: {}\n", "", fmt::join(spec.outputs, " "));
    }
    return out;
}

}  // namespace tide
