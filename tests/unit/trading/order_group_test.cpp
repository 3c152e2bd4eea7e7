#include "trading/order_group.hpp"

#include <gtest/gtest.h>

#include "trading_fixture.hpp"

namespace tide {
namespace {

using namespace tide::testing;
using enum GroupState;

const LegFacts kNothing{Quantity(0), false}, kAtWork{Quantity(0), true}, kPart{Quantity(30), false},
    kPartAtWork{Quantity(30), true}, kFull{Quantity(65), false}, kFullAtWork{Quantity(65), true};

// A bought call and a sold one, to be whole by 11:00:30.
struct OrderGroupTest : ::testing::Test {
    OrderGroup group;
    ReceiveTime now = time_of(11, 0, 10);

    OrderGroupTest() {
        group.id = GroupId(7);
        group.deadline = time_of(11, 0, 30);
        group.legs = {leg(Side::buy), leg(Side::sell)};
    }
    static GroupLeg leg(Side side) {
        GroupLeg leg;
        leg.side = side;
        leg.lots = 1;
        leg.quantity = Quantity(65);
        return leg;
    }
    // The group is in `state`, as legs of it were sent.
    GroupStep step(GroupState state, LegFacts bought, LegFacts sold) {
        group.state = state;
        group.legs[0].sent = state != waiting;
        group.legs[1].sent = state >= selling;
        const std::vector<LegFacts> facts{bought, sold};
        return step_of(group, facts, now);
    }
    void expect_unwinding(const GroupStep& step, std::string_view rule) {
        EXPECT_EQ(step.next, unwinding);
        EXPECT_EQ(step.rule, rule);
        EXPECT_TRUE(step.cancel_entries);
        EXPECT_FALSE(step.send);
    }
};

TEST_F(OrderGroupTest, what_is_bought_leaves_first) {
    const GroupStep first = step(waiting, kNothing, kNothing);
    EXPECT_EQ(first.next, hedging);
    EXPECT_EQ(first.send, Side::buy);
}

TEST_F(OrderGroupTest, what_is_sold_waits_until_everything_bought_is_filled) {
    for (const LegFacts& bought : {kAtWork, kPartAtWork, kFullAtWork}) {
        const GroupStep waits = step(hedging, bought, kNothing);
        EXPECT_EQ(waits.next, hedging);
        EXPECT_FALSE(waits.send);
        EXPECT_FALSE(waits.cancel_entries);
    }
    const GroupStep sells = step(hedging, kFull, kNothing);
    EXPECT_EQ(sells.next, selling);
    EXPECT_EQ(sells.send, Side::sell);
}

TEST_F(OrderGroupTest, without_bought_legs_the_sold_ones_leave_at_once) {
    group.legs[0].side = Side::sell;
    const GroupStep first = step(waiting, kNothing, kNothing);
    EXPECT_EQ(first.next, selling);
    EXPECT_EQ(first.send, Side::sell);
}

TEST_F(OrderGroupTest, bought_legs_alone_are_whole_when_filled) {
    group.legs[1].side = Side::buy;
    group.legs[1].sent = true;
    group.state = hedging;
    group.legs[0].sent = true;
    EXPECT_EQ(step_of(group, std::vector<LegFacts>{kFull, kAtWork}, now).next, hedging);
    EXPECT_EQ(step_of(group, std::vector<LegFacts>{kFull, kFull}, now).next, whole);
}

TEST_F(OrderGroupTest, it_is_whole_when_the_sold_legs_are_filled_too) {
    EXPECT_EQ(step(selling, kFull, kAtWork).next, selling);
    EXPECT_EQ(step(selling, kFull, kPartAtWork).next, selling);
    EXPECT_EQ(step(selling, kFull, kFull).next, whole);
    EXPECT_EQ(step(whole, kFull, kFull).next, whole);
}

TEST_F(OrderGroupTest, a_leg_that_ends_without_being_filled_unwinds_it) {
    expect_unwinding(step(hedging, kNothing, kNothing), "leg_not_filled");
    expect_unwinding(step(hedging, kPart, kNothing), "leg_not_filled");
    expect_unwinding(step(selling, kFull, kNothing), "leg_not_filled");
    expect_unwinding(step(selling, kFull, kPart), "leg_not_filled");
    EXPECT_EQ(step(selling, kFull, kPart).closes->priority, 1);
}

// The hedge was closed while the sold leg is at work: it must not go on.
TEST_F(OrderGroupTest, a_hedge_that_is_gone_unwinds_it) {
    expect_unwinding(step(selling, kNothing, kAtWork), "leg_not_filled");
    expect_unwinding(step(whole, kNothing, kFull), "leg_gone");
    expect_unwinding(step(whole, kFull, kPart), "leg_gone");
}

TEST_F(OrderGroupTest, it_is_unwound_when_it_is_not_whole_in_time) {
    now = time_of(11, 0, 29);
    EXPECT_EQ(step(hedging, kPartAtWork, kNothing).next, hedging);
    now = time_of(11, 0, 30);
    expect_unwinding(step(hedging, kPartAtWork, kNothing), "group_timeout");
    expect_unwinding(step(hedging, kFull, kNothing), "group_timeout");
    expect_unwinding(step(selling, kFull, kAtWork), "group_timeout");
    EXPECT_EQ(step(selling, kFull, kFull).next, whole);  // it just was
    EXPECT_EQ(step(whole, kFull, kFull).next, whole);
}

TEST_F(OrderGroupTest, a_reason_to_close_unwinds_it_from_every_state) {
    group.closing = ExitReason{3, "target", "", "enough"};
    expect_unwinding(step(waiting, kNothing, kNothing), "target");
    expect_unwinding(step(hedging, kAtWork, kNothing), "target");
    expect_unwinding(step(hedging, kFull, kNothing), "target");
    expect_unwinding(step(selling, kFull, kAtWork), "target");
    expect_unwinding(step(whole, kFull, kFull), "target");
}

TEST_F(OrderGroupTest, unwinding_lasts_until_nothing_is_open_and_nothing_may_open) {
    EXPECT_EQ(step(unwinding, kFull, kFull).next, unwinding);
    EXPECT_FALSE(step(unwinding, kFull, kFull).cancel_entries);
    EXPECT_EQ(step(unwinding, kFull, kNothing).next, unwinding);
    EXPECT_EQ(step(unwinding, kNothing, kAtWork).next, unwinding);
    EXPECT_TRUE(step(unwinding, kNothing, kAtWork).cancel_entries);
    EXPECT_EQ(step(unwinding, kNothing, kNothing).next, flat);
}

TEST_F(OrderGroupTest, a_fill_after_the_end_is_unwound_too) {
    EXPECT_EQ(step(flat, kNothing, kNothing).next, flat);
    expect_unwinding(step(flat, kNothing, kPart), "late_fill");
    expect_unwinding(step(flat, kFull, kNothing), "late_fill");
}

TEST_F(OrderGroupTest, the_better_reason_to_close_stays) {
    OrderGroups groups;
    groups.add(group);
    EXPECT_EQ(groups.closing(group.id), nullptr);
    EXPECT_TRUE(groups.close(group.id, {3, "target", "", ""}));
    EXPECT_TRUE(groups.close(group.id, {4, "time", "", ""}));
    EXPECT_EQ(groups.closing(group.id)->rule, "target");
    EXPECT_TRUE(groups.close(group.id, {1, "kill_switch", "", ""}));
    EXPECT_EQ(groups.closing(group.id)->rule, "kill_switch");
    groups.find(group.id)->state = flat;
    EXPECT_FALSE(groups.close(group.id, {1, "again", "", ""}));
    EXPECT_FALSE(groups.close(GroupId(8), {1, "again", "", ""}));
}

TEST_F(OrderGroupTest, only_groups_that_are_not_whole_yet_are_waited_for) {
    OrderGroups groups;
    groups.add(group);
    EXPECT_EQ(groups.next_due(), group.deadline);
    groups.find(group.id)->state = whole;
    EXPECT_EQ(groups.next_due(), ReceiveTime::max());
    groups.start_day();
    EXPECT_NE(groups.find(group.id), nullptr);
    groups.find(group.id)->state = flat;
    groups.start_day();
    EXPECT_EQ(groups.find(group.id), nullptr);
}

}  // namespace
}  // namespace tide
