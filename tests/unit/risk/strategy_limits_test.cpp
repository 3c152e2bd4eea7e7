#include <gtest/gtest.h>

#include "risk_world.hpp"

// Limits of one strategy of its own. Equity is 2500000; a lot of the call at its limit of 100 is worth 6500.
namespace tide {
namespace {

using namespace tide::testing;

struct LimitsWorld : World {
    GuardianActions actions;
    Guardian guardian{risk, prices, portfolio, desk, hours, halts};

    LimitsWorld() { risk.max_vega_pct = risk.max_theta_pct = 100; }  // large positions are not what is looked at here

    RiskVerdict of_strategy(uint16_t id) {
        intent.strategy = StrategyId(id);
        return evaluate();
    }
};

TEST(StrategyLimits, settings_of_a_strategy_are_read_and_written_back) {
    RiskSettings risk;
    SettingsRegistry registry;
    risk.register_in(registry);
    EXPECT_EQ(registry.to_lines().find("strategy."), std::string::npos);
    ASSERT_TRUE(registry.read_lines("strategy.ema_cross.capital_pct = 40\nstrategy.ema_cross.max_lots = 2\n", "test"));
    ASSERT_EQ(risk.per_strategy.size(), 1U);
    EXPECT_EQ(risk.per_strategy[0].name, "ema_cross");
    EXPECT_EQ(*risk.per_strategy[0].capital_pct, 40);
    EXPECT_EQ(*risk.per_strategy[0].max_lots, 2);
    EXPECT_FALSE(risk.per_strategy[0].margin_pct);
    const std::string lines = registry.to_lines();
    EXPECT_NE(lines.find("strategy.ema_cross.capital_pct = 40\n"), std::string::npos);
    EXPECT_NE(lines.find("strategy.ema_cross.margin_pct = none\n"), std::string::npos);
    RiskSettings again;
    SettingsRegistry other;
    again.register_in(other);
    ASSERT_TRUE(other.read_lines(lines, "journal"));
    EXPECT_EQ(other.to_lines(), lines);
}

TEST(StrategyLimits, what_is_not_a_setting_of_a_strategy_is_refused) {
    RiskSettings risk;
    SettingsRegistry registry;
    risk.register_in(registry);
    EXPECT_EQ(registry.set("strategy.ema_cross.max_lot", "2").error().message,
              "unknown key 'strategy.ema_cross.max_lot'; did you mean 'max_lots'?");
    EXPECT_FALSE(registry.set("strategy.ema_cross", "2"));
    EXPECT_FALSE(registry.set("strategy.ema cross.max_lots", "2"));
    EXPECT_TRUE(risk.per_strategy.empty());
    EXPECT_FALSE(registry.set("strategy.ema_cross.capital_pct", "101"));
    EXPECT_FALSE(registry.set("strategy.ema_cross.max_lots", "1.5"));
}

TEST(StrategyLimits, a_name_binds_the_strategy_that_is_loaded_under_it) {
    RiskSettings risk;
    risk.per_strategy.push_back({});
    risk.per_strategy.back().name = "b";
    risk.per_strategy.back().max_per_underlying = 3;
    EXPECT_EQ(risk.max_per_underlying_of(StrategyId(2)), 1);
    risk.bind_strategy("a", StrategyId(1));
    risk.bind_strategy("b", StrategyId(2));
    EXPECT_EQ(risk.max_per_underlying_of(StrategyId(1)), 1);
    EXPECT_EQ(risk.max_per_underlying_of(StrategyId(2)), 3);
    EXPECT_EQ(risk.limits_of(StrategyId()), nullptr);
}

TEST(StrategyLimits, a_strategy_enters_no_more_lots_at_once_than_its_own) {
    LimitsWorld w;
    w.limits_of_one().max_lots = 2;
    w.intent.lots = 3;
    const auto no = w.of_strategy(1);
    EXPECT_EQ(no.code, RiskCode::max_lots);
    EXPECT_EQ(*no.max_lots, 2);
    EXPECT_EQ(w.of_strategy(2).code, RiskCode::ok);
    w.intent.lots = 2;
    EXPECT_EQ(w.of_strategy(1).code, RiskCode::ok);
}

// 2.5 % of 20 % of 2500000 is 12500: one lot of 6500, not two.
TEST(StrategyLimits, size_is_measured_against_the_strategys_capital) {
    LimitsWorld w;
    w.limits_of_one().capital_pct = 20;
    w.intent.lots = 2;
    const auto no = w.of_strategy(1);
    EXPECT_EQ(no.code, RiskCode::position_size);
    EXPECT_EQ(*no.max_lots, 1);
    EXPECT_EQ(w.of_strategy(2).code, RiskCode::ok);
}

// The stop is 1 % of 24500 away: half of 245 is 122.50, but never more than half the premium of 100: 50 x 65 = 3250 a
// lot. 1 % of 10 % of 2500000 is 2500.
TEST(StrategyLimits, the_loss_of_a_trade_is_measured_against_the_strategys_capital) {
    LimitsWorld w;
    w.risk.position_size_pct = 100;
    w.limits_of_one().capital_pct = 10;
    EXPECT_EQ(w.of_strategy(1).code, RiskCode::trade_loss);
    EXPECT_EQ(w.of_strategy(2).code, RiskCode::ok);
}

TEST(StrategyLimits, a_strategys_own_positions_are_counted) {
    LimitsWorld w;
    w.limits_of_one().max_positions = 1;
    w.open(kBankPut, Side::buy, 65, 100, StrategyId(2));
    EXPECT_EQ(w.of_strategy(1).code, RiskCode::ok);
    w.open(kMidCall, Side::buy, 65, 100, StrategyId(1));
    EXPECT_EQ(w.of_strategy(1).code, RiskCode::strategy_positions);
    w.risk.same_direction_pct = w.risk.same_sector_pct = 100;
    EXPECT_EQ(w.of_strategy(2).code, RiskCode::ok);
}

// Half of 10 % of 2500000 is 125000. It holds 650 at 100 = 65000; nine lots more are 58500 (123500 in all), ten 65000.
TEST(StrategyLimits, one_strategy_cannot_use_more_than_its_share_of_margin) {
    LimitsWorld w;
    w.risk.position_size_pct = w.risk.trade_loss_pct = 100;
    w.limits_of_one().capital_pct = 10;
    w.limits_of_one().margin_pct = 50;
    w.open(kBankPut, Side::buy, 650, 100, StrategyId(1));
    w.intent.lots = 10;
    const auto no = w.of_strategy(1);
    EXPECT_EQ(no.code, RiskCode::strategy_margin) << no.values;
    EXPECT_EQ(*no.max_lots, 9);
    EXPECT_EQ(w.of_strategy(2).code, RiskCode::ok);
    w.intent.lots = 9;
    EXPECT_EQ(w.of_strategy(1).code, RiskCode::ok);
}

// 2 % of 10 % of 2500000 is 5000.
TEST(StrategyLimits, a_strategy_past_its_own_days_loss_is_closed_and_halted_alone) {
    LimitsWorld w;
    w.limits_of_one().capital_pct = 10;
    w.limits_of_one().day_loss_pct = 2;
    const PositionId own = w.open(kCall, Side::buy, 650, 100, StrategyId(1));
    const PositionId others = w.open(kBankPut, Side::buy, 650, 100, StrategyId(2));
    w.portfolio.mark(kCall, rupees(92.35));  // 650 x 7.65 = 4972.50
    w.guardian.on_account(w.now, w.actions);
    EXPECT_TRUE(w.actions.empty());
    w.portfolio.mark(kCall, rupees(92.30));  // 5005
    w.guardian.on_account(w.now, w.actions);
    ASSERT_EQ(w.actions.strategy_halts.size(), 1U);
    EXPECT_EQ(w.actions.strategy_halts[0].strategy, StrategyId(1));
    EXPECT_EQ(w.actions.strategy_halts[0].values, "strategy=one day_net=-5005.00 limit=-5000.00");
    ASSERT_EQ(w.actions.exits.size(), 1U);
    EXPECT_EQ(w.actions.exits[0].position, own);
    EXPECT_EQ(w.actions.exits[0].reason.rule, "strategy_loss");
    EXPECT_EQ(w.actions.exits[0].reason.priority, 1);
    EXPECT_NE(w.portfolio.find(others), nullptr);
    EXPECT_FALSE(w.halts.any());
    w.intent.instrument = kMidPut;
    w.intent.stop.reset();
    EXPECT_EQ(w.of_strategy(1).code, RiskCode::strategy_loss);
    w.risk.same_direction_pct = w.risk.same_sector_pct = 100;
    EXPECT_EQ(w.of_strategy(2).code, RiskCode::ok);
}

TEST(StrategyLimits, a_late_fill_of_a_halted_strategy_is_closed_too) {
    LimitsWorld w;
    w.limits_of_one().day_loss_pct = 0.01;
    w.halts.raise_strategy({StrategyId(1), w.now, "strategy=one", "lost"});
    const PositionId late = w.open(kCall, Side::buy, 65, 100, StrategyId(1));
    w.guardian.on_account(w.now, w.actions);
    ASSERT_EQ(w.actions.exits.size(), 1U);
    EXPECT_EQ(w.actions.exits[0].position, late);
    // It failed: asked for again a second later, without another price.
    w.actions.clear();
    EXPECT_EQ(w.guardian.next_due(), w.now + seconds(1));
    w.now += seconds(1);
    w.guardian.on_time(w.now, w.actions);
    EXPECT_EQ(w.actions.exits.size(), 1U);
}

TEST(StrategyLimits, a_strategys_halt_ends_with_the_day) {
    LimitsWorld w;
    w.halts.raise_strategy({StrategyId(1), w.now, "", "lost"});
    EXPECT_FALSE(w.halts.raise_strategy({StrategyId(1), w.now, "", "again"}));
    w.guardian.start_day(w.now + std::chrono::hours(24), w.actions);
    ASSERT_EQ(w.actions.strategy_halts.size(), 1U);
    EXPECT_FALSE(w.actions.strategy_halts[0].active);
    EXPECT_EQ(w.halts.of_strategy(StrategyId(1)), nullptr);
}

// The strategy lost 1300 yesterday and 650 of the open position since.
TEST(StrategyLimits, the_days_result_of_a_strategy_begins_anew_each_day) {
    World w;
    const PositionId first = w.open(kCall, Side::buy, 65, 100, StrategyId(1));
    w.fill(first, kCall, Side::sell, 65, 80);
    w.open(kPut, Side::buy, 65, 100, StrategyId(1));
    EXPECT_EQ(w.portfolio.day_net_of(StrategyId(1)), Money::from_rupees(-1'300));
    w.portfolio.start_day();
    w.portfolio.mark(kPut, rupees(90));
    EXPECT_EQ(w.portfolio.day_net_of(StrategyId(1)), Money::from_rupees(-650));
    EXPECT_EQ(w.portfolio.net_of(StrategyId(1)), Money::from_rupees(-1'950));
    EXPECT_EQ(w.portfolio.day_net_of(StrategyId(9)), Money());
}

}  // namespace
}  // namespace tide
