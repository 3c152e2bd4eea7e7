#include "trading/portfolio.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "trading/margin.hpp"
#include "trading_fixture.hpp"

namespace tide {
namespace {

using namespace tide::testing;

struct PortfolioTest : ::testing::Test {
    Market market;
    Portfolio portfolio{Money::from_rupees(1'000'000), market.prices.instruments()};
    uint64_t next_fill = 1;

    PositionId plan(InstrumentId instrument, Side side = Side::buy) {
        PositionPlan plan;
        plan.strategy = StrategyId(1);
        plan.instrument = instrument;
        plan.side = side;
        return portfolio.plan(plan);
    }
    FillOutcome fill(PositionId position, InstrumentId instrument, Side side, int64_t quantity, double price,
                     double charges = 0, std::optional<Price> underlying = std::nullopt) {
        Fill f;
        f.id = FillId(next_fill++);
        f.position = position;
        f.instrument = instrument;
        f.side = side;
        f.quantity = Quantity(quantity);
        f.price = rupees(price);
        f.charges = Money::from_double(charges);
        f.time = time_of(10, 0);
        return portfolio.apply(f, underlying);
    }
};

// 65 at 100 and 65 at 110 cost 6500 + 7150 = 13650, 105 on average; 65 sold at 120 bring 7800 - 6825 = 975; the rest is
// worth 65 x 115 = 7475, 650 above its entry.
TEST_F(PortfolioTest, average_entry_partial_exit_and_marks_follow_the_arithmetic) {
    const PositionId id = plan(kCall);
    EXPECT_EQ(fill(id, kCall, Side::buy, 65, 100, 25.5, rupees(24'500)).effect, FillEffect::opened);
    EXPECT_EQ(fill(id, kCall, Side::buy, 65, 110, 4.25).effect, FillEffect::increased);
    const FillOutcome reduced = fill(id, kCall, Side::sell, 65, 120, 30);
    EXPECT_EQ(reduced.effect, FillEffect::reduced);
    EXPECT_EQ(reduced.realised, Money::from_rupees(975));
    portfolio.mark(kCall, rupees(115));
    const Position& position = *portfolio.find(id);
    EXPECT_EQ(position.entry_price, rupees(105));
    EXPECT_EQ(position.exit_price, rupees(120));
    EXPECT_EQ(position.unrealised(), Money::from_rupees(650));
    EXPECT_EQ(position.gross(), Money::from_rupees(1'625));
    EXPECT_EQ(position.net(), Money::from_double(1'625 - 59.75));
    EXPECT_EQ(portfolio.cash(), Money::from_double(1'000'000 - 13'650 + 7'800 - 59.75));
    EXPECT_EQ(portfolio.equity(), Money::from_double(1'000'000 + 1'625 - 59.75));
    EXPECT_EQ(portfolio.net(), Money::from_double(1'625 - 59.75));
    EXPECT_EQ(portfolio.charges(), Money::from_double(59.75));
    portfolio.check_invariants();
}

TEST_F(PortfolioTest, a_closed_position_is_handed_over_with_its_whole_story) {
    const PositionId id = plan(kPut);
    fill(id, kPut, Side::buy, 130, 80, 10);
    EXPECT_EQ(fill(id, kPut, Side::sell, 65, 70, 5).effect, FillEffect::reduced);
    EXPECT_EQ(fill(id, kPut, Side::sell, 65, 60, 5).effect, FillEffect::closed);
    EXPECT_EQ(portfolio.find(id), nullptr);
    const Position& closed = portfolio.last_closed();
    EXPECT_EQ(closed.id, id);
    EXPECT_EQ(closed.opened_quantity, Quantity(130));
    EXPECT_EQ(closed.exit_price, rupees(65));
    EXPECT_EQ(closed.gross(), Money::from_rupees(-1'950));
    EXPECT_EQ(closed.net(), Money::from_rupees(-1'970));
    EXPECT_TRUE(closed.closed.has_value());
    EXPECT_EQ(portfolio.market_value(), Money());
    EXPECT_FALSE(portfolio.concerns(kPut));
    EXPECT_FALSE(portfolio.concerns(kNifty));
}

// Three at 100.01 / 100.01 / 100.03: the entry value divides unevenly; nothing may be lost in the pieces.
TEST_F(PortfolioTest, pieces_of_an_uneven_entry_value_add_up_to_the_unit) {
    const PositionId id = plan(kShare);
    fill(id, kShare, Side::buy, 2, 100.01);
    fill(id, kShare, Side::buy, 1, 100.03);
    fill(id, kShare, Side::sell, 1, 100);
    fill(id, kShare, Side::sell, 1, 100);
    fill(id, kShare, Side::sell, 1, 100);
    EXPECT_EQ(portfolio.last_closed().gross(), Money::from_double(-0.05));
    EXPECT_EQ(portfolio.cash(), Money::from_double(1'000'000 - 0.05));
}

TEST_F(PortfolioTest, a_short_option_brings_premium_and_owes_its_value) {
    const PositionId id = plan(kCall, Side::sell);
    fill(id, kCall, Side::sell, 65, 100);
    EXPECT_EQ(portfolio.cash(), Money::from_rupees(1'006'500));
    EXPECT_EQ(portfolio.equity(), Money::from_rupees(1'000'000));
    portfolio.mark(kCall, rupees(90));
    EXPECT_EQ(portfolio.equity(), Money::from_rupees(1'000'650));
    EXPECT_EQ(portfolio.find(id)->underlying_direction, -1);
    fill(id, kCall, Side::buy, 65, 80);
    EXPECT_EQ(portfolio.cash(), Money::from_rupees(1'001'300));
}

TEST_F(PortfolioTest, a_future_is_not_paid_for_and_settles_its_difference) {
    const PositionId id = plan(kFuture);
    fill(id, kFuture, Side::buy, 65, 24'500);
    EXPECT_EQ(portfolio.cash(), Money::from_rupees(1'000'000));
    portfolio.mark(kFuture, rupees(24'510));
    EXPECT_EQ(portfolio.equity(), Money::from_rupees(1'000'650));
    fill(id, kFuture, Side::sell, 65, 24'520);
    EXPECT_EQ(portfolio.cash(), Money::from_rupees(1'001'300));
}

TEST_F(PortfolioTest, more_sold_than_open_becomes_a_surplus_position_on_the_other_side) {
    const PositionId id = plan(kCall);
    fill(id, kCall, Side::buy, 65, 100);
    const FillOutcome outcome = fill(id, kCall, Side::sell, 130, 110, 10);
    EXPECT_EQ(outcome.effect, FillEffect::closed);
    ASSERT_TRUE(outcome.surplus.valid());
    const Position& surplus = *portfolio.find(outcome.surplus);
    EXPECT_TRUE(surplus.surplus);
    EXPECT_EQ(surplus.side, Side::sell);
    EXPECT_EQ(surplus.quantity, Quantity(65));
    EXPECT_EQ(surplus.charges, Money::from_rupees(5));
    EXPECT_EQ(portfolio.net_quantity(kCall), Quantity(-65));
}

TEST_F(PortfolioTest, a_fill_for_a_position_that_is_closed_is_a_surplus_too) {
    const PositionId id = plan(kCall);
    fill(id, kCall, Side::buy, 65, 100);
    fill(id, kCall, Side::sell, 65, 100);
    const FillOutcome late = fill(id, kCall, Side::buy, 65, 100);
    ASSERT_TRUE(late.surplus.valid());
    EXPECT_NE(late.surplus, id);
    EXPECT_TRUE(portfolio.find(late.surplus)->surplus);
}

TEST_F(PortfolioTest, percent_levels_become_prices_at_the_first_fill) {
    PositionPlan plan;
    plan.instrument = kPut;
    plan.stop_pct = 1;
    plan.target_pct = 3;
    const PositionId id = portfolio.plan(plan);
    fill(id, kPut, Side::buy, 65, 100, 0, rupees(24'500));
    const Position& position = *portfolio.find(id);
    EXPECT_EQ(position.underlying_direction, -1);
    EXPECT_EQ(*position.levels.stop, rupees(24'745));
    EXPECT_EQ(*position.levels.target, rupees(23'765));
}

TEST_F(PortfolioTest, the_best_underlying_follows_the_positions_direction) {
    const PositionId id = plan(kPut);
    fill(id, kPut, Side::buy, 65, 100, 0, rupees(24'500));
    portfolio.mark(kNifty, rupees(24'400));
    portfolio.mark(kNifty, rupees(24'600));
    EXPECT_EQ(portfolio.find(id)->best_underlying, rupees(24'400));
    EXPECT_EQ(portfolio.find(id)->last_underlying, rupees(24'600));
}

TEST_F(PortfolioTest, peak_day_start_and_losing_streak_follow_the_day) {
    const auto trade = [&](double entry, double exit) {
        const PositionId id = plan(kCall);
        fill(id, kCall, Side::buy, 65, entry);
        fill(id, kCall, Side::sell, 65, exit);
    };
    trade(100, 110);
    EXPECT_EQ(portfolio.day_peak_equity(), Money::from_rupees(1'000'650));
    trade(100, 90);
    trade(100, 99);
    EXPECT_EQ(portfolio.losing_streak(), 2);
    EXPECT_EQ(portfolio.day_net(), Money::from_rupees(650 - 650 - 65));
    EXPECT_EQ(portfolio.day_peak_equity(), Money::from_rupees(1'000'650));
    portfolio.start_day();
    EXPECT_EQ(portfolio.losing_streak(), 0);
    EXPECT_EQ(portfolio.day_start_equity(), Money::from_rupees(999'935));
    EXPECT_EQ(portfolio.day_peak_equity(), Money::from_rupees(999'935));
    EXPECT_EQ(portfolio.trades_closed(), 3);
    EXPECT_EQ(portfolio.trades_closed_today(), 0);
    trade(100, 101);
    EXPECT_EQ(portfolio.losing_streak(), 0);
}

TEST_F(PortfolioTest, exposure_questions_count_open_positions) {
    fill(plan(kCall), kCall, Side::buy, 65, 100);
    fill(plan(kPut), kPut, Side::buy, 130, 50);
    fill(plan(kShare), kShare, Side::buy, 10, 1'000);
    EXPECT_EQ(portfolio.count_on_underlying(kNifty), 2);
    EXPECT_EQ(portfolio.count_in_direction(1), 2);
    EXPECT_EQ(portfolio.count_in_direction(-1), 1);
    EXPECT_EQ(portfolio.count_on_expiry(make_date(2026, 8, 25)), 2);
    EXPECT_EQ(portfolio.exposure_on_underlying(kNifty), Money::from_rupees(13'000));
    EXPECT_EQ(portfolio.exposure_on_underlying(kShare), Money::from_rupees(10'000));
    EXPECT_EQ(margin_of_positions(portfolio.open(), market.prices.instruments(), MarginSettings(), {}),
              Money::from_rupees(23'000));
}

// A plain ledger beside the portfolio: cash by the definition of each fill, holdings by addition.
TEST(PortfolioProperty, cash_and_holdings_agree_with_a_plain_ledger_over_random_fills) {
    for (unsigned seed = 1; seed <= 40; ++seed) {
        std::mt19937 random(seed);
        Market market;
        Portfolio portfolio(Money::from_rupees(1'000'000), market.prices.instruments());
        std::vector<PositionId> ids;
        int64_t cash = Money::from_rupees(1'000'000).units();
        std::map<uint32_t, int64_t> held;
        std::map<uint32_t, Price> last;
        for (int step = 0; step < 300; ++step) {
            const InstrumentId instrument = random() % 2 == 0 ? kCall : kPut;
            if (ids.empty() || random() % 4 == 0) {
                PositionPlan plan;
                plan.instrument = instrument;
                plan.side = random() % 5 == 0 ? Side::sell : Side::buy;
                ids.push_back(portfolio.plan(plan));
            }
            Fill f;
            f.id = FillId(static_cast<uint64_t>(step + 1));
            f.position = ids[random() % ids.size()];
            f.instrument = instrument;
            f.side = random() % 2 == 0 ? Side::buy : Side::sell;
            f.quantity = Quantity(1 + static_cast<int64_t>(random() % 200));
            f.price = Price::from_units(500 * (1 + static_cast<int64_t>(random() % 4'000)));
            f.charges = Money::from_units(static_cast<int64_t>(random() % 300'000));
            portfolio.apply(f, std::nullopt);
            cash -= sign_of(f.side) * f.price.units() * f.quantity.units() + f.charges.units();
            held[instrument.value()] += sign_of(f.side) * f.quantity.units();
            last[instrument.value()] = Price::from_units(500 * (1 + static_cast<int64_t>(random() % 4'000)));
            portfolio.mark(instrument, last[instrument.value()]);
            portfolio.check_invariants();
            ASSERT_EQ(portfolio.cash().units(), cash) << seed;
            ASSERT_EQ(portfolio.net_quantity(instrument).units(), held[instrument.value()]) << seed;
        }
    }
}

}  // namespace
}  // namespace tide
