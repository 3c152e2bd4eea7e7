#include "market/option_chain.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "market/vix_from_chain.hpp"

namespace tide {
namespace {

constexpr double kNone = ChainQuote::kNone;
constexpr double kSpot = 24'000, kRate = 0.065, kYears = 7.0 / 365;

ChainQuote open_interest(double strike, OptionRight right, double oi) {
    ChainQuote quote;
    quote.strike = strike;
    quote.right = right;
    quote.oi = oi;
    return quote;
}

double smile(double strike) {
    const double k = std::log(strike / kSpot);
    return 0.14 - 0.4 * k + 3 * k * k;
}
// Quotes a rupee wide around Black-Scholes prices on a smile.
std::vector<ChainQuote> priced_chain(double low = 22'000, double high = 26'000, double years = kYears) {
    std::vector<ChainQuote> quotes;
    for (double strike = low; strike <= high; strike += 50) {
        for (const OptionRight right : {OptionRight::call, OptionRight::put}) {
            ChainQuote quote;
            quote.strike = strike;
            quote.right = right;
            const double price =
                option_price({PricingModel::black_scholes, right, kSpot, strike, years, kRate}, smile(strike));
            quote.bid = price - 0.5;
            quote.ask = price + 0.5;
            quote.last = price + 3;  // an old trade
            quote.age_s = 1;
            quotes.push_back(quote);
        }
    }
    return quotes;
}
ChainTerms usual_terms() {
    ChainTerms terms;
    terms.t_years = kYears;
    terms.rate = kRate;
    return terms;
}

TEST(OptionChain, forward_volatility_and_greeks_are_those_the_quotes_were_made_with) {
    const auto quotes = priced_chain();
    OptionChain chain;
    chain.compute(usual_terms(), quotes);
    ASSERT_TRUE(chain.figures().forward);
    EXPECT_EQ(chain.figures().forward_source, ForwardSource::parity);
    EXPECT_NEAR(*chain.figures().forward, kSpot * std::exp(kRate * kYears), 1e-8);
    for (size_t i = 0; i < quotes.size(); ++i) {
        if (!(quotes[i].bid > 0)) continue;
        const OptionTerms terms{PricingModel::black_scholes, quotes[i].right, kSpot, quotes[i].strike, kYears, kRate};
        EXPECT_NEAR(chain.values()[i].iv, smile(quotes[i].strike), 1e-6) << quotes[i].strike;
        EXPECT_NEAR(chain.values()[i].greeks.delta, option_greeks(terms, smile(quotes[i].strike)).delta, 1e-6);
    }
    // At the forward, 24 029.9, the smile is 0.1395.
    EXPECT_NEAR(*chain.figures().atm_iv, smile(*chain.figures().forward), 2e-5);
    EXPECT_NEAR(*chain.figures().expected_move, 24029.94 * 0.139506 * std::sqrt(kYears), 0.1);
}

// The strikes with deltas of +-0.25 on the smile, found by bisection.
TEST(OptionChain, skew_is_the_put_less_the_call_at_a_quarter_of_delta) {
    const auto iv_at = [](OptionRight right, double delta) {
        double low = 22'000, high = 26'000;
        for (int i = 0; i < 100; ++i) {
            const double strike = 0.5 * (low + high);
            const OptionTerms terms{PricingModel::black_scholes, right, kSpot, strike, kYears, kRate};
            (option_greeks(terms, smile(strike)).delta > delta ? low : high) = strike;
        }
        return smile(low);
    };
    OptionChain chain;
    chain.compute(usual_terms(), priced_chain());
    const double wanted = iv_at(OptionRight::put, -0.25) - iv_at(OptionRight::call, 0.25);
    EXPECT_GT(wanted, 0.005);
    ASSERT_TRUE(chain.figures().skew);
    EXPECT_NEAR(*chain.figures().skew, wanted, 1e-4);
    EXPECT_NEAR(*chain.figures().risk_reversal, -wanted, 1e-4);
}

TEST(OptionChain, doubtful_rows_are_marked_and_take_no_part_in_the_forward) {
    auto quotes = priced_chain();
    size_t at_the_money = 0;
    while (quotes[at_the_money].strike != kSpot) ++at_the_money;
    std::swap(quotes[at_the_money].bid, quotes[at_the_money].ask);
    quotes[at_the_money + 2].age_s = 500;
    quotes[at_the_money + 2].bid += 40;
    quotes[at_the_money + 2].ask += 40;
    quotes[at_the_money + 4].bid = kNone;
    quotes[at_the_money + 6].age_s = kNone;
    quotes[at_the_money + 8].bid = quotes[at_the_money + 8].last = kNone;
    OptionChain chain;
    chain.compute(usual_terms(), quotes);
    const auto row = [&](size_t offset) { return chain.values()[at_the_money + offset]; };
    EXPECT_EQ(row(0).flags, kRowCrossed);
    EXPECT_DOUBLE_EQ(row(0).price, quotes[at_the_money].last);
    EXPECT_TRUE(std::isnan(row(0).mid));
    EXPECT_EQ(row(2).flags, kRowStale);
    EXPECT_EQ(row(4).flags, kRowNoQuote);
    EXPECT_DOUBLE_EQ(row(4).price, quotes[at_the_money + 4].last);
    EXPECT_EQ(row(6).flags, kRowStale);
    EXPECT_TRUE(row(8).has(kRowNoPrice));
    EXPECT_FALSE(std::isnan(row(8).iv));  // from its put
    EXPECT_TRUE(row(8).has(kRowIvOfPair));
    EXPECT_NEAR(*chain.figures().forward, kSpot * std::exp(kRate * kYears), 1e-8);
}

TEST(OptionChain, a_price_below_intrinsic_takes_the_volatility_of_its_pair_and_says_so) {
    auto quotes = priced_chain();
    size_t deep = 0;
    while (quotes[deep].strike != 23'500) ++deep;
    quotes[deep].bid -= 60;
    quotes[deep].ask -= 60;
    OptionChain chain;
    chain.compute(usual_terms(), quotes);
    EXPECT_EQ(chain.values()[deep].flags, kRowNoIv | kRowIvOfPair);
    EXPECT_NEAR(chain.values()[deep].iv, smile(23'500), 1e-6);
    EXPECT_EQ(chain.values()[deep + 1].flags, 0);
}

TEST(OptionChain, without_a_pair_the_forward_is_the_future_or_else_the_grown_spot_or_none) {
    std::vector<ChainQuote> calls;
    for (const ChainQuote& quote : priced_chain()) {
        if (quote.right == OptionRight::call) calls.push_back(quote);
    }
    OptionChain chain;
    ChainTerms terms = usual_terms();
    chain.compute(terms, calls);
    EXPECT_FALSE(chain.figures().forward);
    EXPECT_FALSE(chain.figures().atm_iv);
    EXPECT_FALSE(chain.figures().expected_move);
    EXPECT_TRUE(std::isnan(chain.values()[0].iv));
    terms.spot = kSpot;
    chain.compute(terms, calls);
    EXPECT_EQ(chain.figures().forward_source, ForwardSource::spot);
    EXPECT_NEAR(*chain.figures().forward, kSpot * std::exp(kRate * kYears), 1e-9);
    EXPECT_FALSE(chain.figures().skew);
    terms.future = 24'010;
    chain.compute(terms, calls);
    EXPECT_EQ(chain.figures().forward_source, ForwardSource::future);
    EXPECT_DOUBLE_EQ(*chain.figures().forward, 24'010);
}

TEST(OptionChain, an_empty_or_expired_chain_has_no_figures) {
    OptionChain chain;
    chain.compute(usual_terms(), {});
    EXPECT_FALSE(chain.figures().forward || chain.figures().pcr_oi || chain.figures().max_pain);
    ChainTerms expired = usual_terms();
    expired.t_years = 0;
    chain.compute(expired, priced_chain());
    EXPECT_FALSE(chain.figures().atm_iv);
    for (const ChainValues& row : chain.values()) EXPECT_TRUE(std::isnan(row.iv));
}

TEST(OptionChain, put_call_ratio_counts_what_is_known) {
    const std::vector<ChainQuote> quotes{
        open_interest(100, OptionRight::call, 100),   open_interest(100, OptionRight::put, 150),
        open_interest(110, OptionRight::call, 200),   open_interest(110, OptionRight::put, 450),
        open_interest(120, OptionRight::call, kNone), open_interest(120, OptionRight::put, kNone)};
    EXPECT_DOUBLE_EQ(*put_call_ratio(quotes, &ChainQuote::oi), 2.0);
    EXPECT_FALSE(put_call_ratio(quotes, &ChainQuote::volume));
    EXPECT_FALSE(put_call_ratio(std::span(quotes).subspan(4), &ChainQuote::oi));
    EXPECT_FALSE(put_call_ratio(std::span(quotes).subspan(0, 1), &ChainQuote::oi));
}

// By hand: at 100 the puts get 10 x 30, at 110 the calls 10 x 10 and the puts nothing, at 120 the calls 20 x 10 + 10
// x 5.
TEST(OptionChain, max_pain_is_where_holders_get_least) {
    const std::vector<ChainQuote> quotes{
        open_interest(100, OptionRight::call, 10), open_interest(100, OptionRight::put, 50),
        open_interest(110, OptionRight::call, 5), open_interest(110, OptionRight::put, 30)};
    EXPECT_DOUBLE_EQ(*max_pain(quotes), 110);
    EXPECT_FALSE(max_pain(std::vector{open_interest(100, OptionRight::call, kNone)}));
    EXPECT_FALSE(max_pain(std::vector{open_interest(100, OptionRight::call, 0)}));
}

RC_GTEST_PROP(OptionChainProperty, max_pain_is_a_minimum_of_the_sum_over_all_contracts, ()) {
    const auto interest = *rc::gen::container<std::vector<int>>(20, rc::gen::inRange(0, 1'000));
    std::vector<ChainQuote> quotes;
    for (size_t i = 0; i < interest.size(); ++i) {
        quotes.push_back(open_interest(100.0 + 5.0 * static_cast<double>(i / 2),
                                       i % 2 == 0 ? OptionRight::call : OptionRight::put, interest[i]));
    }
    const auto paid_at = [&](double price) {
        double paid = 0;
        for (const ChainQuote& quote : quotes) {
            const double in = quote.right == OptionRight::call ? price - quote.strike : quote.strike - price;
            paid += std::max(in, 0.0) * quote.oi;
        }
        return paid;
    };
    const auto found = max_pain(quotes);
    RC_PRE(found.has_value());
    for (const ChainQuote& quote : quotes) RC_ASSERT(paid_at(*found) <= paid_at(quote.strike));
}

TEST(OptionChain, build_up_follows_price_and_open_interest) {
    EXPECT_EQ(build_up_of(1, 10), BuildUp::long_build_up);
    EXPECT_EQ(build_up_of(-1, 10), BuildUp::short_build_up);
    EXPECT_EQ(build_up_of(-1, -10), BuildUp::long_unwinding);
    EXPECT_EQ(build_up_of(1, -10), BuildUp::short_covering);
    EXPECT_EQ(build_up_of(0, 10), BuildUp::none);
    EXPECT_EQ(build_up_of(1, kNone), BuildUp::none);
    auto quotes = priced_chain();
    quotes[0].oi = 900;
    quotes[0].first_oi = 1'000;
    quotes[0].first_last = quotes[0].last + 5;
    OptionChain chain;
    chain.compute(usual_terms(), quotes);
    EXPECT_DOUBLE_EQ(chain.values()[0].oi_change, -100);
    EXPECT_EQ(chain.values()[0].build_up, BuildUp::long_unwinding);
    EXPECT_TRUE(std::isnan(chain.values()[1].oi_change));
    EXPECT_EQ(chain.values()[1].build_up, BuildUp::none);
}

TEST(OptionChain, volatility_rank_needs_days_and_a_range) {
    std::vector<double> days;
    for (int i = 1; i <= 20; ++i) days.push_back(10 + i);  // 11 to 30
    const auto rank = volatility_rank(20.5, days);
    ASSERT_TRUE(rank);
    EXPECT_DOUBLE_EQ(rank->rank, 50);
    EXPECT_DOUBLE_EQ(rank->percentile, 50);
    EXPECT_DOUBLE_EQ(volatility_rank(11, days)->percentile, 0);
    EXPECT_GT(volatility_rank(40, days)->rank, 100);
    EXPECT_FALSE(volatility_rank(kNone, days));
    days.pop_back();
    EXPECT_FALSE(volatility_rank(20, days));
    EXPECT_FALSE(volatility_rank(20, std::vector<double>(30, 15.0)));
}

// Cboe's white paper on its VIX (2019), the worked example: 35 924 and 46 394 minutes, 13.69.
TEST(VixFromChain, two_expiries_are_weighted_as_in_cboes_example) {
    constexpr double kMinutesPerYear = 525'600;
    const auto vix = chain_vix(ExpiryVariance{35'924 / kMinutesPerYear, 0.01846292, 146},
                               ExpiryVariance{46'394 / kMinutesPerYear, 0.01882101, 200});
    ASSERT_TRUE(vix);
    EXPECT_EQ(vix->expiries, 2);
    EXPECT_NEAR(vix->level, 13.69, 0.005);
}

TEST(VixFromChain, one_expiry_alone_is_its_own_volatility_and_says_so) {
    const auto vix = chain_vix(ExpiryVariance{0.02, 0.04, 50}, std::nullopt);
    ASSERT_TRUE(vix);
    EXPECT_EQ(vix->expiries, 1);
    EXPECT_DOUBLE_EQ(vix->level, 20);
    EXPECT_FALSE(chain_vix(std::nullopt, std::nullopt));
}

// The replication's own theory: with one volatility at every strike, dense and wide, the sum is that volatility
// squared.
TEST(VixFromChain, a_flat_smile_gives_its_volatility_back) {
    std::vector<ChainQuote> quotes;
    constexpr double t = 30.0 / 365;
    for (double strike = 18'000; strike <= 31'000; strike += 25) {
        for (const OptionRight right : {OptionRight::call, OptionRight::put}) {
            ChainQuote quote;
            quote.strike = strike;
            quote.right = right;
            quote.age_s = 0;
            quote.bid = quote.ask = option_price({PricingModel::black_scholes, right, kSpot, strike, t, kRate}, 0.15);
            quotes.push_back(quote);
        }
    }
    const auto variance = expiry_variance(quotes, t, kRate, 60);
    ASSERT_TRUE(variance);
    EXPECT_NEAR(std::sqrt(variance->variance), 0.15, 1e-4);
    EXPECT_NEAR(chain_vix(variance, std::nullopt)->level, 15, 0.01);
}

TEST(VixFromChain, a_side_ends_at_two_silent_strikes_and_too_few_strikes_give_none) {
    auto quotes = priced_chain(23'000, 25'000);
    const auto whole = expiry_variance(quotes, kYears, kRate, 60);
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->strikes, 41U);
    for (ChainQuote& quote : quotes) {
        if (quote.strike == 24'500 || quote.strike == 24'550) quote.bid = kNone;
    }
    EXPECT_EQ(expiry_variance(quotes, kYears, kRate, 60)->strikes, 30U);
    EXPECT_FALSE(expiry_variance(quotes, 0, kRate, 60));
    EXPECT_FALSE(expiry_variance(quotes, kYears, kRate, 0.5));  // every quote is older
    EXPECT_FALSE(expiry_variance(priced_chain(23'900, 24'200), kYears, kRate, 60));
}

}  // namespace
}  // namespace tide
