#include "risk/order_watch.hpp"

#include <gtest/gtest.h>

#include "risk_world.hpp"

namespace tide {
namespace {

using namespace tide::testing;

struct OrderWatchTest : ::testing::Test {
    World w;
    OrderWatch watch{w.risk, w.orders};
    const Instrument& call = w.prices.instruments().get(kCall);

    Order entry(uint64_t intent, int64_t units, double limit) {
        Order order;
        order.id = OrderId(intent);
        order.intent = IntentId(intent);
        order.instrument = kCall;
        order.quantity = Quantity(units);
        order.limit = order.furthest_limit = rupees(limit);
        order.state = OrderState::submitted;
        order.updated = w.now;
        return order;
    }
    std::string sent(const Order& order, std::optional<Price> last = rupees(100)) {
        const auto wrong = watch.on_sent(order, call, last);
        return wrong ? wrong->rule : "";
    }
    std::optional<WrongOrder> filled(Order order, int64_t units, double price) {
        order.filled += Quantity(units);
        Fill fill;
        fill.quantity = Quantity(units);
        fill.price = rupees(price);
        return watch.on_fill(fill, order, call);
    }
};

TEST_F(OrderWatchTest, slices_of_which_each_waits_for_the_fill_of_the_one_before_are_no_repetition) {
    for (uint64_t slice = 1; slice <= 5; ++slice) {
        EXPECT_EQ(sent(entry(slice, 65, 100)), "");
        EXPECT_FALSE(filled(entry(slice, 65, 100), 65, 100));
    }
}

TEST_F(OrderWatchTest, parts_of_one_decision_may_not_add_up_to_more_than_it) {
    watch.note_decision(IntentId(1), Quantity(195));
    EXPECT_EQ(sent(entry(1, 130, 100)), "");
    EXPECT_EQ(sent(entry(1, 65, 100)), "");
    const auto wrong = watch.on_sent(entry(1, 65, 100), call, rupees(100));
    ASSERT_TRUE(wrong);
    EXPECT_EQ(wrong->rule, "sent_quantity");
    EXPECT_EQ(wrong->at_risk, Money::from_rupees(3'250));  // half of 65 x 100: where the engine's own stop acts
}

// 100 lots of 65.
TEST_F(OrderWatchTest, no_order_is_larger_than_any_order_may_be) {
    EXPECT_EQ(sent(entry(1, 6'500, 100)), "");
    EXPECT_EQ(sent(entry(2, 6'565, 100)), "sent_quantity");
}

TEST_F(OrderWatchTest, a_limit_ten_percent_worse_than_the_last_price_is_wrong) {
    EXPECT_EQ(sent(entry(1, 65, 110)), "");
    EXPECT_EQ(sent(entry(2, 65, 110.05)), "sent_price");
    EXPECT_EQ(sent(entry(3, 65, 50)), "");  // far on the good side: it rests
    Order sale = entry(4, 65, 89.95);
    sale.side = Side::sell;
    EXPECT_EQ(sent(sale), "sent_price");
    EXPECT_EQ(sent(entry(5, 65, 120), std::nullopt), "");
}

TEST_F(OrderWatchTest, the_third_identical_entry_within_ten_seconds_is_wrong) {
    EXPECT_EQ(sent(entry(1, 65, 100)), "");
    w.now += seconds(5);
    EXPECT_EQ(sent(entry(2, 65, 100)), "");
    w.now += seconds(5);
    EXPECT_EQ(sent(entry(3, 65, 100)), "repeated");
    w.now += seconds(11);
    EXPECT_EQ(sent(entry(4, 65, 100)), "");
    EXPECT_EQ(sent(entry(5, 65, 100.05)), "");
    EXPECT_EQ(sent(entry(6, 65, 100.05)), "");
}

TEST_F(OrderWatchTest, parts_of_one_decision_are_no_repetition) {
    watch.note_decision(IntentId(1), Quantity(1'000));
    for (int i = 0; i < 5; ++i) EXPECT_EQ(sent(entry(1, 65, 100)), "");
}

TEST_F(OrderWatchTest, exits_are_bounded_by_their_position_and_may_be_asked_for_again) {
    Order exit = entry(1, 65, 50);
    exit.purpose = OrderPurpose::exit;
    exit.side = Side::sell;
    for (int i = 0; i < 5; ++i) EXPECT_EQ(sent(exit), "");
}

TEST_F(OrderWatchTest, more_filled_than_ordered_is_wrong) {
    EXPECT_FALSE(filled(entry(1, 65, 100), 65, 100));
    const auto wrong = filled(entry(1, 65, 100), 130, 100);
    ASSERT_TRUE(wrong);
    EXPECT_EQ(wrong->rule, "overfilled");
    EXPECT_EQ(wrong->values, "order=1 quantity=65 filled=130");
}

TEST_F(OrderWatchTest, a_fill_beyond_the_furthest_limit_is_wrong) {
    Order order = entry(1, 65, 100);
    order.furthest_limit = rupees(101);  // a change is on its way
    EXPECT_FALSE(filled(order, 65, 101));
    const auto wrong = filled(order, 65, 101.05);
    ASSERT_TRUE(wrong);
    EXPECT_EQ(wrong->rule, "beyond_limit");
    EXPECT_EQ(wrong->at_risk, Money::from_double(3.25));
    order.side = Side::sell;
    EXPECT_FALSE(filled(order, 65, 101));
    EXPECT_EQ(filled(order, 65, 100.95)->rule, "beyond_limit");
}

TEST_F(OrderWatchTest, a_fill_after_a_rejection_is_wrong_and_one_after_a_cancel_is_not) {
    Order order = entry(1, 65, 100);
    order.state = OrderState::cancelled;
    EXPECT_FALSE(filled(order, 65, 100));
    order.state = OrderState::rejected;
    EXPECT_EQ(filled(order, 65, 100)->rule, "filled_after_reject");
}

}  // namespace
}  // namespace tide
