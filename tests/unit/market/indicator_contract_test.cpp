// What holds for every registered indicator: when it is there, that nothing of the past changes, that late and early
// requests agree to the last bit, that no bar breaks it, and that it allocates nothing.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <fstream>
#include <sstream>

#include "../trading/allocation_counter.hpp"
#include "market/indicator_hub.hpp"
#include "market/indicators/documentation.hpp"
#include "support/paths.hpp"

namespace tide {
namespace {

const InstrumentId kNifty(1);
constexpr size_t kBarsADay = 75;

ExchangeTime start_of(size_t i) {
    const Date date = make_date(2024, 1, 1) + std::chrono::days(i / kBarsADay);
    return ist_moment<ExchangeTime>(date, hours(9) + minutes(15) + minutes(5) * static_cast<int64_t>(i % kBarsADay));
}

// A walk in ticks of 0.05 from a generator of its own, with flat stretches, jumps and bars without volume.
std::vector<Bar> random_bars(uint64_t seed, size_t count) {
    const auto draw = [&seed](int64_t range) {
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<int64_t>((seed >> 33) % static_cast<uint64_t>(2 * range + 1)) - range;
    };
    std::vector<Bar> bars;
    int64_t price = 20'000'000 + draw(10'000'000);
    int64_t calm = 0;
    for (size_t i = 0; i < count; ++i) {
        if (draw(40) == 0) calm = 20;
        const int64_t step = calm-- > 0 ? 0 : 500 * draw(50) + (draw(100) == 0 ? 500 * draw(2000) : 0);
        Bar bar;
        bar.instrument = kNifty;
        bar.timeframe = Timeframe::m5;
        bar.start = start_of(i);
        const int64_t open = price;
        const int64_t close = std::max<int64_t>(500, price + step);
        bar.open = Price::from_units(open);
        bar.close = Price::from_units(close);
        bar.high = Price::from_units(std::max(open, close) + (calm > 0 ? 0 : 500 * std::abs(draw(20))));
        bar.low = Price::from_units(
            std::max<int64_t>(500, std::min(open, close) - (calm > 0 ? 0 : 500 * std::abs(draw(20)))));
        bar.volume = draw(30) == 0 ? 0 : 1000 + draw(900);
        if (draw(30) != 0) bar.flags = kBarHasVolume;
        bars.push_back(bar);
        price = close;
    }
    return bars;
}

// Parameters inside their ranges, periods short enough for a few hundred bars.
std::vector<double> random_parameters(const IndicatorSpec& spec, uint64_t seed) {
    std::vector<double> made;
    for (const auto& parameter : spec.parameters) {
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        const double part = static_cast<double>((seed >> 33) % 1000) / 1000;
        const double max = std::min(parameter.max, std::max(parameter.min + 1, 40.0));
        double value = parameter.min + part * (max - parameter.min);
        if (parameter.name == "year") value = 2024;
        if (parameter.name == "bars_per_year") value = 252;
        made.push_back(parameter.whole ? std::floor(value) : value);
    }
    return made;
}

bool same_bits(double a, double b) { return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b); }

TEST(IndicatorContract, the_first_value_comes_with_the_documented_bar_and_stays) {
    const auto bars = random_bars(5, 500);
    for (const auto& spec : indicator_specs()) {
        const auto& documented = documentation_of(spec);
        ASSERT_EQ(documented.bars == nullptr, spec.readiness != IndicatorReadiness::warm_up) << spec.name;
        if (documented.bars == nullptr) continue;
        for (uint64_t seed = 0; seed < 20; ++seed) {
            const auto parameters = random_parameters(spec, seed);
            auto indicator = spec.make(parameters);
            const int64_t wanted = documented.bars(parameters);
            int64_t counted = 0;
            for (const Bar& bar : bars) {
                BarValues values = bar_values(bar);
                values.has_volume = true;
                indicator->update(values);
                ASSERT_EQ(indicator->ready(), ++counted >= wanted) << spec.name << " bar " << counted;
                for (const double value : indicator->values())
                    ASSERT_TRUE(!indicator->ready() || std::isfinite(value)) << spec.name;
            }
        }
    }
}

// Asked for before the first bar, in the middle, or after the last: the same bits, and those of the indicator alone.
RC_GTEST_PROP(IndicatorContract, late_early_and_lone_indicators_agree_to_the_last_bit, (uint64_t seed)) {
    const auto bars = random_bars(seed, 200 + seed % 150);
    const size_t middle = *rc::gen::inRange<size_t>(0, bars.size());
    for (const auto& spec : indicator_specs()) {
        const auto parameters = random_parameters(spec, seed);
        BarSeriesBook series;
        IndicatorHub early(&series), late(&series), last(&series);
        const int32_t a = early.request(kNifty, Timeframe::m5, spec.name, parameters)->handle;
        int32_t b = -1;
        auto alone = spec.make(parameters);
        std::vector<std::vector<double>> published;
        for (size_t i = 0; i < bars.size(); ++i) {
            if (i == middle) b = late.request(kNifty, Timeframe::m5, spec.name, parameters)->handle;
            RC_ASSERT(series.push(bars[i]));
            early.on_bar(bars[i]);
            late.on_bar(bars[i]);
            alone->update(bar_values(bars[i]));
            published.emplace_back(alone->values().begin(), alone->values().end());
        }
        const int32_t c = last.request(kNifty, Timeframe::m5, spec.name, parameters)->handle;
        for (size_t i = 0; i < bars.size(); ++i) {
            const size_t back = bars.size() - 1 - i;
            for (size_t output = 0; output < spec.outputs.size(); ++output) {
                const double value = published[i][output];
                RC_ASSERT(same_bits(early.value(a, output, back), value));
                RC_ASSERT(same_bits(late.value(b, output, back), value));
                RC_ASSERT(same_bits(last.value(c, output, back), value));
            }
        }
    }
}

// The whole range of Price and of a volume, in any order, with bars of no range: every value is a number or missing.
TEST(IndicatorContract, no_bar_within_the_range_of_a_price_breaks_an_indicator) {
    const double prices[] = {1e-4, 0.05, 1, 24'000, 9.2e14};
    const double volumes[] = {0, 1, 9.2e18};
    for (const auto& spec : indicator_specs()) {
        for (uint64_t seed = 1; seed <= 30; ++seed) {
            auto indicator = spec.make(random_parameters(spec, seed));
            uint64_t state = seed;
            const auto draw = [&state](size_t count) {
                state = state * 6364136223846793005ULL + 1442695040888963407ULL;
                return static_cast<size_t>((state >> 33) % count);
            };
            bool was_ready = false;
            for (size_t i = 0; i < 400; ++i) {
                const double a = prices[draw(5)], b = draw(4) == 0 ? prices[draw(5)] : a;
                BarValues bar{a, std::max(a, b), std::min(a, b), b, volumes[draw(3)], true, Timeframe::m5, start_of(i)};
                indicator->update(bar);
                for (const double value : indicator->values())
                    ASSERT_FALSE(std::isinf(value)) << spec.name << " seed " << seed << " bar " << i;
                if (spec.readiness != IndicatorReadiness::warm_up) continue;
                ASSERT_TRUE(indicator->ready() || !was_ready) << spec.name;
                was_ready = indicator->ready();
                for (const double value : indicator->values())
                    ASSERT_TRUE(!was_ready || std::isfinite(value)) << spec.name << " seed " << seed << " bar " << i;
            }
        }
    }
}

TEST(IndicatorContract, oscillators_stay_inside_their_range_whatever_comes) {
    struct Case {
        const char* set;
        double low, high;
    };
    for (const Case& one :
         {Case{"rsi:3", 0, 100}, Case{"mfi:3", 0, 100}, Case{"adx:3", 0, 100}, Case{"aroon:3", -100, 100},
          Case{"stochastic:3:2:2", 0, 100}, Case{"williams_r:3", -100, 0}}) {
        const auto request = parse_indicator_set(one.set)->front();
        auto indicator = request.spec->make(request.parameters);
        for (const Bar& bar : random_bars(11, 2000)) {
            indicator->update(bar_values(bar));
            for (const double value : indicator->values()) {
                if (std::isnan(value)) continue;
                ASSERT_GE(value, one.low - 1e-9) << one.set;
                ASSERT_LE(value, one.high + 1e-9) << one.set;
            }
        }
    }
}

// Wilder's sums decay for ever when nothing moves: they must not reach numbers without a reciprocal.
TEST(IndicatorContract, twenty_thousand_equal_bars_after_a_move_give_numbers) {
    for (const auto& spec : indicator_specs()) {
        if (spec.readiness != IndicatorReadiness::warm_up) continue;
        auto parameters = *complete_indicator_parameters(spec, {});
        if (!parameters.empty() && spec.parameters[0].name == "period") parameters[0] = 2;
        auto indicator = spec.make(parameters);
        for (size_t i = 0; i < 20'100; ++i) {
            const double price = i < 100 ? 100 + static_cast<double>(i % 7) : 100;
            indicator->update({price, price, price, price, 10, true, Timeframe::m5, start_of(i)});
            for (const double value : indicator->values())
                ASSERT_TRUE(!indicator->ready() || std::isfinite(value)) << spec.name << " bar " << i;
        }
    }
}

TEST(IndicatorContract, a_flat_market_gives_neutral_numbers) {
    const auto after_flat = [](const char* name) {
        auto indicator = *make_indicator(name, {});
        for (int i = 0; i < 300; ++i) indicator->update({100, 100, 100, 100, 10, true});
        return indicator->value();
    };
    for (const char* name : {"adx", "cci", "z_score", "std_dev"}) EXPECT_EQ(after_flat(name), 0) << name;
    EXPECT_EQ(after_flat("rsi"), 50);
    EXPECT_EQ(after_flat("stochastic"), 50);
    EXPECT_EQ(after_flat("williams_r"), -50);
    EXPECT_TRUE(std::isnan(after_flat("swings")));
    EXPECT_EQ(after_flat("volume_profile"), 100.5);
}

TEST(IndicatorContract, volume_indicators_are_never_there_on_an_index) {
    for (const auto& spec : indicator_specs()) {
        auto indicator = *make_indicator(spec.name, {});
        bool ever = false;
        for (const Bar& bar : random_bars(3, 600)) {
            BarValues values = bar_values(bar);
            values.has_volume = false;
            values.volume = 0;
            indicator->update(values);
            ever = ever || indicator->ready();
        }
        EXPECT_EQ(ever, !spec.needs_volume) << spec.name;
    }
}

TEST(IndicatorContract, no_bar_allocates) {
    const auto bars = random_bars(17, 700);
    for (const auto& spec : indicator_specs()) {
        IndicatorHub hub(nullptr);
        ASSERT_TRUE(hub.request(kNifty, Timeframe::m5, spec.name, {}));
        const auto before = testing::allocations;
        for (const Bar& bar : bars) hub.on_bar(bar);
        EXPECT_EQ(testing::allocations, before) << spec.name;
    }
}

TEST(IndicatorDocumentation, the_page_is_what_the_registry_says) {
    std::ifstream file(source_dir() / "docs/indicators.md");
    std::stringstream text;
    text << file.rdbuf();
    EXPECT_EQ(text.str(), indicator_reference_markdown())
        << "write what `engine indicators --list --markdown` prints to docs/indicators.md";
}

}  // namespace
}  // namespace tide
