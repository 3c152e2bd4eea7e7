#include "market/volatility_state.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace tide {
namespace {

const InstrumentId kNifty(1), kVix(2), kCall(3);
const Date kMonday = make_date(2024, 1, 8);
const VolatilitySettings kDefaults;

// ---- classes of the VIX

struct VixCase {
    VixClass before;
    double level;
    VixClass after;
};
class VixClasses : public testing::TestWithParam<VixCase> {};
TEST_P(VixClasses, begin_at_their_limit_and_end_two_points_below_it) {
    EXPECT_EQ(next_vix_class(GetParam().before, GetParam().level, kDefaults), GetParam().after);
}
using enum VixClass;
INSTANTIATE_TEST_SUITE_P(
    levels, VixClasses,
    testing::Values(VixCase{unknown, 11.99, low}, VixCase{unknown, 12, normal}, VixCase{unknown, 17.99, normal},
                    VixCase{unknown, 18, elevated}, VixCase{unknown, 25, high}, VixCase{unknown, 30, extreme},
                    VixCase{normal, 17.99, normal}, VixCase{normal, 18, elevated}, VixCase{elevated, 17.99, elevated},
                    VixCase{elevated, 16.01, elevated}, VixCase{elevated, 16, normal}, VixCase{extreme, 28.01, extreme},
                    VixCase{extreme, 28, high}, VixCase{extreme, 24, high}, VixCase{extreme, 23, elevated},
                    VixCase{extreme, 5, low}, VixCase{low, 31, extreme}, VixCase{normal, 10.01, normal},
                    VixCase{normal, 10, low}));

// Whatever came before: levels that move by less than the hysteresis change the class once at most.
RC_GTEST_PROP(VixClass, does_not_flap_inside_the_hysteresis, (uint16_t start, uint8_t before)) {
    const double base = 5 + start % 4000 / 100.0;
    auto level = static_cast<enum VixClass>(before % 6);
    int changes = 0;
    const auto steps = *rc::gen::container<std::vector<double>>(
        50, rc::gen::map(rc::gen::inRange(0, 1999), [](int x) { return x / 1000.0; }));
    level = next_vix_class(level, base + steps[0], kDefaults);
    for (const double step : steps) {
        const auto next = next_vix_class(level, base + step, kDefaults);
        changes += next != level;
        level = next;
    }
    RC_ASSERT(changes <= 1);
}

// ---- regimes

struct RegimeCase {
    Regime before;
    double adx, percentile;
    enum VixClass vix;
    Regime after;
};
const double kNone = kNoIndicatorValue;
class Regimes : public testing::TestWithParam<RegimeCase> {};
TEST_P(Regimes, follow_their_rules) {
    const auto& one = GetParam();
    EXPECT_EQ(next_regime(one.before, {one.adx, one.percentile, one.vix}, kDefaults), one.after);
}
INSTANTIATE_TEST_SUITE_P(table, Regimes,
                         testing::Values(RegimeCase{Regime::unknown, kNone, kNone, unknown, Regime::unknown},
                                         RegimeCase{Regime::unknown, 25, 50, normal, Regime::trending},
                                         RegimeCase{Regime::unknown, 24.9, 50, normal, Regime::ranging},
                                         RegimeCase{Regime::trending, 20, 50, normal, Regime::trending},
                                         RegimeCase{Regime::trending, 19.9, 50, normal, Regime::ranging},
                                         RegimeCase{Regime::ranging, 24.9, 50, normal, Regime::ranging},
                                         RegimeCase{Regime::ranging, 25, 50, normal, Regime::trending},
                                         RegimeCase{Regime::trending, 40, 80, normal, Regime::turbulent},
                                         RegimeCase{Regime::turbulent, 40, 70, normal, Regime::turbulent},
                                         RegimeCase{Regime::turbulent, 40, 69.9, normal, Regime::trending},
                                         RegimeCase{Regime::turbulent, 22, 69.9, normal, Regime::ranging},
                                         RegimeCase{Regime::ranging, 15, 20, normal, Regime::quiet},
                                         RegimeCase{Regime::quiet, 15, 30, normal, Regime::quiet},
                                         RegimeCase{Regime::quiet, 15, 30.1, normal, Regime::ranging},
                                         RegimeCase{Regime::quiet, 30, 10, normal, Regime::trending},
                                         RegimeCase{Regime::quiet, 15, 10, high, Regime::turbulent},
                                         RegimeCase{Regime::unknown, kNone, kNone, extreme, Regime::turbulent},
                                         RegimeCase{Regime::unknown, 15, kNone, unknown, Regime::ranging}));

// ADX inside its band and the percentile inside either of its bands: one change at most, whatever came before.
RC_GTEST_PROP(Regime, does_not_flap_inside_the_hysteresis, (uint8_t before, bool at_the_top)) {
    auto regime = static_cast<Regime>(before % 5);
    const double from = at_the_top ? 70 : 20.001;
    int changes = 0;
    for (int i = 0; i < 60; ++i) {
        const double adx = 20 + *rc::gen::inRange(0, 4999) / 1000.0;
        const double rank = from + *rc::gen::inRange(0, 9998) / 1000.0;
        const Regime next = next_regime(regime, {adx, rank, normal}, kDefaults);
        changes += next != regime;
        regime = next;
    }
    RC_ASSERT(changes <= 1);
}

// ---- the state over events

Instrument instrument_of(InstrumentId id, InstrumentKind kind) {
    Instrument instrument;
    instrument.id = id;
    instrument.kind = kind;
    return instrument;
}
Bar daily(InstrumentId id, int64_t day, double low, double high, double close) {
    Bar bar;
    bar.instrument = id;
    bar.timeframe = Timeframe::d1;
    bar.flags = kBarHistory;
    bar.start = ist_moment<ExchangeTime>(kMonday + std::chrono::days(day - 200), hours(9) + minutes(15));
    bar.open = bar.close = Price::from_double(close);
    bar.high = Price::from_double(high);
    bar.low = Price::from_double(low);
    return bar;
}
Bar minute_bar(int64_t minute) {
    Bar bar = daily(kNifty, 200, 20'000, 20'000, 20'000);
    bar.timeframe = Timeframe::m1;
    bar.flags = 0;
    bar.start = ist_moment<ExchangeTime>(kMonday, hours(9) + minutes(15 + minute));
    return bar;
}
VolatilityState fresh() {
    VolatilityState state(kDefaults);
    state.on_instrument(instrument_of(kNifty, InstrumentKind::index));
    state.on_instrument(instrument_of(kVix, InstrumentKind::volatility_index));
    state.on_instrument(instrument_of(kCall, InstrumentKind::option));
    return state;
}
// Daily bars that rise by 1 %, of a range of 1 %: ADX 100. The last bars are ten times as wide when `wide`.
void feed_trend(VolatilityState& state, bool wide) {
    double close = 10'000;
    for (int64_t i = 0; i < 120; ++i) {
        close *= 1.01;
        const double half = close * (wide && i > 110 ? 0.05 : 0.005);
        state.on_bar(daily(kNifty, i, close - half, close + half, close), kNone);
    }
}

TEST(VolatilityState, what_history_led_to_is_told_once_when_the_first_day_begins) {
    VolatilityState state = fresh();
    feed_trend(state, false);
    EXPECT_TRUE(state.changes().empty());
    state.start_day();
    ASSERT_EQ(state.changes().size(), 1U);
    EXPECT_EQ(state.changes()[0].instrument, kNifty);
    EXPECT_EQ(state.changes()[0].from, "");
    EXPECT_EQ(state.changes()[0].to, "trending");
    EXPECT_EQ(state.regime(kNifty), Regime::trending);
    EXPECT_EQ(state.regime(kCall), Regime::unknown);
    state.take_changes();
    state.start_day();
    EXPECT_TRUE(state.changes().empty());
}

TEST(VolatilityState, bars_far_wider_than_their_past_are_volatile) {
    VolatilityState state = fresh();
    feed_trend(state, true);
    state.start_day();
    EXPECT_EQ(state.regime(kNifty), Regime::turbulent);
    EXPECT_EQ(state.changes().at(0).values, "adx=100 atr_percentile=100");
}

TEST(VolatilityState, without_enough_past_there_is_no_percentile_and_without_bars_no_regime) {
    VolatilityState state = fresh();
    state.start_day();
    EXPECT_EQ(state.regime(kNifty), Regime::unknown);
    EXPECT_TRUE(state.changes().empty());
}

TEST(VolatilityState, an_opening_gap_is_the_regime_for_half_an_hour) {
    VolatilityState state = fresh();
    feed_trend(state, false);
    state.start_day();
    state.take_changes();
    for (int64_t minute = 0; minute < 29; ++minute) {
        state.on_bar(minute_bar(minute), -2.5);
        EXPECT_EQ(state.regime(kNifty), Regime::gap) << minute;
    }
    state.on_bar(minute_bar(29), -2.5);
    EXPECT_EQ(state.regime(kNifty), Regime::trending);
    ASSERT_EQ(state.changes().size(), 2U);
    EXPECT_NE(state.changes()[0].values.find("gap_pct=-2.5"), std::string::npos);
    EXPECT_EQ(state.changes()[1].from, "gap");
}

TEST(VolatilityState, a_smaller_or_unknown_gap_changes_nothing) {
    for (const double gap : {1.99, kNone}) {
        VolatilityState state = fresh();
        feed_trend(state, false);
        state.start_day();
        state.on_bar(minute_bar(0), gap);
        EXPECT_EQ(state.regime(kNifty), Regime::trending);
    }
}

TEST(VolatilityState, a_high_vix_makes_every_market_volatile_and_is_told_first) {
    VolatilityState state = fresh();
    feed_trend(state, false);
    state.start_day();
    state.take_changes();
    const ReceiveTime now = at(kMonday, hours(9) + minutes(15));
    state.on_vix(now, 15);
    state.on_vix(now + minutes(1), 25.5);
    ASSERT_EQ(state.changes().size(), 3U);
    EXPECT_EQ(state.changes()[0].to, "normal");
    EXPECT_FALSE(state.changes()[1].instrument.valid());
    EXPECT_EQ(state.changes()[1].to, "high");
    EXPECT_EQ(state.changes()[1].values, "vix=25.5");
    EXPECT_EQ(state.changes()[2].to, "volatile");
    state.take_changes();
    for (const double level : {24.0, 25.1, 23.1, 26.0}) state.on_vix(now + minutes(2), level);
    EXPECT_TRUE(state.changes().empty());
    state.on_vix(now + minutes(3), 23);
    EXPECT_EQ(state.vix_class(), elevated);
    EXPECT_EQ(state.regime(kNifty), Regime::trending);
}

TEST(VolatilityState, changes_of_the_vix_are_against_the_reading_in_force_then) {
    VolatilityState state = fresh();
    state.on_bar(daily(kVix, 199, 14, 14, 14), kNone);
    state.start_day();
    const ReceiveTime open = at(kMonday, hours(9) + minutes(15));
    // 15 at 09:15, then a tenth more each minute; read at 09:45.
    for (int64_t minute = 0; minute <= 30; ++minute)
        state.on_vix(open + minutes(minute), 15 + 0.1 * static_cast<double>(minute));
    const ReceiveTime now = open + minutes(30);
    EXPECT_NEAR(state.vix_change(now, minutes(5)), 0.5, 1e-12);
    EXPECT_NEAR(state.vix_change(now, minutes(10)), 1.0, 1e-12);
    EXPECT_NEAR(state.vix_change(now, minutes(30)), 3.0, 1e-12);
    EXPECT_NEAR(state.vix_change_today(), 4.0, 1e-12);
    EXPECT_TRUE(std::isnan(state.vix_change(now, minutes(31))));
    state.start_day();
    EXPECT_TRUE(std::isnan(state.vix_change(now, minutes(5))));
    state.on_vix(now + hours(24), 17);
    EXPECT_NEAR(state.vix_change_today(), -1, 1e-12);
}

}  // namespace
}  // namespace tide
