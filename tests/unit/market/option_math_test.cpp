#include "market/option_math.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace tide {
namespace {

constexpr auto kCall = OptionRight::call;
constexpr auto kPut = OptionRight::put;

OptionTerms terms(PricingModel model, OptionRight right, double underlying, double strike, double t, double rate) {
    return {model, right, underlying, strike, t, rate};
}
OptionTerms black_scholes(OptionRight right, double spot, double strike, double t, double rate) {
    return terms(PricingModel::black_scholes, right, spot, strike, t, rate);
}
OptionTerms black76(OptionRight right, double forward, double strike, double t, double rate) {
    return terms(PricingModel::black76, right, forward, strike, t, rate);
}

// Hull, "Options, Futures, and Other Derivatives", 10th edition, example 15.6.
TEST(OptionMath, black_scholes_gives_hulls_example_of_a_six_month_option) {
    EXPECT_NEAR(option_price(black_scholes(kCall, 42, 40, 0.5, 0.10), 0.20), 4.76, 0.005);
    EXPECT_NEAR(option_price(black_scholes(kPut, 42, 40, 0.5, 0.10), 0.20), 0.81, 0.005);
}

// Hull, 10th edition, chapter 18, "Black's model for valuing futures options": European put on crude oil futures.
TEST(OptionMath, black76_gives_hulls_example_of_a_futures_put) {
    EXPECT_NEAR(option_price(black76(kPut, 20, 20, 4.0 / 12, 0.09), 0.25), 1.12, 0.005);
}

// Haug, "The Complete Guide to Option Pricing Formulas", 2nd edition, chapter 1: the examples of the Black-Scholes and
// the Black-76 formula.
TEST(OptionMath, prices_are_haugs_worked_examples) {
    EXPECT_NEAR(option_price(black_scholes(kCall, 60, 65, 0.25, 0.08), 0.30), 2.1334, 0.00005);
    EXPECT_NEAR(option_price(black76(kCall, 19, 19, 0.75, 0.10), 0.28), 1.7011, 0.00005);
    EXPECT_NEAR(option_price(black76(kPut, 19, 19, 0.75, 0.10), 0.28), 1.7011, 0.00005);
}

// Haug, 2nd edition, chapter 2: delta of a futures option.
TEST(OptionMath, delta_of_a_futures_option_is_haugs) {
    EXPECT_NEAR(option_greeks(black76(kCall, 105, 100, 0.5, 0.10), 0.36).delta, 0.5946, 0.00005);
    EXPECT_NEAR(option_greeks(black76(kPut, 105, 100, 0.5, 0.10), 0.36).delta, -0.3566, 0.00005);
}

// Hull, 10th edition, chapter 19, the examples of each Greek letter: stock 49, strike 50, 5 %, 20 %, 20 weeks (0.3846).
TEST(OptionMath, greeks_are_those_of_hulls_chapter_19) {
    const Greeks greeks = option_greeks(black_scholes(kCall, 49, 50, 0.3846, 0.05), 0.20);
    EXPECT_NEAR(greeks.delta, 0.522, 0.0005);
    EXPECT_NEAR(greeks.gamma, 0.066, 0.0005);
    EXPECT_NEAR(greeks.theta_day * 365, -4.31, 0.005);
    EXPECT_NEAR(greeks.vega_pct, 0.121, 0.0005);
    EXPECT_NEAR(greeks.rho_pct, 0.0891, 0.00005);
}

// mpmath 1.3 at 40 digits.
TEST(OptionMath, normal_distribution_keeps_its_digits_far_in_the_tail) {
    EXPECT_NEAR(normal_cdf(-30) / 4.9067139271481871e-198, 1.0, 1e-12);
    EXPECT_NEAR(normal_cdf(-8) / 6.2209605742717841e-16, 1.0, 1e-13);
    EXPECT_NEAR(normal_cdf(-1), 0.15865525393145705, 1e-16);
    EXPECT_NEAR(normal_cdf(0.5), 0.6914624612740131, 2e-16);
    EXPECT_NEAR(normal_cdf(3), 0.99865010196836991, 2e-16);
}

TEST(OptionMath, call_minus_put_is_the_discounted_forward_minus_strike) {
    for (const double strike : {15000.0, 22000.0, 24000.0, 25000.0, 40000.0}) {
        for (const double t : {0.0005, 0.02, 0.3, 2.0}) {
            const double spot_call = option_price(black_scholes(kCall, 24000, strike, t, 0.065), 0.2);
            const double spot_put = option_price(black_scholes(kPut, 24000, strike, t, 0.065), 0.2);
            EXPECT_NEAR(spot_call - spot_put, 24000 - strike * std::exp(-0.065 * t), 2e-11);
            const double call = option_price(black76(kCall, 24000, strike, t, 0.065), 0.2);
            const double put = option_price(black76(kPut, 24000, strike, t, 0.065), 0.2);
            EXPECT_NEAR(call - put, (24000 - strike) * std::exp(-0.065 * t), 2e-11);
        }
    }
}

TEST(OptionMath, both_models_agree_when_the_forward_is_the_grown_spot) {
    const double t = 0.25;
    const double forward = 24000 * std::exp(0.065 * t);
    EXPECT_NEAR(option_price(black_scholes(kCall, 24000, 24500, t, 0.065), 0.16),
                option_price(black76(kCall, forward, 24500, t, 0.065), 0.16), 1e-10);
}

// The error of a double price moves the volatility by price error / vega; where that is above 1e-12 no method can do
// better.
TEST(OptionMath, implied_volatility_gives_back_the_volatility_over_a_wide_grid) {
    size_t tried = 0;
    for (const auto model : {PricingModel::black_scholes, PricingModel::black76}) {
        for (const auto right : {kCall, kPut}) {
            for (double moneyness = -1.2; moneyness <= 1.2001; moneyness += 0.04) {
                for (const double t : {1.0 / 365 / 24, 1.0 / 365, 7.0 / 365, 30.0 / 365, 0.5, 3.0}) {
                    for (const double sigma : {0.02, 0.08, 0.15, 0.4, 1.0, 3.0}) {
                        const OptionTerms at = terms(model, right, 24000, 24000 * std::exp(moneyness), t, 0.065);
                        const double price = option_price(at, sigma);
                        const double vega = option_greeks(at, sigma).vega_pct * 100;
                        const double reach = 4e-16 * std::max(at.underlying, at.strike) / vega;
                        if (!(price > 1e-290) || !(reach < 1e-6)) continue;
                        const auto implied = implied_volatility(at, price);
                        ASSERT_TRUE(implied.has_value()) << moneyness << ' ' << t << ' ' << sigma;
                        ASSERT_NEAR(*implied, sigma, std::max(1e-12 * std::max(1.0, sigma), 8 * reach));
                        ++tried;
                    }
                }
            }
        }
    }
    EXPECT_GT(tried, 3000U);
}

TEST(OptionMath, price_at_the_implied_volatility_is_the_price_given) {
    for (const double strike : {12000.0, 18000.0, 23900.0, 24000.0, 24100.0, 30000.0, 60000.0}) {
        for (const double t : {0.0001, 0.01, 0.1, 1.0}) {
            for (const double time_value : {1e-9, 0.05, 3.0, 250.0, 8000.0}) {
                for (const auto right : {kCall, kPut}) {
                    const OptionTerms at = black_scholes(right, 24000, strike, t, 0.065);
                    const double price = option_price(at, 0) + time_value;
                    const auto implied = implied_volatility(at, price);
                    if (!implied) continue;
                    EXPECT_NEAR(option_price(at, *implied), price, 1e-12 * 24000);
                }
            }
        }
    }
}

TEST(OptionMath, very_far_out_of_the_money_prices_still_have_a_volatility) {
    const OptionTerms far = black_scholes(kPut, 24000, 12000, 7.0 / 365, 0.065);
    const auto implied = implied_volatility(far, 1e-200);
    ASSERT_TRUE(implied.has_value());
    EXPECT_NEAR(option_price(far, *implied) / 1e-200, 1.0, 1e-9);
}

TEST(OptionMath, no_volatility_at_or_outside_the_bounds_of_a_price) {
    const OptionTerms call = black_scholes(kCall, 100, 90, 0.5, 0.05);
    const double intrinsic = 100 - 90 * std::exp(-0.025);
    EXPECT_FALSE(implied_volatility(call, intrinsic));
    EXPECT_FALSE(implied_volatility(call, intrinsic - 0.01));
    EXPECT_TRUE(implied_volatility(call, intrinsic + 0.01));
    EXPECT_FALSE(implied_volatility(call, 100));
    EXPECT_FALSE(implied_volatility(call, 120));
    const OptionTerms put = black76(kPut, 100, 90, 0.5, 0.05);
    EXPECT_FALSE(implied_volatility(put, 0));
    EXPECT_FALSE(implied_volatility(put, -1));
    EXPECT_FALSE(implied_volatility(put, 90 * std::exp(-0.025)));
    EXPECT_TRUE(implied_volatility(put, 80));
}

TEST(OptionMath, no_volatility_without_time_or_with_senseless_input) {
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    EXPECT_FALSE(implied_volatility(black_scholes(kCall, 100, 100, 0, 0.05), 2));
    EXPECT_FALSE(implied_volatility(black_scholes(kCall, 100, 100, -1, 0.05), 2));
    for (const double bad : {kNan, kInfinity, -kInfinity, 0.0, -5.0}) {
        EXPECT_FALSE(implied_volatility(black_scholes(kCall, bad, 100, 0.5, 0.05), 2));
        EXPECT_FALSE(implied_volatility(black_scholes(kCall, 100, bad, 0.5, 0.05), 2));
        EXPECT_FALSE(implied_volatility(black_scholes(kCall, 100, 100, bad, 0.05), 2));
        EXPECT_FALSE(implied_volatility(black_scholes(kCall, 100, 100, 0.5, 0.05), bad));
    }
    EXPECT_FALSE(implied_volatility(black_scholes(kCall, 100, 100, 0.5, kNan), 2));
}

TEST(OptionMath, price_rises_with_volatility_and_time_and_a_call_falls_with_the_strike) {
    double last = 0;
    for (double sigma = 0.02; sigma < 2; sigma += 0.02) {
        const double price = option_price(black_scholes(kPut, 24000, 23000, 0.1, 0.065), sigma);
        EXPECT_GE(price, last);
        last = price;
    }
    last = 0;
    for (double t = 0.001; t < 2; t += 0.01) {
        const double price = option_price(black_scholes(kCall, 24000, 24500, t, 0.065), 0.15);
        EXPECT_GE(price, last);
        last = price;
    }
    last = 1e9;
    for (double strike = 10000; strike < 40000; strike += 500) {
        const double price = option_price(black_scholes(kCall, 24000, strike, 0.1, 0.065), 0.15);
        EXPECT_LE(price, last);
        last = price;
    }
}

TEST(OptionMath, at_expiry_an_option_is_worth_its_intrinsic_value) {
    EXPECT_DOUBLE_EQ(option_price(black_scholes(kCall, 24000, 23500, 0, 0.065), 0.2), 500);
    EXPECT_DOUBLE_EQ(option_price(black_scholes(kPut, 24000, 23500, 0, 0.065), 0.2), 0);
    const Greeks in = option_greeks(black_scholes(kCall, 24000, 23500, 0, 0.065), 0.2);
    EXPECT_DOUBLE_EQ(in.delta, 1);
    EXPECT_DOUBLE_EQ(in.gamma, 0);
    EXPECT_DOUBLE_EQ(in.vega_pct, 0);
    EXPECT_DOUBLE_EQ(in.theta_day, 0);
    EXPECT_DOUBLE_EQ(option_greeks(black_scholes(kPut, 24000, 23500, 0, 0.065), 0.2).delta, 0);
    EXPECT_NEAR(option_price(black_scholes(kPut, 24000, 26000, 1, 0.065), 0), 26000 * std::exp(-0.065) - 24000, 1e-11);
}

}  // namespace
}  // namespace tide
