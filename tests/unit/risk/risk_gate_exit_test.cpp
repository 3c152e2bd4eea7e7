#include <gtest/gtest.h>

#include "risk/risk_gate.hpp"
#include "risk_world.hpp"

// Exits, levels and cancels at the gate: refused only where they are wrong in themselves.
namespace tide {
namespace {

using namespace tide::testing;

struct RiskGateExits : ::testing::Test {
    World w;
    PositionId position = w.open(kCall);
    Intent exit;
    void SetUp() override {
        exit.kind = IntentKind::exit;
        exit.strategy = StrategyId(1);
        exit.position = position;
        exit.reason.priority = 3;
    }
    RiskCode code() { return w.gate.evaluate(exit, w.context()).code; }
};

TEST_F(RiskGateExits, an_exit_passes_whatever_stops_entries) {
    w.halts.raise(HaltKind::kill_switch, w.now, "", "");
    w.halts.raise(HaltKind::daily_loss, w.now, "", "");
    w.lose(200'000);
    w.tick(last_tick(kVix, 80));
    w.charges = ChargeTable();
    w.orders.max_queue = 0;
    w.now = time_of(15, 39) + hours(5);
    EXPECT_EQ(code(), RiskCode::ok);
}

TEST_F(RiskGateExits, only_a_malformed_exit_is_refused) {
    exit.fraction = 0;
    EXPECT_EQ(code(), RiskCode::bad_fraction);
    exit.fraction = 1.01;
    EXPECT_EQ(code(), RiskCode::bad_fraction);
    exit.fraction = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(code(), RiskCode::bad_fraction);
    exit.fraction = 0.5;
    EXPECT_EQ(code(), RiskCode::ok);
    exit.position = PositionId(77);
    EXPECT_EQ(code(), RiskCode::unknown_position);
    exit.position = position;
    exit.strategy = StrategyId(2);
    EXPECT_EQ(code(), RiskCode::not_your_position);
    exit.strategy = StrategyId();  // the engine and the operator may
    EXPECT_EQ(code(), RiskCode::ok);
}

TEST_F(RiskGateExits, one_exit_at_a_time_and_the_higher_priority_wins) {
    const PositionId two = w.open(kBankCall, Side::buy, 130);
    exit.position = two;
    w.order(kBankCall, Side::sell, OrderPurpose::exit, two);  // one of two lots, priority 3
    EXPECT_EQ(code(), RiskCode::exit_in_progress);
    exit.reason.priority = 2;
    EXPECT_EQ(code(), RiskCode::ok);
    w.order(kBankCall, Side::sell, OrderPurpose::exit, two);  // now both are covered
    exit.reason.priority = 1;
    EXPECT_EQ(code(), RiskCode::exit_in_progress);
}

TEST_F(RiskGateExits, a_stop_never_moves_against_the_position) {
    exit.kind = IntentKind::set_stop;
    exit.level = Price();
    EXPECT_EQ(code(), RiskCode::bad_level);
    exit.level = rupees(24'300);
    EXPECT_EQ(code(), RiskCode::ok);
    w.portfolio.set_stop(position, rupees(24'300), false, "stop");
    exit.level = rupees(24'299.95);
    EXPECT_EQ(code(), RiskCode::stop_against_position);
    exit.level = rupees(24'350);
    EXPECT_EQ(code(), RiskCode::ok);
    const PositionId put = w.open(kBankPut);
    w.portfolio.set_stop(put, rupees(55'500), false, "stop");
    exit.position = put;
    exit.level = rupees(55'501);
    EXPECT_EQ(code(), RiskCode::stop_against_position);
    exit.level = rupees(55'400);
    EXPECT_EQ(code(), RiskCode::ok);
    exit.strategy = StrategyId(9);
    EXPECT_EQ(code(), RiskCode::not_your_position);
    exit.position = PositionId(77);
    EXPECT_EQ(code(), RiskCode::unknown_position);
}

TEST_F(RiskGateExits, only_ones_own_live_order_can_be_cancelled) {
    exit.kind = IntentKind::cancel;
    exit.order = OrderId(5);
    EXPECT_EQ(code(), RiskCode::unknown_order);
    exit.order = w.order(kPut, Side::buy, OrderPurpose::entry);
    EXPECT_EQ(code(), RiskCode::ok);
    exit.strategy = StrategyId(2);
    EXPECT_EQ(code(), RiskCode::not_your_order);
}

}  // namespace
}  // namespace tide
