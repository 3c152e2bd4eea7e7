#include "trading/margin.hpp"

#include <gtest/gtest.h>

#include "trading_fixture.hpp"

// Expected values: by hand where the rule is arithmetic; the scenario values from a Black-Scholes of their own (Python,
// the error function of its library). NIFTY at 24500, lot 65, 22 days and 4.5 hours to expiry: a lot's notional is
// 1592500, 2 % of it 31850, the scan range 9.3 % of 24500 = 2278.50.
namespace tide {
namespace {

using namespace tide::testing;

const Date kAugust = make_date(2026, 8, 25);
constexpr double kExposure = 31'850;

struct MarginTest : ::testing::Test {
    MarginSettings settings;
    MarginMarket market{time_of(11, 0), 14};
    std::vector<Instrument> instruments;
    std::vector<MarginLeg> legs;

    MarginTest() { instruments.reserve(16); }
    void add(Side side, OptionRight right, double strike, double price, int64_t quantity = 65, Date expiry = kAugust) {
        Instrument option;
        option.id = InstrumentId(static_cast<uint32_t>(100 + instruments.size()));
        option.kind = InstrumentKind::option;
        option.right = right;
        option.underlying = kNifty;
        option.expiry = expiry;
        option.strike = rupees(strike);
        option.lot = Quantity(65);
        instruments.push_back(option);
        legs.push_back({&instruments.back(), side, Quantity(quantity), rupees(price), rupees(24'500)});
    }
    void call(Side side, double strike, double price, int64_t quantity = 65) {
        add(side, OptionRight::call, strike, price, quantity);
    }
    void put(Side side, double strike, double price, int64_t quantity = 65) {
        add(side, OptionRight::put, strike, price, quantity);
    }
    double margin() const { return portfolio_margin(legs, settings, market).to_double(); }
};

TEST_F(MarginTest, bought_options_are_paid_in_full) {
    call(Side::buy, 24'500, 100);
    put(Side::buy, 24'300, 70, 130);
    EXPECT_EQ(margin(), 65 * 100 + 130 * 70);
}

// 9.3 % + 2 % of the notional.
TEST_F(MarginTest, a_naked_short_option_blocks_the_scan_range_and_the_exposure) {
    call(Side::sell, 24'500, 100);
    EXPECT_EQ(margin(), 179'952.5);
}

TEST_F(MarginTest, a_debit_spread_blocks_what_it_can_lose_and_the_exposure) {
    call(Side::buy, 24'500, 150);
    call(Side::sell, 24'600, 100);
    EXPECT_EQ(margin(), 65 * (150 - 100) + kExposure);
}

TEST_F(MarginTest, a_credit_spread_blocks_its_width_less_its_credit_and_the_exposure) {
    call(Side::sell, 24'500, 150);
    call(Side::buy, 24'600, 100);
    EXPECT_EQ(margin(), 65 * (100 - (150 - 100)) + kExposure);
}

// One side only can lose: 100 less the whole credit of 30 + 25.
TEST_F(MarginTest, an_iron_condor_blocks_one_side) {
    call(Side::sell, 24'700, 80);
    call(Side::buy, 24'800, 50);
    put(Side::sell, 24'300, 70);
    put(Side::buy, 24'200, 45);
    EXPECT_EQ(margin(), 65 * (100 - 55) + 2 * kExposure);
    EXPECT_EQ(settlement_loss(legs, settings), Money::from_rupees(2'925));
    EXPECT_TRUE(covered(legs, settings));
}

// 9.3 % of the notional once: the market moves one way. Its own scenarios say 125365.61.
TEST_F(MarginTest, a_naked_strangle_blocks_the_scan_range_of_one_side_and_the_exposure_of_both) {
    call(Side::sell, 24'700, 80);
    put(Side::sell, 24'300, 70);
    EXPECT_EQ(margin(), 148'102.5 + 2 * kExposure);
    EXPECT_FALSE(covered(legs, settings));
}

TEST_F(MarginTest, a_bought_option_beyond_the_scan_range_covers_nothing) {
    call(Side::sell, 24'500, 150);
    call(Side::buy, 27'000, 1);
    EXPECT_EQ(margin(), 148'102.5 + 65 + kExposure);
    EXPECT_FALSE(covered(legs, settings));
}

TEST_F(MarginTest, only_the_quantity_that_was_bought_covers) {
    call(Side::sell, 24'500, 150, 130);
    call(Side::buy, 24'600, 100, 65);
    EXPECT_EQ(margin(), 148'102.5 + 65 * 100 + 2 * kExposure);
}

TEST_F(MarginTest, another_expiry_covers_nothing) {
    call(Side::sell, 24'500, 100);
    add(Side::buy, OptionRight::call, 24'500, 300, 65, make_date(2026, 9, 29));
    EXPECT_EQ(margin(), 179'952.5 + 65 * 300);
    EXPECT_FALSE(covered(legs, settings));
}

// A protective put: down to 24000 the future loses 500, and the premium is lost besides.
TEST_F(MarginTest, a_put_bounds_the_loss_of_a_future) {
    legs.push_back(
        {&instruments.emplace_back(small_market()[4]), Side::buy, Quantity(65), rupees(24'500), rupees(24'500)});
    EXPECT_EQ(margin(), 179'952.5);
    put(Side::buy, 24'000, 120);
    EXPECT_EQ(margin(), 65 * (500 + 120) + kExposure);
}

// A sold straddle between bought wings, with the range at 1 % (245): at settlement it can lose 145 + 15 + 15 - 90 = 85
// a unit, 5525 in all; 2/3 of the range down with volatility 80 points up it loses 5693.99, by a model of our own.
TEST_F(MarginTest, volatility_counts_beside_the_price) {
    settings.price_scan_pct = 1;
    settings.volatility_scan_min = 80;
    settings.exposure_pct = 0;
    call(Side::sell, 24'500, 100);
    put(Side::sell, 24'500, 90);
    call(Side::buy, 24'740, 20);
    put(Side::buy, 24'260, 15);
    EXPECT_NEAR(margin(), 5'693.99, 0.05);
    settings.volatility_scan_min = 4;
    EXPECT_EQ(margin(), 5'525);
}

TEST_F(MarginTest, the_short_minimum_holds_where_the_range_is_smaller) {
    settings.price_scan_pct = 1;
    call(Side::sell, 24'700, 80);
    EXPECT_EQ(margin(), 0.03 * 1'592'500 + kExposure);
}

// 2 % more of the notional on the day itself.
TEST_F(MarginTest, a_short_option_costs_more_on_its_expiry_day) {
    market.now = at(kAugust, hours(11));
    call(Side::sell, 24'500, 100);
    EXPECT_EQ(margin(), 179'952.5 + kExposure);
}

TEST_F(MarginTest, the_order_of_legs_does_not_matter) {
    call(Side::sell, 24'700, 80);
    call(Side::buy, 24'800, 50);
    put(Side::sell, 24'300, 70);
    put(Side::buy, 24'200, 45);
    const double before = margin();
    std::reverse(legs.begin(), legs.end());
    EXPECT_EQ(margin(), before);
}

TEST_F(MarginTest, without_a_price_of_the_underlying_the_strike_stands_in) {
    call(Side::sell, 24'500, 100);
    legs.front().underlying = Price();
    EXPECT_EQ(margin(), 179'952.5);
}

}  // namespace
}  // namespace tide
