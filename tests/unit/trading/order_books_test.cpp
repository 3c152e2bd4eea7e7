#include <gtest/gtest.h>

#include "desk_fixture.hpp"

// What becomes of an order whose answer does not come: trading-rules "Order safety". By the default settings an answer
// is late after 5 s and the books are read after 0, 1, 3, 7 and 15 s more.
namespace tide {
namespace {

using namespace tide::testing;

struct OrderBooks : ::testing::Test {
    OrderSettings settings;
    Market market;
    FakeBroker broker;
    Log log;
    OrderDesk desk{settings, market.prices, broker, log, 7};
    ReceiveTime now = time_of(10, 0);

    void SetUp() override {
        market.tick(now, last_tick(kNifty, 24'500));
        market.tick(now, last_tick(kVix, 14));
        market.tick(now, quote_tick(kCall, 100, 99, 101));
    }
    OrderId submit(int64_t lots = 2) {
        OrderRequest request;
        request.position = PositionId(1);
        request.instrument = kCall;
        request.quantity = Quantity(lots * 65);
        request.limit = rupees(101);
        const auto ids = desk.submit(request, now);
        EXPECT_TRUE(ids);
        return ids->front();
    }
    void pass(Duration time) {
        now += time;
        desk.on_time(now);
    }
    OrderId unknown_order() {
        const OrderId id = submit();
        pass(seconds(5));
        EXPECT_EQ(state(id), OrderState::unknown);
        return id;
    }
    void say(OrderId id, OrderUpdateKind kind, int64_t quantity = 0, uint16_t flags = kUpdateFromBook,
             uint64_t number = 0) {
        OrderUpdateEvent event;
        event.order = id;
        event.kind = kind;
        event.flags = flags;
        event.quantity = Quantity(quantity);
        event.broker_order = BrokerOrderId(number);
        desk.on_update(event, now);
    }
    void trade(OrderId id, int64_t quantity, uint64_t number, double price = 101) {
        OrderUpdateEvent event;
        event.order = id;
        event.kind = OrderUpdateKind::filled;
        event.flags = kUpdateFromBook;
        event.quantity = Quantity(quantity);
        event.price = rupees(price);
        event.fill = FillId(number);
        desk.on_update(event, now);
    }
    OrderState state(OrderId id) { return desk.find(id)->state; }
};

TEST_F(OrderBooks, are_read_as_soon_as_the_outcome_is_unknown_and_nothing_is_sent_again) {
    const OrderId id = unknown_order();
    EXPECT_EQ(broker.count("submit"), 1);
    EXPECT_EQ(broker.asked.size(), 1U);
    EXPECT_TRUE(desk.blocked(kCall));
    say(id, OrderUpdateKind::acknowledged);
    EXPECT_EQ(state(id), OrderState::open);
    EXPECT_FALSE(desk.blocked(kCall));
    pass(seconds(30));
    EXPECT_EQ(broker.count("submit"), 1);
    EXPECT_EQ(broker.asked.size(), 1U);
}

TEST_F(OrderBooks, that_say_cancelled_rejected_or_expired_end_the_order) {
    for (const auto& [word, end] : {std::pair{OrderUpdateKind::cancelled, OrderState::cancelled},
                                    std::pair{OrderUpdateKind::rejected, OrderState::rejected},
                                    std::pair{OrderUpdateKind::expired, OrderState::expired}}) {
        const OrderId id = unknown_order();
        say(id, word);
        EXPECT_EQ(state(id), end);
    }
}

TEST_F(OrderBooks, that_name_the_trades_fill_the_order) {
    const OrderId id = unknown_order();
    trade(id, 65, 1);
    EXPECT_EQ(state(id), OrderState::partially_filled);
    trade(id, 65, 2);
    EXPECT_EQ(state(id), OrderState::filled);
    ASSERT_EQ(log.fills.size(), 2U);
}

TEST_F(OrderBooks, that_lag_prove_nothing_before_the_fifth_reading) {
    const OrderId id = unknown_order();
    for (const int64_t wait : {1, 2, 4, 8}) {
        say(id, OrderUpdateKind::absent);
        EXPECT_EQ(state(id), OrderState::unknown);
        pass(seconds(wait));
    }
    EXPECT_EQ(broker.asked.size(), 5U);
    say(id, OrderUpdateKind::absent);
    EXPECT_EQ(state(id), OrderState::rejected);
    EXPECT_EQ(broker.count("submit"), 1);
    EXPECT_TRUE(log.unclear.empty());
    EXPECT_FALSE(desk.blocked(kCall));
}

// The order book says 65 traded, the trade book names none: the order is not over until it does.
TEST_F(OrderBooks, whose_trades_lag_behind_are_read_again) {
    const OrderId id = unknown_order();
    say(id, OrderUpdateKind::cancelled, 65);
    EXPECT_EQ(state(id), OrderState::unknown);
    pass(seconds(1));
    EXPECT_EQ(broker.asked.size(), 2U);
    trade(id, 65, 1);
    say(id, OrderUpdateKind::cancelled, 65);
    EXPECT_EQ(state(id), OrderState::cancelled);
    EXPECT_EQ(desk.find(id)->filled, Quantity(65));
}

// 5 readings, the last 15 s after the first and 16 s without an answer: an operator's matter. Reading goes on.
TEST_F(OrderBooks, that_never_answer_are_an_operators_matter_and_are_still_read) {
    const OrderId id = unknown_order();
    pass(milliseconds(30'900));
    EXPECT_TRUE(log.unclear.empty());
    pass(milliseconds(100));
    ASSERT_EQ(log.unclear, std::vector<OrderId>{id});
    EXPECT_TRUE(desk.unclear());
    EXPECT_TRUE(desk.blocked(kCall));
    pass(minutes(10));
    EXPECT_EQ(log.unclear.size(), 1U);
    EXPECT_EQ(broker.count("submit"), 1);
    say(id, OrderUpdateKind::acknowledged);
    EXPECT_EQ(state(id), OrderState::open);
    EXPECT_FALSE(desk.unclear());
}

// Its submission was lost with the process; the cancel finds nothing. What the books do not have, five times, never was.
TEST_F(OrderBooks, are_read_when_a_cancel_finds_no_order_that_was_never_heard_of) {
    const OrderId id = submit();
    desk.cancel(id, now, "interrupted");
    say(id, OrderUpdateKind::cancel_rejected, 0, 0);
    EXPECT_EQ(state(id), OrderState::unknown);
    EXPECT_TRUE(desk.blocked(kCall));
    for (const int64_t wait : {1, 2, 4, 8}) {
        say(id, OrderUpdateKind::absent);
        EXPECT_EQ(state(id), OrderState::unknown);
        pass(seconds(wait));
    }
    say(id, OrderUpdateKind::absent);
    EXPECT_EQ(state(id), OrderState::rejected);
    EXPECT_TRUE(log.contradictions.empty());
    EXPECT_FALSE(desk.blocked(kCall));
    EXPECT_EQ(broker.count("submit"), 1);
}

// From then on entries halt: none that waits may leave, and one that is at work is taken back.
TEST_F(OrderBooks, that_never_answer_end_the_entries_that_wait_or_work) {
    settings.review_lots = 1;
    settings.review_wait_s = 600;
    const OrderId at_work = submit(1);
    say(at_work, OrderUpdateKind::acknowledged, 0, 0, 9);
    submit(1);
    pass(seconds(5));
    const OrderId in_review = submit(2);
    ASSERT_EQ(state(in_review), OrderState::in_review);
    pass(milliseconds(30'900));
    EXPECT_EQ(state(in_review), OrderState::in_review);
    pass(milliseconds(100));
    EXPECT_EQ(state(in_review), OrderState::cancelled);
    EXPECT_EQ(state(at_work), OrderState::pending_cancel);
    EXPECT_EQ(broker.count("submit"), 2);
    EXPECT_EQ(broker.count("cancel"), 1);
}

TEST_F(OrderBooks, without_an_order_that_was_there_contradict_themselves) {
    const OrderId id = submit();
    say(id, OrderUpdateKind::acknowledged, 0, 0, 9);
    desk.cancel(id, now, "test");
    pass(seconds(7));
    ASSERT_EQ(state(id), OrderState::unknown);
    for (int i = 0; i < 5; ++i) {
        say(id, OrderUpdateKind::absent);
        pass(seconds(16));
    }
    EXPECT_EQ(state(id), OrderState::unknown);
    EXPECT_EQ(log.contradictions.size(), 1U);
    EXPECT_TRUE(desk.resolve(id, now));
    EXPECT_EQ(state(id), OrderState::cancelled);
    EXPECT_FALSE(desk.blocked(kCall));
    EXPECT_FALSE(desk.resolve(id, now));
}

TEST_F(OrderBooks, an_operator_may_say_that_an_unknown_order_never_came) {
    const OrderId id = unknown_order();
    EXPECT_TRUE(desk.resolve(id, now));
    EXPECT_EQ(state(id), OrderState::rejected);
}

TEST_F(OrderBooks, an_answer_to_an_older_question_does_not_end_a_working_order) {
    const OrderId id = unknown_order();
    say(id, OrderUpdateKind::acknowledged);
    say(id, OrderUpdateKind::absent);
    EXPECT_EQ(state(id), OrderState::open);
    EXPECT_TRUE(log.contradictions.empty());
}

TEST_F(OrderBooks, a_trade_number_with_two_contents_is_booked_once_and_blocks_the_instrument) {
    const OrderId id = submit();
    trade(id, 65, 1, 101);
    trade(id, 65, 1, 100);
    EXPECT_EQ(log.fills.size(), 1U);
    EXPECT_EQ(log.contradictions.size(), 1U);
    EXPECT_TRUE(desk.blocked(kCall));
}

// A change gives the order the number 8; the word of before it, that comes late, must not bring 7 back.
TEST_F(OrderBooks, the_newest_of_several_broker_numbers_counts) {
    const OrderId id = submit();
    say(id, OrderUpdateKind::acknowledged, 0, 0, 7);
    say(id, OrderUpdateKind::replaced, 0, 0, 8);
    say(id, OrderUpdateKind::acknowledged, 0, 0, 7);
    EXPECT_EQ(desk.find(id)->broker_order, BrokerOrderId(8));
}

TEST_F(OrderBooks, after_a_reconnect_nothing_new_leaves_before_every_live_order_is_compared) {
    const OrderId first = submit();
    say(first, OrderUpdateKind::acknowledged);
    desk.line_down();
    EXPECT_TRUE(desk.comparing());
    const OrderId second = submit();
    pass(seconds(1));
    EXPECT_EQ(broker.count("submit"), 1);
    desk.line_up(now);
    EXPECT_EQ(broker.asked.size(), 1U);
    EXPECT_EQ(broker.count("submit"), 1);
    trade(first, 65, 1);
    EXPECT_EQ(broker.count("submit"), 1);
    say(first, OrderUpdateKind::acknowledged, 65);
    EXPECT_FALSE(desk.comparing());
    EXPECT_EQ(broker.count("submit"), 2);
    EXPECT_EQ(state(first), OrderState::partially_filled);
    EXPECT_EQ(state(second), OrderState::submitted);
}

}  // namespace
}  // namespace tide
