#include "ops/kill_timeline.hpp"

#include <gtest/gtest.h>

namespace tide {
namespace {

struct KillTimelineTest : ::testing::Test {
    int64_t wall = 1'000;
    KillTimeline timeline{[this] { return wall; }};
    ReceiveTime began = at(make_date(2026, 8, 3), hours(11));

    void say(int64_t after_ms, RecordBody body) {
        Record record;
        record.time = began + milliseconds(after_ms);
        record.body = std::move(body);
        wall = 1'000 + after_ms / 10;  // ten times as fast
        timeline.record(record);
    }
    void order(int64_t after_ms, uint64_t id, OrderState from, OrderState to,
               OrderPurpose purpose = OrderPurpose::entry, uint64_t position = 0) {
        OrderRecord record;
        record.order.id = OrderId(id);
        record.order.state = to;
        record.order.purpose = purpose;
        record.order.position = PositionId(position);
        record.from = from;
        record.instrument = "NIFTY CE";
        record.detail = "kill_switch";
        say(after_ms, record);
    }
    void closed(int64_t after_ms, uint64_t id) {
        TradeRecord trade;
        trade.position.id = PositionId(id);
        trade.position.exit_price = Price::from_rupees(101);
        trade.position.realised_gross = Money::from_rupees(70);
        trade.position.charges = Money::from_rupees(20);
        trade.instrument = "NIFTY CE";
        say(after_ms, trade);
    }
    const KillStepTime* find(KillStep step) {
        steps = timeline.steps();
        for (const auto& one : steps) {
            if (one.step == step) return &one;
        }
        return nullptr;
    }
    std::vector<KillStepTime> steps;
};

TEST_F(KillTimelineTest, a_flat_session_has_nothing_to_wait_for) {
    timeline.begin(began, 0, {}, {});
    ASSERT_EQ(timeline.steps().size(), 3U);
    for (const auto& step : timeline.steps()) EXPECT_TRUE(step.done && step.in_time() && step.session_ms == 0);
    EXPECT_FALSE(timeline.verified());
}

TEST_F(KillTimelineTest, cancels_count_once_the_last_order_of_before_has_ended) {
    timeline.begin(began, 4, {3, 4}, {});
    EXPECT_EQ(find(KillStep::cancels_confirmed), nullptr);
    order(0, 3, OrderState::open, OrderState::pending_cancel);
    order(0, 4, OrderState::open, OrderState::pending_cancel);
    order(150, 3, OrderState::pending_cancel, OrderState::cancelled);
    EXPECT_EQ(find(KillStep::cancels_confirmed), nullptr);
    order(400, 4, OrderState::pending_cancel, OrderState::filled);
    const KillStepTime* step = find(KillStep::cancels_confirmed);
    ASSERT_NE(step, nullptr);
    EXPECT_EQ(step->session_ms, 400);
    EXPECT_EQ(step->wall_ms, 40);
    ASSERT_EQ(timeline.orders().size(), 2U);
    EXPECT_EQ(timeline.orders()[0].reason, "kill_switch");
    EXPECT_EQ(timeline.orders()[0].ended_ms, 150);
    EXPECT_EQ(timeline.orders()[1].outcome, "filled");
    // The exits that follow are not orders of before.
    order(500, 5, OrderState::created, OrderState::submitted, OrderPurpose::exit, 1);
    order(9'000, 5, OrderState::open, OrderState::pending_cancel, OrderPurpose::exit, 1);
    order(9'100, 5, OrderState::pending_cancel, OrderState::cancelled, OrderPurpose::exit, 1);
    EXPECT_EQ(find(KillStep::cancels_confirmed)->session_ms, 400);
    EXPECT_EQ(timeline.orders().size(), 2U);
}

TEST_F(KillTimelineTest, closes_have_price_result_and_tries_and_a_late_fill_opens_the_step_again) {
    timeline.begin(began, 1, {}, {7});
    order(0, 2, OrderState::created, OrderState::submitted, OrderPurpose::exit, 7);
    order(100, 2, OrderState::submitted, OrderState::rejected, OrderPurpose::exit, 7);
    order(1'100, 3, OrderState::created, OrderState::submitted, OrderPurpose::exit, 7);
    closed(1'300, 7);
    ASSERT_EQ(timeline.positions().size(), 1U);
    EXPECT_EQ(timeline.positions()[0].tries, 2);
    EXPECT_EQ(timeline.positions()[0].exit_price, Price::from_rupees(101));
    EXPECT_EQ(timeline.positions()[0].net, Money::from_rupees(50));
    EXPECT_EQ(find(KillStep::positions_closed)->session_ms, 1'300);
    PositionRecord late;
    late.position.id = PositionId(8);
    late.what = "opened";
    say(1'400, late);
    EXPECT_EQ(find(KillStep::positions_closed), nullptr);
    closed(31'000, 8);
    EXPECT_EQ(find(KillStep::positions_closed)->session_ms, 31'000);
    EXPECT_FALSE(find(KillStep::positions_closed)->in_time());
}

TEST_F(KillTimelineTest, the_brokers_books_have_the_last_word) {
    timeline.begin(began, 0, {}, {});
    ReconcileRecord books;
    books.what = "differs";
    books.values = "orders=0 trades=2 positions=1";
    say(300, books);
    EXPECT_EQ(timeline.verified(), false);
    EXPECT_FALSE(find(KillStep::verified_flat)->in_time());
    books.what = "agreed";
    say(900, books);
    EXPECT_EQ(timeline.verified(), true);
    EXPECT_EQ(find(KillStep::verified_flat)->session_ms, 900);
}

TEST_F(KillTimelineTest, steps_outside_the_session_have_the_walls_time_and_come_in_order) {
    timeline.begin(began, 0, {}, {});
    wall = 1'000 + 61'000;
    timeline.note(KillStep::backed_up, true, "store");
    timeline.note(KillStep::latched, false, "disk full");
    EXPECT_FALSE(find(KillStep::backed_up)->in_time());
    EXPECT_FALSE(find(KillStep::backed_up)->session_ms);
    EXPECT_FALSE(find(KillStep::latched)->done);
    steps = timeline.steps();
    for (size_t i = 1; i < steps.size(); ++i) EXPECT_LT(steps[i - 1].step, steps[i].step);
    EXPECT_EQ(step_words(steps.back(), true), "step=backed_up;wall_ms=61000;limit_ms=60000;done=yes");
    EXPECT_EQ(step_words(steps.back(), false), "step=backed_up;limit_ms=60000;done=yes");
    EXPECT_EQ(step_words(steps.front(), false), "step=entries_stopped;since_ms=0;limit_ms=1000;done=yes");
}

}  // namespace
}  // namespace tide
