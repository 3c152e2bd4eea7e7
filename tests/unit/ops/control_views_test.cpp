#include <nlohmann/json.hpp>

#include "../session/session_fixture.hpp"
#include "ops/control_snapshot.hpp"

// What a running session shows of what waits in it, and of the levels that it watches.
namespace tide {
namespace {

using nlohmann::json;

class ControlViews : public SessionTest {
  protected:
    void ask_for(Intent intent) {
        host.bar = [this, intent, asked = false](const BarMessage& bar, CallbackOutput& output) mutable {
            if (bar.timeframe != Timeframe::m1 || std::exchange(asked, true)) return CallbackResult{};
            intent.id = host.services->reserve_intent_id();
            output.intents.push_back(intent);
            return CallbackResult{};
        };
        start();
        market_at(hours(10) + minutes(4) + seconds(30));
        market_at(hours(10) + minutes(5) + seconds(1));
    }
    ControlSnapshot snapshot() const { return snapshot_of(*session, "s", "test"); }
    json document(ControlView view) const { return json::parse(view_json(snapshot(), view)); }
    std::string text(ControlView view) const { return view_text(snapshot(), view); }
};

TEST_F(ControlViews, an_entry_that_waits_for_its_trigger_is_among_the_orders) {
    Intent intent = enter_call(2);
    intent.terms.trigger = Price::from_rupees(105);
    intent.tag = "breakout";
    ask_for(intent);
    ASSERT_TRUE(sent.empty());
    const json orders = document(ControlView::orders);
    EXPECT_TRUE(orders["orders"].empty());
    ASSERT_EQ(orders["held"].size(), 1U);
    const json& held = orders["held"][0];
    EXPECT_EQ(held["entry"], 1);
    EXPECT_EQ(held["intent"], 1);
    EXPECT_EQ(held["strategy"], "test");
    EXPECT_EQ(held["state"], "waiting");
    EXPECT_EQ(held["quantity"], 100);
    EXPECT_EQ(held["trigger"], "105.00");
    EXPECT_EQ(held["tag"], "breakout");
    EXPECT_EQ(held["why"], "test");
    EXPECT_NE(text(ControlView::orders).find("105.00"), std::string::npos) << text(ControlView::orders);
    EXPECT_NE(text(ControlView::orders).find("waiting"), std::string::npos);
}

TEST_F(ControlViews, levels_on_the_premium_are_beside_those_on_the_underlying) {
    Intent intent = enter_call();
    intent.premium.stop_pct = 20;    // of 100.50: 80.40
    intent.premium.target_pct = 50;  // 150.75
    ask_for(intent);
    ASSERT_EQ(sent.size(), 1U);
    fill(sent[0].order, 100.5, 1);
    const json positions = document(ControlView::positions)["positions"];
    ASSERT_EQ(positions.size(), 1U);
    EXPECT_EQ(positions[0]["stop"], "21285.00");  // 1 % below 21 500
    EXPECT_EQ(positions[0]["premium_stop"], "80.40");
    EXPECT_EQ(positions[0]["premium_target"], "150.75");
    EXPECT_TRUE(positions[0]["trail_pct"].is_null());
    EXPECT_NE(text(ControlView::positions).find("21,285.00, 80.40 on the premium"), std::string::npos)
        << text(ControlView::positions);
    EXPECT_NE(text(ControlView::positions).find(", 150.75 on the premium"), std::string::npos);
}

TEST_F(ControlViews, a_stop_that_trails_is_shown_where_it_stands_and_how_far_behind_it_follows) {
    Intent intent = enter_call();
    intent.stop_pct.reset();
    intent.trail_stop_pct = 1;
    ask_for(intent);
    ASSERT_EQ(sent.size(), 1U);
    fill(sent[0].order, 100.5, 1);
    const auto shown = [this] { return document(ControlView::positions)["positions"][0]; };
    EXPECT_EQ(shown()["stop"], "21285.00");
    EXPECT_EQ(shown()["trail_pct"], 1.0);
    at_time(hours(10) + minutes(5) + seconds(10));
    tick(kNifty, 21'600);
    EXPECT_EQ(shown()["stop"], "21384.00");  // 1 % below 21 600
    EXPECT_NE(text(ControlView::positions).find("21,384.00, trails by 1 %"), std::string::npos)
        << text(ControlView::positions);
}

TEST_F(ControlViews, a_position_without_such_levels_says_nothing_of_them) {
    ask_for(enter_call());
    ASSERT_EQ(sent.size(), 1U);
    fill(sent[0].order, 100.5, 1);
    const json position = document(ControlView::positions)["positions"][0];
    for (const char* level : {"premium_stop", "premium_target", "trail_pct"}) EXPECT_TRUE(position[level].is_null());
    EXPECT_EQ(text(ControlView::positions).find("premium"), std::string::npos);
}

}  // namespace
}  // namespace tide
