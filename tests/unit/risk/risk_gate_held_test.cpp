#include <gtest/gtest.h>

#include "risk_world.hpp"

namespace tide {
namespace {

using namespace tide::testing;

// A part of a held entry, whose earlier part has opened `lots` at 100.
Intent part_of_held(World& w, int64_t lots, int64_t more) {
    w.intent.position = w.open(kCall, Side::buy, lots * 65);
    w.intent.parent = IntentId(1);
    w.intent.lots = more;
    return w.intent;
}

TEST(RiskGateHeld, a_part_that_adds_to_its_entrys_position_does_not_count_as_another_position) {
    World w;
    w.risk.max_positions = 1;
    w.intent = part_of_held(w, 1, 1);
    EXPECT_EQ(name_of(w.evaluate().code), "ok");
    w.intent.position = PositionId();
    EXPECT_EQ(name_of(w.evaluate().code), "max_positions");
}

// 2.5 % of 2500000 is 62500: nine lots of 6500 in all, whatever the parts.
TEST(RiskGateHeld, the_size_of_one_position_holds_for_all_parts_together) {
    World w;
    w.risk.trade_loss_pct = 100;
    w.intent = part_of_held(w, 6, 3);
    EXPECT_EQ(name_of(w.evaluate().code), "ok");
    w.intent.lots = 4;
    const RiskVerdict no = w.evaluate();
    EXPECT_EQ(name_of(no.code), "position_size");
    EXPECT_EQ(no.max_lots, 3);
}

// A stop of 1 % costs 3250 a lot, 1 % of equity is 25000: seven lots in all.
TEST(RiskGateHeld, the_loss_of_one_trade_holds_for_all_parts_together) {
    World w;
    w.intent = part_of_held(w, 5, 2);
    EXPECT_EQ(name_of(w.evaluate().code), "ok");
    w.intent.lots = 3;
    EXPECT_EQ(name_of(w.evaluate().code), "trade_loss");
}

// 500000 rupees are 76 lots of 6500.
TEST(RiskGateHeld, the_value_of_one_order_holds_for_all_parts_together) {
    World w(1e9);
    w.intent = part_of_held(w, 70, 6);
    EXPECT_EQ(name_of(w.evaluate().code), "ok");
    w.intent.lots = 7;
    EXPECT_EQ(name_of(w.evaluate().code), "max_value");
}

TEST(RiskGateHeld, equal_parts_within_a_minute_are_no_duplicates_but_equal_entries_are) {
    World w;
    w.intent.terms.trigger = rupees(101);
    w.gate.note_accepted(w.intent, w.now);
    EXPECT_EQ(name_of(w.evaluate().code), "duplicate_intent");
    w.intent.terms.trigger = rupees(102);
    EXPECT_EQ(name_of(w.evaluate().code), "ok");
    Intent part = w.intent;
    part.terms = {};
    w.gate.note_accepted(part, w.now);
    w.intent = part;
    EXPECT_EQ(name_of(w.evaluate().code), "duplicate_intent");
    w.intent.parent = IntentId(1);
    EXPECT_EQ(name_of(w.evaluate().code), "ok");
}

// 30 % of the premium of 100 is 30 x 65 = 1950 a lot: twelve lots within 25000, where nine are the size of a position.
TEST(RiskGateHeld, a_stop_on_the_premium_bounds_the_loss) {
    World w;
    w.risk.position_size_pct = 100;
    w.intent.stop.reset();
    w.intent.premium.stop_pct = 30;
    w.intent.lots = 12;
    EXPECT_EQ(name_of(w.evaluate().code), "ok");
    w.intent.lots = 13;
    EXPECT_EQ(name_of(w.evaluate().code), "trade_loss");
}

TEST(RiskGateHeld, only_a_live_entry_of_ones_own_can_be_cancelled) {
    World w;
    w.hold(IntentId(7));
    Intent cancel;
    cancel.kind = IntentKind::cancel;
    cancel.strategy = StrategyId(1);
    cancel.parent = IntentId(7);
    EXPECT_EQ(name_of(w.gate.evaluate(cancel, w.context()).code), "ok");
    cancel.strategy = StrategyId(2);
    EXPECT_EQ(name_of(w.gate.evaluate(cancel, w.context()).code), "not_your_order");
    cancel.strategy = StrategyId(1);
    w.parents.cancel(IntentId(7), w.now, "done");
    EXPECT_EQ(name_of(w.gate.evaluate(cancel, w.context()).code), "unknown_order");
}

TEST(RiskGateHeld, a_trail_is_a_percentage) {
    World w;
    Intent trail;
    trail.kind = IntentKind::set_trail;
    trail.position = w.open(kCall);
    trail.trail_stop_pct = 1.5;
    EXPECT_EQ(name_of(w.gate.evaluate(trail, w.context()).code), "ok");
    trail.trail_stop_pct = 100;
    EXPECT_EQ(name_of(w.gate.evaluate(trail, w.context()).code), "bad_level");
}

}  // namespace
}  // namespace tide
