#include "market/option_batch.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "option_references.hpp"

namespace tide {
namespace {

using test::kOptionReferences;
using test::OptionReference;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<SimdLevel> levels() {
    std::vector<SimdLevel> all{SimdLevel::baseline};
    if (best_simd_level() >= SimdLevel::avx2) all.push_back(SimdLevel::avx2);
    if (best_simd_level() >= SimdLevel::avx512) all.push_back(SimdLevel::avx512);
    return all;
}

TEST(OptionBatch, price_and_greeks_agree_with_fifty_digit_arithmetic) {
    for (const SimdLevel level : levels()) {
        OptionBatch batch;
        for (const OptionReference& row : kOptionReferences) batch.add(row.terms, kNan, row.sigma);
        batch.evaluate(level);
        for (size_t i = 0; i < kOptionReferences.size(); ++i) {
            const OptionReference& wanted = kOptionReferences[i];
            SCOPED_TRACE(testing::Message() << name_of(level) << " row " << i);
            const Greeks greeks = batch.greeks(i);
            // To the last digits of the underlying; far from the money also to twelve digits of the price itself.
            const double scale =
                std::min(wanted.terms.underlying * 1e-15, std::fabs(wanted.price) * 1e-12) + wanted.price * 1e-15;
            EXPECT_NEAR(batch.column(OptionColumn::price)[i], wanted.price, scale);
            EXPECT_NEAR(greeks.delta / wanted.delta, 1, 1e-12);
            EXPECT_NEAR(greeks.gamma / wanted.gamma, 1, 1e-12);
            EXPECT_NEAR(greeks.theta_day / wanted.theta_day, 1, 2e-11);
            EXPECT_NEAR(greeks.vega_pct / wanted.vega_pct, 1, 1e-12);
            EXPECT_NEAR(greeks.rho_pct / wanted.rho_pct, 1, 1e-11);
        }
    }
}

TEST(OptionBatch, implied_volatility_of_a_reference_price_is_its_volatility_to_1e_12) {
    for (const SimdLevel level : levels()) {
        OptionBatch batch;
        for (const OptionReference& row : kOptionReferences) batch.add(row.terms, row.price, kNan);
        batch.imply(level);
        for (size_t i = 0; i < kOptionReferences.size(); ++i) {
            EXPECT_NEAR(batch.column(OptionColumn::sigma)[i], kOptionReferences[i].sigma, 1e-12)
                << name_of(level) << " row " << i;
        }
    }
}

// Odd sizes leave lanes beyond the last row, and rows of very different difficulty share a vector.
OptionBatch mixed_batch(size_t rows) {
    OptionBatch batch;
    uint64_t seed = 11;
    const auto draw = [&seed] {
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<double>(seed >> 11) * 0x1p-53;
    };
    for (size_t i = 0; i < rows; ++i) {
        OptionTerms terms;
        terms.model = draw() < 0.5 ? PricingModel::black76 : PricingModel::black_scholes;
        terms.right = draw() < 0.5 ? OptionRight::call : OptionRight::put;
        terms.underlying = 24'000 * (0.5 + draw());
        terms.strike = 24'000 * (0.5 + draw());
        terms.t_years = draw() < 0.05 ? 0 : std::pow(10.0, -6 + 6 * draw());
        terms.rate = 0.1 * draw() - 0.02;
        const double quote = draw() < 0.05 ? kNan : 5'000 * draw() * draw() * draw();
        batch.add(terms, quote, draw() < 0.05 ? 0 : 0.01 + draw());
    }
    return batch;
}

TEST(OptionBatch, every_instruction_set_and_the_single_option_give_the_same_bits) {
    for (const size_t rows : {size_t(1), size_t(7), size_t(2'003)}) {
        OptionBatch reference = mixed_batch(rows);
        reference.evaluate(SimdLevel::baseline);
        const auto same = [&](double a, double b) {
            return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b) || (std::isnan(a) && std::isnan(b));
        };
        for (const SimdLevel level : levels()) {
            OptionBatch batch = mixed_batch(rows);
            batch.evaluate(level);
            for (size_t column = 0; column < kOptionColumnCount; ++column) {
                for (size_t i = 0; i < rows; ++i) {
                    ASSERT_TRUE(same(batch.column(OptionColumn(column))[i], reference.column(OptionColumn(column))[i]))
                        << name_of(level) << " column " << column << " row " << i;
                }
            }
            OptionBatch narrow = mixed_batch(rows);
            narrow.imply(SimdLevel::baseline);
            batch.imply(level);
            for (size_t i = 0; i < rows; ++i) {
                const double sigma = batch.column(OptionColumn::sigma)[i];
                ASSERT_TRUE(same(sigma, narrow.column(OptionColumn::sigma)[i])) << name_of(level) << " row " << i;
                OptionTerms terms;
                terms.model =
                    batch.column(OptionColumn::carry)[i] != 0 ? PricingModel::black_scholes : PricingModel::black76;
                terms.right = batch.column(OptionColumn::sign)[i] > 0 ? OptionRight::call : OptionRight::put;
                terms.underlying = batch.column(OptionColumn::underlying)[i];
                terms.strike = batch.column(OptionColumn::strike)[i];
                terms.t_years = batch.column(OptionColumn::t_years)[i];
                terms.rate = batch.column(OptionColumn::rate)[i];
                ASSERT_TRUE(
                    same(sigma, implied_volatility(terms, batch.column(OptionColumn::quote)[i]).value_or(kNan)));
            }
        }
    }
}

TEST(OptionBatch, what_cannot_be_computed_is_missing_and_never_a_number) {
    OptionBatch batch;
    const OptionTerms usual = test::black_scholes(test::kCall, 100, 90, 0.5, 0.05);
    batch.add(usual, 100 - 90 * std::exp(-0.025), 0.2);                       // at intrinsic
    batch.add(usual, 5, 0.2);                                                 // below it
    batch.add(usual, 100, 0.2);                                               // at the upper bound
    batch.add(usual, kNan, kNan);                                             // nothing given
    batch.add(test::black_scholes(test::kCall, 100, 90, 0, 0.05), 12, 0.2);   // no time
    batch.add(test::black_scholes(test::kCall, -1, 90, 0.5, 0.05), 12, 0.2);  // no such market
    batch.add(test::black_scholes(test::kCall, 100, kNan, 0.5, 0.05), 12, 0.2);
    const std::vector<double> given(batch.column(OptionColumn::sigma).begin(), batch.column(OptionColumn::sigma).end());
    batch.evaluate();
    for (const size_t row : {3, 5, 6}) {
        EXPECT_TRUE(std::isnan(batch.column(OptionColumn::price)[row]));
        EXPECT_TRUE(std::isnan(batch.greeks(row).delta));
        EXPECT_TRUE(std::isnan(batch.greeks(row).rho_pct));
    }
    batch.imply();
    for (size_t row = 0; row < batch.size(); ++row) {
        EXPECT_TRUE(std::isnan(batch.column(OptionColumn::sigma)[row])) << row;
    }
}

struct Market {
    double spot, strike, t, rate, sigma;
};
Market any_market() {
    const auto between = [](double low, double high) {
        return low + (high - low) * *rc::gen::inRange(0, 1'000'001) / 1e6;
    };
    const double spot = between(100, 90'000);
    const double t = std::pow(10.0, between(-5, 0.7));
    const double sigma = between(0.02, 1.5);
    // Within six standard deviations: where a price in doubles still says something.
    const double strike = spot * std::exp(between(-6, 6) * sigma * std::sqrt(t));
    return {spot, strike, t, between(-0.02, 0.15), sigma};
}

RC_GTEST_PROP(OptionBatchProperty, call_minus_put_is_the_spot_minus_the_discounted_strike, ()) {
    const Market m = any_market();
    const double call = option_price(test::black_scholes(test::kCall, m.spot, m.strike, m.t, m.rate), m.sigma);
    const double put = option_price(test::black_scholes(test::kPut, m.spot, m.strike, m.t, m.rate), m.sigma);
    const double scale = 8e-16 * (m.spot + m.strike);
    RC_ASSERT(std::fabs(call - put - (m.spot - m.strike * std::exp(-m.rate * m.t))) <= scale);
}

RC_GTEST_PROP(OptionBatchProperty, price_rises_with_volatility_and_a_call_falls_with_its_strike, ()) {
    const Market m = any_market();
    const auto price = [&](double strike, double sigma) {
        return option_price(test::black_scholes(test::kCall, m.spot, strike, m.t, m.rate), sigma);
    };
    const double slack = 4e-16 * (m.spot + m.strike);
    RC_ASSERT(price(m.strike, m.sigma * 1.01) >= price(m.strike, m.sigma) - slack);
    RC_ASSERT(price(m.strike * 1.001, m.sigma) <= price(m.strike, m.sigma) + slack);
}

RC_GTEST_PROP(OptionBatchProperty, the_price_at_the_implied_volatility_is_the_price_given, ()) {
    const Market m = any_market();
    const OptionRight right = *rc::gen::arbitrary<bool>() ? test::kCall : test::kPut;
    const OptionTerms terms = test::black_scholes(right, m.spot, m.strike, m.t, m.rate);
    const double price = option_price(terms, m.sigma);
    const auto implied = implied_volatility(terms, price);
    RC_PRE(implied.has_value());
    RC_ASSERT(std::fabs(option_price(terms, *implied) - price) <= 1e-15 * (m.spot + m.strike));
}

}  // namespace
}  // namespace tide
