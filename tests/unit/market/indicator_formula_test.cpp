// Each indicator against its formula written out once more, the slow way, over a whole series. (Other implementations:
// indicator_reference_test.cpp.)
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>

#include "market/indicators/registry.hpp"

namespace tide {
namespace {

using Series = std::vector<double>;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// A bar's start on the n-th day.
ExchangeTime start_of(size_t day) { return ist_moment<ExchangeTime>(Date(std::chrono::days(day)), hours(10)); }

// A reproducible walk with trends, flat stretches and gaps between days.
std::vector<BarValues> walk(size_t count) {
    std::vector<BarValues> bars;
    uint64_t seed = 42;
    const auto draw = [&seed] {
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<double>((seed >> 33) % 2001) / 1000 - 1;
    };
    double price = 21000;
    for (size_t i = 0; i < count; ++i) {
        const bool flat = i % 97 > 90;
        const double open = flat ? price : price + 2 * draw() + (i % 75 == 0 ? 60 * draw() : 0);
        const double close = flat ? open : open + 12 * draw() + ((i / 50) % 2 == 0 ? 3 : -3);
        const double high = flat ? open : std::max(open, close) + 5 * std::abs(draw());
        const double low = flat ? open : std::min(open, close) - 5 * std::abs(draw());
        bars.push_back(
            {open, high, low, close, std::floor(1000 + 900 * draw()), true, Timeframe::m5, start_of(i / 75)});
        price = close;
    }
    return bars;
}

const std::vector<BarValues>& bars() {
    static const std::vector<BarValues> made = walk(600);
    return made;
}
Series column(double BarValues::*field) {
    Series out;
    for (const auto& bar : bars()) out.push_back(bar.*field);
    return out;
}
Series closes() { return column(&BarValues::close); }
Series highs() { return column(&BarValues::high); }
Series lows() { return column(&BarValues::low); }
Series volumes() { return column(&BarValues::volume); }
Series typical() {
    Series out;
    for (const auto& bar : bars()) out.push_back((bar.high + bar.low + bar.close) / 3);
    return out;
}

// f(first, last) over the last n values, once n values that are numbers are there.
Series rolling(const Series& x, size_t n, const std::function<double(const double*, const double*)>& f) {
    Series out(x.size(), kNone);
    for (size_t i = n - 1; i < x.size(); ++i) {
        const double* first = x.data() + i + 1 - n;
        if (std::none_of(first, first + n, [](double v) { return std::isnan(v); })) out[i] = f(first, first + n);
    }
    return out;
}
double mean_of(const double* a, const double* b) {
    double sum = 0;
    for (const double* p = a; p != b; ++p) sum += *p;
    return sum / static_cast<double>(b - a);
}
double variance_of(const double* a, const double* b, double divisor) {
    const double mean = mean_of(a, b);
    double sum = 0;
    for (const double* p = a; p != b; ++p) sum += (*p - mean) * (*p - mean);
    return sum / divisor;
}
Series sma(const Series& x, size_t n) { return rolling(x, n, mean_of); }
Series highest(const Series& x, size_t n) {
    return rolling(x, n, [](auto a, auto b) { return *std::max_element(a, b); });
}
Series lowest(const Series& x, size_t n) {
    return rolling(x, n, [](auto a, auto b) { return *std::min_element(a, b); });
}
Series weighted(const Series& x, size_t n) {
    return rolling(x, n, [n](const double* a, const double*) {
        double sum = 0, weights = 0;
        for (size_t k = 0; k < n; ++k) {
            sum += static_cast<double>(k + 1) * a[k];
            weights += static_cast<double>(k + 1);
        }
        return sum / weights;
    });
}
// Seeded with the mean of the first n numbers.
Series smoothed(const Series& x, size_t n, double alpha) {
    Series out(x.size(), kNone);
    size_t first = 0;
    while (first < x.size() && std::isnan(x[first])) ++first;
    if (first + n > x.size()) return out;
    double value = mean_of(x.data() + first, x.data() + first + n);
    for (size_t i = first + n - 1; i < x.size(); ++i) {
        if (i >= first + n) value += alpha * (x[i] - value);
        out[i] = value;
    }
    return out;
}
Series ema(const Series& x, size_t n) { return smoothed(x, n, 2.0 / static_cast<double>(n + 1)); }
Series wilder(const Series& x, size_t n) { return smoothed(x, n, 1.0 / static_cast<double>(n)); }
Series combine(const Series& a, const Series& b, const std::function<double(double, double)>& f) {
    Series out;
    for (size_t i = 0; i < a.size(); ++i) out.push_back(f(a[i], b[i]));
    return out;
}
Series minus(const Series& a, const Series& b) { return combine(a, b, std::minus<>()); }
Series true_ranges() {
    Series out;
    for (size_t i = 0; i < bars().size(); ++i) {
        const auto& bar = bars()[i];
        const double range = bar.high - bar.low;
        const double before = i == 0 ? bar.low : bars()[i - 1].close;
        out.push_back(i == 0 ? range : std::max({range, std::abs(bar.high - before), std::abs(bar.low - before)}));
    }
    return out;
}

void expect_equal(const char* name, std::vector<double> parameters, const std::vector<Series>& expected,
                  double tolerance = 1e-9) {
    auto indicator = make_indicator(name, parameters);
    ASSERT_TRUE(indicator) << indicator.error().message;
    ASSERT_EQ((*indicator)->values().size(), expected.size()) << name;
    for (size_t i = 0; i < bars().size(); ++i) {
        (*indicator)->update(bars()[i]);
        bool all = true;
        for (size_t output = 0; output < expected.size(); ++output) {
            const double wanted = expected[output][i];
            const double ours = (*indicator)->value(output);
            all = all && !std::isnan(wanted);
            ASSERT_EQ(std::isnan(ours), std::isnan(wanted)) << name << " output " << output << " bar " << i;
            if (std::isnan(wanted)) continue;
            ASSERT_NEAR(ours, wanted, tolerance * std::max(1.0, std::abs(wanted)))
                << name << " " << output << " bar " << i;
        }
        ASSERT_EQ((*indicator)->ready(), all) << name << " bar " << i;
    }
}

TEST(IndicatorFormula, moving_averages) {
    expect_equal("sma", {20}, {sma(closes(), 20)});
    expect_equal("ema", {9}, {ema(closes(), 9)});
    expect_equal("rma", {14}, {wilder(closes(), 14)});
    expect_equal("wma", {9}, {weighted(closes(), 9)});
    const Series inner =
        combine(weighted(closes(), 8), weighted(closes(), 16), [](double h, double f) { return 2 * h - f; });
    expect_equal("hma", {16}, {weighted(inner, 4)});
    expect_equal("volume_average", {20}, {sma(volumes(), 20)});
}

TEST(IndicatorFormula, ranges_and_bands) {
    const Series atr14 = wilder(true_ranges(), 14);
    expect_equal("atr", {14}, {atr14});
    expect_equal("natr", {14}, {combine(atr14, closes(), [](double a, double c) { return 100 * a / c; })});
    const Series middle = sma(closes(), 20);
    const Series deviation = rolling(closes(), 20, [](auto a, auto b) { return std::sqrt(variance_of(a, b, 20)); });
    expect_equal("std_dev", {20}, {deviation}, 1e-8);
    expect_equal("bollinger", {20, 2},
                 {middle, combine(middle, deviation, [](double m, double d) { return m + 2 * d; }),
                  combine(middle, deviation, [](double m, double d) { return m - 2 * d; })});
    const Series line = ema(closes(), 20);
    const Series atr10 = wilder(true_ranges(), 10);
    Series keltner_middle = line;
    expect_equal("keltner", {20, 2, 10},
                 {keltner_middle, combine(line, atr10, [](double m, double a) { return m + 2 * a; }),
                  combine(line, atr10, [](double m, double a) { return m - 2 * a; })});
    const Series top = highest(highs(), 20), bottom = lowest(lows(), 20);
    expect_equal("donchian", {20}, {top, bottom, combine(top, bottom, [](double a, double b) { return (a + b) / 2; })});
}

// Pine's ta.supertrend, line by line.
TEST(IndicatorFormula, supertrend) {
    const Series atr = wilder(true_ranges(), 10);
    Series line(bars().size(), kNone), direction(bars().size(), kNone);
    double upper = 0, lower = 0;
    for (size_t i = 9; i < bars().size(); ++i) {
        const double middle = (bars()[i].high + bars()[i].low) / 2;
        const double before = bars()[i - 1].close;
        double new_upper = middle + 3 * atr[i], new_lower = middle - 3 * atr[i];
        if (i > 9) {
            new_lower = new_lower > lower || before < lower ? new_lower : lower;
            new_upper = new_upper < upper || before > upper ? new_upper : upper;
        }
        if (i == 9) {
            direction[i] = -1;
        } else if (direction[i - 1] < 0) {
            direction[i] = bars()[i].close > new_upper ? 1 : -1;
        } else {
            direction[i] = bars()[i].close < new_lower ? -1 : 1;
        }
        line[i] = direction[i] > 0 ? new_lower : new_upper;
        upper = new_upper;
        lower = new_lower;
    }
    EXPECT_GT(std::count(direction.begin(), direction.end(), 1.0), 50);
    EXPECT_GT(std::count(direction.begin(), direction.end(), -1.0), 50);
    expect_equal("supertrend", {10, 3}, {line, direction});
}

TEST(IndicatorFormula, oscillators) {
    const Series macd = minus(ema(closes(), 12), ema(closes(), 26));
    const Series signal = ema(macd, 9);
    expect_equal("macd", {12, 26, 9}, {macd, signal, minus(macd, signal)}, 1e-8);
    const Series top = highest(highs(), 14), bottom = lowest(lows(), 14);
    Series raw, williams;
    for (size_t i = 0; i < bars().size(); ++i) {
        raw.push_back(100 * (closes()[i] - bottom[i]) / (top[i] - bottom[i]));
        williams.push_back(-100 * (top[i] - closes()[i]) / (top[i] - bottom[i]));
    }
    const Series k = sma(raw, 3);
    expect_equal("stochastic", {14, 3, 3}, {k, sma(k, 3)}, 1e-8);
    expect_equal("williams_r", {14}, {williams});
    const Series mean = sma(typical(), 20);
    const Series deviation = rolling(typical(), 20, [](auto a, auto b) {
        const double m = mean_of(a, b);
        double sum = 0;
        for (auto p = a; p != b; ++p) sum += std::abs(*p - m);
        return sum / 20;
    });
    Series cci, roc(bars().size(), kNone), z;
    const Series spread = rolling(closes(), 20, [](auto a, auto b) { return std::sqrt(variance_of(a, b, 20)); });
    const Series average = sma(closes(), 20);
    for (size_t i = 0; i < bars().size(); ++i) {
        cci.push_back((typical()[i] - mean[i]) / (0.015 * deviation[i]));
        z.push_back((closes()[i] - average[i]) / spread[i]);
        if (i >= 12) roc[i] = 100 * (closes()[i] - closes()[i - 12]) / closes()[i - 12];
    }
    expect_equal("cci", {20}, {cci}, 1e-7);
    expect_equal("roc", {12}, {roc}, 1e-8);
    expect_equal("z_score", {20}, {z}, 1e-7);
    const Series triple = ema(ema(ema(closes(), 5), 5), 5);
    Series trix(bars().size(), kNone);
    for (size_t i = 1; i < triple.size(); ++i) trix[i] = 100 * (triple[i] - triple[i - 1]) / triple[i - 1];
    expect_equal("trix", {5}, {trix}, 1e-8);
}

TEST(IndicatorFormula, aroon_counts_bars_since_the_extremes) {
    const size_t n = 25;
    Series up(bars().size(), kNone), down(bars().size(), kNone);
    for (size_t i = n; i < bars().size(); ++i) {
        size_t since_high = 0, since_low = 0;
        for (size_t back = 0; back <= n; ++back) {
            if (highs()[i - back] > highs()[i - since_high]) since_high = back;
            if (lows()[i - back] < lows()[i - since_low]) since_low = back;
        }
        up[i] = 100.0 * static_cast<double>(n - since_high) / static_cast<double>(n);
        down[i] = 100.0 * static_cast<double>(n - since_low) / static_cast<double>(n);
    }
    expect_equal("aroon", {static_cast<double>(n)}, {up, down, minus(up, down)});
}

TEST(IndicatorFormula, volume_indicators) {
    Series obv{0}, vwap;
    Series positive{kNone}, negative{kNone};
    for (size_t i = 1; i < bars().size(); ++i) {
        const double change = closes()[i] - closes()[i - 1];
        obv.push_back(obv.back() + (change > 0 ? volumes()[i] : change < 0 ? -volumes()[i] : 0));
        const double flow = typical()[i] * volumes()[i];
        positive.push_back(typical()[i] > typical()[i - 1] ? flow : 0);
        negative.push_back(typical()[i] < typical()[i - 1] ? flow : 0);
    }
    expect_equal("obv", {}, {obv});
    const Series up = sma(positive, 14), down = sma(negative, 14);
    expect_equal("mfi", {14}, {combine(up, down, [](double p, double n) { return 100 * p / (p + n); })});
    for (size_t i = 0; i < bars().size(); ++i) {
        double turnover = 0, volume = 0;
        for (size_t k = i / 75 * 75; k <= i; ++k) {
            turnover += typical()[k] * volumes()[k];
            volume += volumes()[k];
        }
        vwap.push_back(turnover / volume);
    }
    expect_equal("vwap", {}, {vwap});
}

TEST(IndicatorFormula, volatilities) {
    Series returns{kNone}, park, garman;
    for (size_t i = 0; i < bars().size(); ++i) {
        const auto& bar = bars()[i];
        if (i > 0) returns.push_back(std::log(bar.close / bars()[i - 1].close));
        const double range = std::log(bar.high / bar.low), body = std::log(bar.close / bar.open);
        park.push_back(range * range / (4 * std::numbers::ln2));
        garman.push_back(0.5 * range * range - (2 * std::numbers::ln2 - 1) * body * body);
    }
    const auto yearly = [](const Series& x) {
        Series out;
        for (const double v : x) out.push_back(std::isnan(v) ? v : 100 * std::sqrt(std::max(0.0, v) * 252));
        return out;
    };
    expect_equal("realised_volatility", {20, 252},
                 {yearly(rolling(returns, 20, [](auto a, auto b) { return variance_of(a, b, 19); }))}, 1e-7);
    expect_equal("parkinson", {20, 252}, {yearly(sma(park, 20))}, 1e-7);
    expect_equal("garman_klass", {20, 252}, {yearly(sma(garman, 20))}, 1e-7);
}

// Values of TA-Lib (Python package 0.8.2), SAR(0.02, 0.2), on these twelve bars.
TEST(IndicatorFormula, parabolic_sar_reverses_where_ta_lib_does) {
    const double rows[][3] = {{102, 100, 0},           {104, 101, 100.0000000}, {105, 103, 100.0800000},
                              {107, 104, 100.2768000}, {106, 103, 100.6801920}, {104, 100, 107.0000000},
                              {101, 98, 106.8600000},  {99, 96, 106.5056000},   {100, 97, 105.8752640},
                              {103, 99, 105.2827482},  {106, 102, 96.0000000},  {108, 105, 96.2000000}};
    auto sar = make_indicator("parabolic_sar", {});
    ASSERT_TRUE(sar);
    for (const auto& row : rows) {
        (*sar)->update({row[1], row[0], row[1], row[0]});
        if (row[2] == 0) {
            EXPECT_TRUE(std::isnan((*sar)->value()));
        } else {
            EXPECT_NEAR((*sar)->value(), row[2], 1e-6);
        }
    }
}

// By hand: closes 10, 11, 12, 11 with n = 2: changes +1, +1, -1; G = 1, L = 0 after two, then G = 0.5, L = 0.5.
TEST(IndicatorFormula, rsi_by_hand) {
    const double two[] = {2};
    auto rsi = *make_indicator("rsi", two);
    std::vector<double> values;
    for (const double close : {10.0, 11.0, 12.0, 11.0}) {
        rsi->update({close, close, close, close});
        values.push_back(rsi->value());
    }
    EXPECT_TRUE(std::isnan(values[0]) && std::isnan(values[1]));
    EXPECT_DOUBLE_EQ(values[2], 100);
    EXPECT_DOUBLE_EQ(values[3], 50);
}

TEST(IndicatorContract, a_bar_without_volume_is_not_counted) {
    const double two[] = {2};
    auto average = *make_indicator("volume_average", two);
    average->update({1, 1, 1, 1, 10, true});
    average->update({1, 1, 1, 1, 20, true});
    EXPECT_EQ(average->value(), 15);
    average->update({1, 1, 1, 1, 0, false});
    EXPECT_TRUE(std::isnan(average->value()));
    average->update({1, 1, 1, 1, 40, true});
    EXPECT_EQ(average->value(), 30);
}

// A single huge price must not leave a trace once it has left the window: the sums are renewed, not only corrected.
TEST(IndicatorContract, an_outlier_leaves_no_trace) {
    const double five[] = {5};
    for (const char* name : {"sma", "wma", "std_dev", "bollinger"}) {
        auto indicator = *make_indicator(name, {five, 1});
        indicator->update({1e15, 1e15, 1e15, 1e15});
        for (int i = 0; i < 20; ++i) indicator->update({0.1, 0.1, 0.1, 0.1});
        EXPECT_NEAR(indicator->value(), std::string_view(name) == "std_dev" ? 0 : 0.1, 1e-12) << name;
    }
}

TEST(IndicatorRegistry, unknown_names_get_the_nearest_one) {
    const auto error = make_indicator("adxx", {}).error();
    EXPECT_EQ(error.code, ErrorCode::usage);
    EXPECT_EQ(error.message, "unknown indicator 'adxx'; did you mean 'adx'?");
    EXPECT_NE(make_indicator("qqqqqqqqqq", {}).error().message.find("known: adx, aroon"), std::string::npos);
}

TEST(IndicatorRegistry, wrong_parameters_are_refused_with_what_would_be_right) {
    const double zero[] = {0}, half[] = {14.5}, two[] = {14, 2};
    EXPECT_EQ(make_indicator("adx", zero).error().message,
              "indicator adx: period = 0 must be a whole number between 1 and 2000");
    EXPECT_EQ(make_indicator("adx", half).error().message,
              "indicator adx: period = 14.5 must be a whole number between 1 and 2000");
    EXPECT_EQ(make_indicator("adx", two).error().message,
              "indicator adx takes at most 1 parameters, got 2: adx(period = 14)");
    const double nan[] = {std::numeric_limits<double>::quiet_NaN()};
    EXPECT_FALSE(make_indicator("adx", nan));
}

TEST(IndicatorRegistry, columns_are_named_by_output_and_parameters) {
    const auto set = parse_indicator_set("adx:14, rsi:14,ema:9,supertrend:10:3,bollinger:20:2.5,vwap,sma");
    ASSERT_TRUE(set) << set.error().message;
    std::vector<std::string> columns;
    for (const auto& request : *set) {
        for (auto& column : indicator_columns(*request.spec, request.parameters)) columns.push_back(std::move(column));
    }
    const std::vector<std::string> expected{"adx_14",
                                            "plus_di_14",
                                            "minus_di_14",
                                            "rsi_14",
                                            "ema_9",
                                            "supertrend_10_3",
                                            "supertrend_direction_10_3",
                                            "bollinger_middle_20_2.5",
                                            "bollinger_upper_20_2.5",
                                            "bollinger_lower_20_2.5",
                                            "vwap",
                                            "sma_20"};
    EXPECT_EQ(columns, expected);
    for (const char* bad : {"", "adx:", "adx:x", "adx:14,,rsi", "nothing:3"})
        EXPECT_FALSE(parse_indicator_set(bad)) << bad;
}

}  // namespace
}  // namespace tide
