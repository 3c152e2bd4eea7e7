#include "market/option_model.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace tide {
namespace {

Instrument option(OptionRight right, int64_t strike) {
    Instrument instrument;
    instrument.id = InstrumentId(3);
    instrument.kind = InstrumentKind::option;
    instrument.right = right;
    instrument.expiry = make_date(2024, 1, 25);
    instrument.strike = Price::from_rupees(strike);
    return instrument;
}
const Price kSpot = Price::from_rupees(21700);
const ReceiveTime kWeekBefore = at(make_date(2024, 1, 18), hours(15) + minutes(30));

// At the money forward-less: C = P + S - K e^(-rt); with k = 0 the volatility is the VIX itself.
TEST(OptionModel, at_the_money_volatility_is_the_vix) {
    const auto quote = model_quote({}, option(OptionRight::call, 21700), kSpot, 14.0, kWeekBefore);
    ASSERT_TRUE(quote);
    EXPECT_DOUBLE_EQ(quote->sigma, 0.14);
}

// k = ln(21000/21700) / (0.14 sqrt(7/365)) = -1.6907; smile = 1 + 0.05 x 1.6907 + 0.02 x 2.8584 = 1.14170.
TEST(OptionModel, smile_is_skewed_towards_low_strikes) {
    const double k = std::log(21000.0 / 21700.0) / (0.14 * std::sqrt(7.0 / 365.0));
    const auto low = model_quote({}, option(OptionRight::put, 21000), kSpot, 14.0, kWeekBefore);
    ASSERT_TRUE(low);
    EXPECT_NEAR(low->sigma, 0.14 * (1 - 0.05 * k + 0.02 * k * k), 1e-15);
    EXPECT_NEAR(low->sigma / 0.14, 1.1417, 2e-4);
    const auto high = model_quote({}, option(OptionRight::call, 22400), kSpot, 14.0, kWeekBefore);
    EXPECT_GT(low->sigma, high->sigma);
}

TEST(OptionModel, smile_is_flat_beyond_five_deviations_and_never_under_a_quarter_of_the_vix) {
    const ReceiveTime last_hour = at(make_date(2024, 1, 25), hours(15));
    const auto far = model_quote({}, option(OptionRight::put, 19000), kSpot, 14.0, last_hour);
    const auto farther = model_quote({}, option(OptionRight::put, 17000), kSpot, 14.0, last_hour);
    EXPECT_DOUBLE_EQ(far->sigma, farther->sigma);
    EXPECT_NEAR(far->sigma / 0.14, 1 + 0.25 + 0.5, 1e-12);
    OptionModelSettings steep;
    steep.skew = -0.5;
    const auto floored = model_quote(steep, option(OptionRight::call, 23000), kSpot, 14.0, last_hour);
    EXPECT_NEAR(floored->sigma, 0.14 * 0.25, 1e-15);
}

TEST(OptionModel, quote_is_on_tick_with_the_price_between_bid_and_ask) {
    for (int64_t strike = 19000; strike <= 24000; strike += 50) {
        const auto quote = model_quote({}, option(OptionRight::call, strike), kSpot, 14.0, kWeekBefore);
        ASSERT_TRUE(quote);
        const Price tick = Price::from_units(500);
        for (const Price price : {quote->last, quote->bid, quote->ask}) {
            EXPECT_TRUE(on_tick(price, tick));
            EXPECT_TRUE(price.positive());
        }
        EXPECT_LE(quote->bid, quote->last);
        EXPECT_LT(quote->last, quote->ask);
        EXPECT_GE((quote->ask - quote->bid).to_double(), 2 * 0.0025 * quote->price - 0.05);
    }
}

TEST(OptionModel, nothing_is_priced_after_expiry_or_without_spot_or_vix) {
    const Instrument call = option(OptionRight::call, 21700);
    EXPECT_FALSE(model_quote({}, call, kSpot, 14.0, at(make_date(2024, 1, 25), hours(15) + minutes(30))));
    EXPECT_TRUE(model_quote({}, call, kSpot, 14.0, at(make_date(2024, 1, 25), hours(15) + minutes(29))));
    EXPECT_FALSE(model_quote({}, call, Price(), 14.0, kWeekBefore));
    EXPECT_FALSE(model_quote({}, call, kSpot, 0.0, kWeekBefore));
    EXPECT_FALSE(model_quote({}, call, kSpot, std::nan(""), kWeekBefore));
    Instrument index = call;
    index.kind = InstrumentKind::index;
    EXPECT_FALSE(model_quote({}, index, kSpot, 14.0, kWeekBefore));
}

}  // namespace
}  // namespace tide
