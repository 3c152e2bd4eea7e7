#include <gtest/gtest.h>

#include "risk_world.hpp"

// Groups before the gate and under the guardian. Equity is 2500000, NIFTY at 24500, the strikes 24500 and 24600; every
// option is quoted at 99.5 / 100.5.
namespace tide {
namespace {

using namespace tide::testing;

constexpr InstrumentId kHigherCall{17};  // 24600; its freeze quantity is made sane below

struct GroupWorld : World {
    OrderGroups groups;
    GuardianActions actions;
    Guardian guardian{risk, prices, portfolio, desk, hours, halts, &gaps, &groups};

    GroupWorld() {
        Instrument higher = prices.instruments().get(kHigherCall);
        higher.freeze = Quantity(1800);
        prices.on_event(event_at(now, InstrumentEvent{higher}));
        intent.kind = IntentKind::enter_group;
        intent.id = IntentId(7);
        intent.instrument = {};
        intent.lots = 0;
        intent.limit.reset();
        intent.stop.reset();
        // A debit spread for 150 - 100 = 50 a unit.
        intent.legs = {{kCall, Side::buy, 1, rupees(104)}, {kHigherCall, Side::sell, 1, rupees(96)}};
    }
    RiskContext context() const {
        RiskContext all = World::context();
        all.groups = &groups;
        return all;
    }
    RiskVerdict evaluate() const { return gate.evaluate(intent, context()); }

    // The group as it is once both legs are filled.
    OrderGroup& whole_group(std::optional<Money> loss_limit = std::nullopt) {
        OrderGroup group;
        group.id = GroupId(7);
        group.strategy = StrategyId(1);
        group.underlying = kNifty;
        group.state = GroupState::whole;
        group.loss_limit = loss_limit;
        group.legs = {leg(kCall, Side::buy), leg(kHigherCall, Side::sell)};
        return groups.add(std::move(group));
    }
    GroupLeg leg(InstrumentId instrument, Side side) {
        PositionPlan plan;
        plan.group = GroupId(7);
        plan.strategy = StrategyId(1);
        plan.instrument = instrument;
        plan.side = side;
        GroupLeg leg{instrument, side, 1, Quantity(65), std::nullopt, IntentId(), portfolio.plan(plan), true};
        fill(leg.position, instrument, side, 65, 100);
        return leg;
    }
};

TEST(GroupRisk, a_spread_that_could_not_be_sold_alone_passes_as_a_group) {
    GroupWorld w;
    const RiskVerdict passed = w.evaluate();
    EXPECT_EQ(passed.code, RiskCode::ok) << passed.values << passed.text;
    w.intent.kind = IntentKind::enter;
    w.intent.instrument = kHigherCall;
    w.intent.side = Side::sell;
    w.intent.lots = 1;
    EXPECT_EQ(w.evaluate().code, RiskCode::position_size);  // 179952.50 of margin
}

TEST(GroupRisk, a_group_has_two_to_eight_legs_each_its_own_on_one_underlying) {
    GroupWorld w;
    w.intent.legs.pop_back();
    EXPECT_EQ(w.evaluate().code, RiskCode::bad_group);
    w.intent.legs.assign(9, {kCall, Side::buy, 1, std::nullopt});
    EXPECT_EQ(w.evaluate().code, RiskCode::bad_group);
    w.intent.legs = {{kCall, Side::buy, 1, std::nullopt}, {kCall, Side::sell, 1, std::nullopt}};
    EXPECT_EQ(w.evaluate().text, "leg 2: its instrument is another leg's too");
    w.intent.legs = {{kCall, Side::buy, 1, std::nullopt}, {kBankCall, Side::sell, 1, std::nullopt}};
    EXPECT_EQ(w.evaluate().text, "leg 2: the legs of a group are on one underlying");
    w.intent.legs = {{kCall, Side::buy, 1, std::nullopt}, {InstrumentId(99), Side::sell, 1, std::nullopt}};
    EXPECT_EQ(w.evaluate().code, RiskCode::unknown_instrument);
}

TEST(GroupRisk, one_leg_that_is_refused_refuses_all_and_is_named) {
    GroupWorld w;
    w.intent.legs[1].lots = 0;
    EXPECT_EQ(w.evaluate().code, RiskCode::bad_lots);
    w.intent.legs[1].lots = 1;
    w.intent.legs[1].limit = rupees(90);
    const RiskVerdict far = w.evaluate();
    EXPECT_EQ(far.code, RiskCode::limit_far_from_last);
    EXPECT_EQ(far.text.substr(0, 7), "leg 2: ");
    EXPECT_EQ(far.values.substr(0, 6), "leg=2 ");
    w.intent.legs[1] = {kUnquoted, Side::sell, 1, std::nullopt};
    EXPECT_EQ(w.evaluate().code, RiskCode::no_quote);
    w.intent.legs[1] = {kThreeDays, Side::sell, 1, std::nullopt};
    EXPECT_EQ(w.evaluate().code, RiskCode::near_expiry);
}

// (104 - 96) x 65 = 520 is what it can lose.
TEST(GroupRisk, what_a_group_can_lose_is_held_against_the_limit_of_a_trade) {
    GroupWorld w;
    w.risk.trade_loss_pct = 0.02;  // 500
    EXPECT_EQ(w.evaluate().code, RiskCode::trade_loss);
    w.intent.max_loss = Money::from_rupees(400);
    EXPECT_EQ(w.evaluate().code, RiskCode::ok);
    w.intent.max_loss = Money();
    EXPECT_EQ(w.evaluate().code, RiskCode::bad_group);
}

// 844.97 in the worst scenario (a third of the range down, volatility up; by a Black-Scholes of its own, for the two
// prices say two volatilities) and 31850 of exposure: 1.3078 % of equity.
TEST(GroupRisk, the_margin_of_a_group_is_net) {
    GroupWorld w;
    w.risk.margin_entry_pct = 1.308;
    EXPECT_EQ(w.evaluate().code, RiskCode::ok);
    w.risk.margin_entry_pct = 1.307;
    EXPECT_EQ(w.evaluate().code, RiskCode::margin);
}

TEST(GroupRisk, a_group_is_one_position) {
    GroupWorld w;
    w.whole_group();
    w.intent = World().intent;
    w.intent.instrument = kBankCall;
    w.intent.stop = rupees(54'450);
    w.risk.max_positions = 2;
    EXPECT_EQ(w.evaluate().code, RiskCode::ok);
    w.risk.max_positions = 1;
    EXPECT_EQ(w.evaluate().code, RiskCode::max_positions);
    w.intent.instrument = kPut;
    w.intent.stop = rupees(24'745);
    w.risk.max_positions = 3;
    w.limits_of_one().max_per_underlying = 2;
    EXPECT_EQ(w.evaluate().code, RiskCode::ok);
    w.limits_of_one().max_per_underlying = 1;
    EXPECT_EQ(w.evaluate().code, RiskCode::max_per_underlying);
}

// Until they leave, sold legs of a group under way count with the rest: 179952.50 of margin beside the new lot's.
TEST(GroupRisk, legs_that_wait_count_already) {
    GroupWorld w;
    OrderGroup& group = w.whole_group();
    group.state = GroupState::hedging;
    group.legs[1].sent = false;
    w.fill(group.legs[1].position, kHigherCall, Side::buy, 65, 100);  // not there yet
    w.intent = World().intent;
    w.intent.instrument = kBankCall;
    w.intent.stop = rupees(54'450);
    w.risk.margin_entry_pct = 1.5;  // 37500; the lot alone is 6500
    EXPECT_EQ(w.evaluate().code, RiskCode::margin);
    group.closing = ExitReason{};
    EXPECT_EQ(w.evaluate().code, RiskCode::ok);
}

TEST(GroupRisk, sold_legs_are_looked_at_again_before_they_leave) {
    GroupWorld w;
    Intent leg = leg_intent(w.intent, 1);
    w.gate.note_accepted(leg, w.now);  // with its group, a moment ago
    EXPECT_EQ(w.gate.evaluate_release(leg, w.context()).code, RiskCode::ok);
    w.halts.raise(HaltKind::paused, w.now, "", "");
    EXPECT_EQ(w.gate.evaluate_release(leg, w.context()).code, RiskCode::halted);
    w.halts.clear(HaltKind::paused, w.now);
    w.now += seconds(61);
    EXPECT_EQ(w.gate.evaluate_release(leg, w.context()).code, RiskCode::stale_quote);
    w.at_time(14, 30);
    EXPECT_EQ(w.gate.evaluate_release(leg, w.context()).code, RiskCode::after_entry_window);
}

TEST(GroupRisk, a_group_is_closed_by_its_owner_and_once) {
    GroupWorld w;
    OrderGroup& group = w.whole_group();
    Intent exit;
    exit.kind = IntentKind::exit_group;
    exit.strategy = StrategyId(1);
    exit.group = GroupId(7);
    exit.reason.priority = 3;
    EXPECT_EQ(w.gate.evaluate(exit, w.context()).code, RiskCode::ok);
    exit.strategy = StrategyId(2);
    EXPECT_EQ(w.gate.evaluate(exit, w.context()).code, RiskCode::not_your_group);
    exit.strategy = StrategyId(1);
    exit.group = GroupId(8);
    EXPECT_EQ(w.gate.evaluate(exit, w.context()).code, RiskCode::unknown_group);
    exit.group = GroupId(7);
    group.closing = ExitReason{3, "target", "", ""};
    EXPECT_EQ(w.gate.evaluate(exit, w.context()).code, RiskCode::exit_in_progress);
    exit.reason.priority = 2;
    EXPECT_EQ(w.gate.evaluate(exit, w.context()).code, RiskCode::ok);
}

TEST(GroupRisk, a_part_of_a_leg_does_not_leave_alone) {
    GroupWorld w;
    const OrderGroup& group = w.whole_group();
    Intent exit;
    exit.kind = IntentKind::exit;
    exit.strategy = StrategyId(1);
    exit.position = group.legs[0].position;
    exit.fraction = 0.5;
    EXPECT_EQ(w.gate.evaluate(exit, w.context()).code, RiskCode::leg_of_group);
    exit.fraction = 1;
    EXPECT_EQ(w.gate.evaluate(exit, w.context()).code, RiskCode::ok);
}

// ---- guardian

TEST(GroupRisk, a_leg_at_its_stop_closes_its_group_sold_legs_first) {
    GroupWorld w;
    OrderGroup& group = w.whole_group(Money::from_rupees(100'000));
    w.portfolio.set_stop(group.legs[0].position, rupees(24'400), false, "stop");
    w.portfolio.mark(kNifty, rupees(24'399));
    w.tick(last_tick(kNifty, 24'399));
    w.guardian.on_price(kNifty, w.now, w.actions);
    EXPECT_TRUE(w.actions.exits.empty());
    ASSERT_EQ(w.actions.group_exits.size(), 1U);
    EXPECT_EQ(w.actions.group_exits[0].group, GroupId(7));
    EXPECT_EQ(w.actions.group_exits[0].reason.rule, "stop");
    w.groups.close(GroupId(7), w.actions.group_exits[0].reason);
    w.actions.clear();
    w.guardian.on_account(w.now, w.actions);
    ASSERT_EQ(w.actions.exits.size(), 1U);
    EXPECT_EQ(w.actions.exits[0].position, group.legs[1].position);
    w.actions.clear();
    w.fill(group.legs[1].position, kHigherCall, Side::buy, 65, 100);
    w.guardian.on_account(w.now, w.actions);
    ASSERT_EQ(w.actions.exits.size(), 1U);
    EXPECT_EQ(w.actions.exits[0].position, group.legs[0].position);
}

TEST(GroupRisk, the_kill_switch_keeps_the_hedge_until_the_sold_leg_is_closed) {
    GroupWorld w;
    OrderGroup& group = w.whole_group();
    w.guardian.kill(w.now, "", "operator", w.actions);
    ASSERT_EQ(w.actions.group_exits.size(), 1U);
    EXPECT_TRUE(w.actions.exits.empty());
    w.groups.close(GroupId(7), w.actions.group_exits[0].reason);
    w.actions.clear();
    w.guardian.on_account(w.now, w.actions);
    ASSERT_EQ(w.actions.exits.size(), 1U);
    EXPECT_EQ(w.actions.exits[0].position, group.legs[1].position);
    EXPECT_EQ(w.actions.exits[0].reason.rule, "kill_switch");
}

// The sold call was sold at 100 and stands at 108: -520; the bought one is where it was.
TEST(GroupRisk, a_group_is_closed_at_its_own_loss_and_not_at_a_legs) {
    GroupWorld w;
    w.whole_group(Money::from_rupees(500));
    w.portfolio.mark(kHigherCall, rupees(160));  // half as much again as it was sold for
    w.portfolio.mark(kCall, rupees(160));
    w.guardian.on_price(kCall, w.now, w.actions);
    EXPECT_TRUE(w.actions.empty());
    w.portfolio.mark(kHigherCall, rupees(108));
    w.portfolio.mark(kCall, rupees(100));
    w.guardian.on_price(kCall, w.now, w.actions);
    ASSERT_EQ(w.actions.group_exits.size(), 1U);
    EXPECT_EQ(w.actions.group_exits[0].reason.rule, "group_loss");
}

TEST(GroupRisk, a_group_without_a_loss_of_its_own_keeps_each_legs_disaster_stop) {
    GroupWorld w;
    w.whole_group();
    w.portfolio.mark(kHigherCall, rupees(150));
    w.guardian.on_price(kHigherCall, w.now, w.actions);
    ASSERT_EQ(w.actions.group_exits.size(), 1U);
    EXPECT_EQ(w.actions.group_exits[0].reason.rule, "disaster_stop");
}

TEST(GroupRisk, a_hedge_that_may_not_leave_yet_is_not_waited_for) {
    GroupWorld w;
    OrderGroup& group = w.whole_group();
    w.groups.close(GroupId(7), {1, "kill_switch", "", ""});
    w.guardian.on_account(w.now, w.actions);  // asks for the sold leg, again a second later
    EXPECT_EQ(w.guardian.next_due(), w.now + seconds(1));
    const OrderId exit = w.order(kHigherCall, Side::buy, OrderPurpose::exit, group.legs[1].position);
    EXPECT_TRUE(exit.valid());
    EXPECT_GT(w.guardian.next_due(), w.now + seconds(1));  // it is at work: only its end matters
}

// The legs of a group win and lose together: one trade, a winner.
TEST(GroupRisk, a_group_counts_once_in_the_losing_streak) {
    GroupWorld w;
    OrderGroup& group = w.whole_group();
    w.fill(group.legs[1].position, kHigherCall, Side::buy, 65, 120);
    EXPECT_EQ(w.portfolio.losing_streak(), 0);
    EXPECT_EQ(w.portfolio.net_of(GroupId(7)), Money::from_rupees(-1'300));
    w.fill(group.legs[0].position, kCall, Side::sell, 65, 130);
    EXPECT_EQ(w.portfolio.losing_streak(), 0);
    w.lose(1);
    EXPECT_EQ(w.portfolio.losing_streak(), 1);
}

}  // namespace
}  // namespace tide
