#include "trading/order_desk.hpp"

#include <gtest/gtest.h>

#include <set>

#include "desk_fixture.hpp"

namespace tide {
namespace {

using namespace tide::testing;

struct DeskTest : ::testing::Test {
    OrderSettings settings;
    Market market;
    FakeBroker broker;
    Log log;
    OrderDesk desk{settings, market.prices, broker, log, 7};
    ReceiveTime now = time_of(10, 0);
    uint64_t next_fill = 1;

    void SetUp() override {
        market.tick(now, last_tick(kNifty, 24'500));
        market.tick(now, last_tick(kVix, 14));
        market.tick(now, quote_tick(kCall, 100, 99, 101));
        market.tick(now, quote_tick(kPut, 50, 49.5, 50.5));
    }
    OrderRequest entry(int64_t lots = 1, InstrumentId instrument = kCall) {
        OrderRequest request;
        request.position = PositionId(1);
        request.instrument = instrument;
        request.quantity = Quantity(lots * 65);
        return request;
    }
    OrderRequest exit(int64_t lots = 1) {
        OrderRequest request = entry(lots);
        request.purpose = OrderPurpose::exit;
        request.side = Side::sell;
        request.priority = 2;
        return request;
    }
    OrderId submit(const OrderRequest& request) {
        const auto ids = desk.submit(request, now);
        EXPECT_TRUE(ids);
        return ids->front();
    }
    void update(OrderId id, OrderUpdateKind kind, int64_t quantity = 0, double price = 0, uint64_t fill = 0) {
        OrderUpdateEvent event;
        event.order = id;
        event.kind = kind;
        event.quantity = Quantity(quantity);
        event.price = rupees(price);
        event.fill = FillId(fill);
        desk.on_update(event, now);
    }
    void ack(OrderId id) {
        OrderUpdateEvent event;
        event.order = id;
        event.kind = OrderUpdateKind::acknowledged;
        event.broker_order = BrokerOrderId(1'000 + id.value());
        desk.on_update(event, now);
    }
    void fill(OrderId id, int64_t quantity, double price) {
        update(id, OrderUpdateKind::filled, quantity, price, next_fill++);
    }
    void pass(Duration time) {
        now += time;
        desk.on_time(now);
    }
    OrderState state(OrderId id) { return desk.find(id)->state; }
};

// ---- prices

// 101 + 0.5 % = 101.505 -> up to 101.55; 99 - 0.5 % = 98.505 -> down to 98.50; no touch: 100 +- 0.5.
TEST(MarketableLimit, is_the_touch_plus_the_band_rounded_away_from_the_market) {
    Quote quote;
    quote.last = rupees(100);
    quote.bid = rupees(99);
    quote.ask = rupees(101);
    quote.flags = kTickHasBid | kTickHasAsk;
    const Price tick = rupees(0.05);
    EXPECT_EQ(marketable_limit(Side::buy, &quote, Price(), 0.5, tick), rupees(101.55));
    EXPECT_EQ(marketable_limit(Side::sell, &quote, Price(), 0.5, tick), rupees(98.50));
    quote.flags = 0;
    EXPECT_EQ(marketable_limit(Side::buy, &quote, Price(), 0.5, tick), rupees(100.5));
    EXPECT_EQ(marketable_limit(Side::sell, &quote, Price(), 0.5, tick), rupees(99.5));
    EXPECT_EQ(marketable_limit(Side::sell, nullptr, rupees(80), 0.5, tick), rupees(79.6));
    EXPECT_EQ(marketable_limit(Side::sell, nullptr, rupees(0.05), 0.5, tick), rupees(0.05));
}

TEST(ClientOrderId, is_a_version_8_uuid_that_differs_by_seed_and_order) {
    std::set<std::string> seen;
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        for (uint64_t id = 1; id <= 200; ++id) {
            const std::string uuid = client_order_id(seed, OrderId(id));
            ASSERT_EQ(uuid.size(), 36U);
            EXPECT_EQ(uuid[14], '8');
            EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
            EXPECT_TRUE(seen.insert(uuid).second);
        }
    }
    EXPECT_EQ(client_order_id(3, OrderId(4)), client_order_id(3, OrderId(4)));
}

TEST_F(DeskTest, an_aggressive_entry_leaves_as_a_limit_beyond_the_ask) {
    const OrderId id = submit(entry());
    ASSERT_EQ(broker.sent.size(), 1U);
    EXPECT_EQ(broker.sent[0].limit, rupees(101.55));
    EXPECT_EQ(state(id), OrderState::submitted);
    EXPECT_EQ(desk.in_flight(), 1U);
    ack(id);
    EXPECT_EQ(desk.in_flight(), 0U);
    EXPECT_EQ(log.states, (std::vector<std::string>{"created>created", "created>submitted", "submitted>open"}));
}

// ---- splitting

// 1800 / 65 = 27 lots = 1755 units: 30 lots leave as 27 and 3.
TEST_F(DeskTest, an_order_above_the_freeze_quantity_is_split_in_whole_lots) {
    const auto ids = desk.submit(entry(30), now);
    ASSERT_TRUE(ids);
    ASSERT_EQ(ids->size(), 2U);
    EXPECT_EQ(broker.sent[0].quantity, Quantity(1755));
    EXPECT_EQ(broker.sent[1].quantity, Quantity(195));
}

// 500000 / (65 x 400) = 19.2: an exit of 25 lots at 400 leaves as 19 and 6.
TEST_F(DeskTest, an_exit_that_has_outgrown_the_limits_for_one_order_is_split_by_them) {
    market.tick(now, quote_tick(kCall, 400, 399, 401));
    const auto ids = desk.submit(exit(25), now);
    ASSERT_TRUE(ids);
    ASSERT_EQ(broker.sent.size(), 2U);
    EXPECT_EQ(broker.sent[0].quantity, Quantity(19 * 65));
    EXPECT_EQ(broker.sent[1].quantity, Quantity(6 * 65));
}

// ---- review

TEST_F(DeskTest, an_entry_above_the_review_size_waits_two_seconds) {
    const OrderId id = submit(entry(51));
    EXPECT_TRUE(broker.sent.empty());
    EXPECT_EQ(state(id), OrderState::in_review);
    EXPECT_EQ(desk.next_due(), now + seconds(2));
    pass(milliseconds(1'999));
    EXPECT_TRUE(broker.sent.empty());
    pass(milliseconds(1));
    EXPECT_EQ(broker.count("submit"), 2);
}

TEST_F(DeskTest, an_entry_in_review_can_be_stopped_and_never_leaves) {
    const OrderId id = submit(entry(51));
    EXPECT_TRUE(desk.cancel(id, now, "operator"));
    EXPECT_EQ(state(id), OrderState::cancelled);
    desk.cancel_entries(now, "breaker");
    EXPECT_TRUE(desk.idle());
    pass(minutes(5));
    EXPECT_TRUE(broker.sent.empty());
}

TEST_F(DeskTest, an_entry_that_could_not_leave_in_time_is_dropped) {
    settings.max_in_flight = 1;
    submit(entry());  // never answered: nothing else leaves
    OrderRequest request = entry(1, kPut);
    request.leave_before = now + seconds(3);
    const OrderId id = submit(request);
    pass(milliseconds(2'999));
    EXPECT_EQ(state(id), OrderState::created);
    pass(milliseconds(1));
    EXPECT_EQ(state(id), OrderState::cancelled);
    EXPECT_EQ(broker.count("submit"), 1);
}

TEST_F(DeskTest, an_exit_never_waits_in_review) {
    submit(exit(51));
    EXPECT_GT(broker.count("submit"), 0);
}

// ---- fills

TEST_F(DeskTest, a_fill_before_the_acknowledgement_counts_and_the_acknowledgement_changes_nothing) {
    const OrderId id = submit(entry(2));
    fill(id, 65, 101);
    EXPECT_EQ(state(id), OrderState::partially_filled);
    ack(id);
    EXPECT_EQ(state(id), OrderState::partially_filled);
    fill(id, 65, 101.5);
    EXPECT_EQ(state(id), OrderState::filled);
    EXPECT_EQ(desk.find(id)->filled_value, Money::from_double(65 * 101 + 65 * 101.5));
    EXPECT_EQ(log.last_turnover_before, Money::from_double(65 * 101));
    EXPECT_TRUE(log.contradictions.empty());
}

TEST_F(DeskTest, a_repeated_trade_number_is_booked_once) {
    const OrderId id = submit(entry(2));
    ack(id);
    update(id, OrderUpdateKind::filled, 65, 101, 9);
    update(id, OrderUpdateKind::filled, 65, 101, 9);
    EXPECT_EQ(log.fills.size(), 1U);
    EXPECT_EQ(desk.find(id)->filled, Quantity(65));
    EXPECT_TRUE(log.contradictions.empty());
}

TEST_F(DeskTest, a_fill_after_the_cancel_still_counts) {
    const OrderId id = submit(entry(2));
    ack(id);
    desk.cancel(id, now, "operator");
    update(id, OrderUpdateKind::cancelled, 65);
    EXPECT_EQ(state(id), OrderState::cancelled);
    fill(id, 65, 101);
    EXPECT_EQ(log.fills.size(), 1U);
    EXPECT_EQ(state(id), OrderState::cancelled);
    EXPECT_TRUE(log.contradictions.empty());
}

TEST_F(DeskTest, more_filled_than_ordered_is_booked_and_reported_and_blocks_the_instrument) {
    const OrderId id = submit(entry(1));
    ack(id);
    fill(id, 130, 101);
    EXPECT_EQ(log.fills.size(), 1U);
    EXPECT_EQ(state(id), OrderState::filled);
    EXPECT_EQ(log.contradictions.size(), 1U);
    EXPECT_TRUE(desk.blocked(kCall));
    EXPECT_FALSE(desk.blocked(kPut));
    EXPECT_TRUE(desk.resolve(id, now));
    EXPECT_FALSE(desk.blocked(kCall));
}

TEST_F(DeskTest, contradictory_words_are_reported_and_change_no_state) {
    const OrderId id = submit(entry(1));
    ack(id);
    fill(id, 65, 101);
    update(id, OrderUpdateKind::cancelled, 65);
    EXPECT_EQ(state(id), OrderState::filled);
    EXPECT_EQ(log.contradictions.size(), 1U);
    update(OrderId(99), OrderUpdateKind::acknowledged);
    EXPECT_EQ(log.contradictions.size(), 2U);
    const OrderId held = submit(entry(51, kPut));
    update(held, OrderUpdateKind::filled, 65, 50, 77);
    EXPECT_EQ(log.contradictions.size(), 3U);
    EXPECT_EQ(log.fills.size(), 1U);
}

TEST_F(DeskTest, a_fill_without_number_price_or_quantity_is_not_booked) {
    const OrderId id = submit(entry(1));
    update(id, OrderUpdateKind::filled, 65, 101, 0);
    update(id, OrderUpdateKind::filled, 0, 101, 5);
    update(id, OrderUpdateKind::filled, 65, 0, 6);
    EXPECT_TRUE(log.fills.empty());
    EXPECT_EQ(log.contradictions.size(), 3U);
}

// ---- re-pricing and giving up

TEST_F(DeskTest, an_unfilled_aggressive_entry_is_priced_anew_with_a_wider_band) {
    const OrderId id = submit(entry());
    ack(id);
    market.tick(now, quote_tick(kCall, 102, 101, 103));
    pass(seconds(5));
    ASSERT_EQ(broker.count("replace"), 1);
    EXPECT_EQ(broker.sent.back().limit, rupees(104.05));  // 103 + 1 % = 104.03 -> 104.05
    EXPECT_EQ(state(id), OrderState::pending_replace);
    update(id, OrderUpdateKind::replaced, 0, 104.05);
    EXPECT_EQ(state(id), OrderState::open);
    EXPECT_EQ(desk.find(id)->limit, rupees(104.05));
    EXPECT_EQ(desk.find(id)->reprices, 1);
}

// Last 102, 5 % of it 5.1: never above 107.10 -> 107.10, whatever the ask.
TEST_F(DeskTest, an_entry_is_never_chased_beyond_the_limit_distance_from_the_last_price) {
    const OrderId id = submit(entry());
    ack(id);
    market.tick(now, quote_tick(kCall, 102, 101, 120));
    pass(seconds(5));
    EXPECT_EQ(broker.sent.back().limit, rupees(107.10));
}

TEST_F(DeskTest, an_entry_gives_up_after_its_re_pricings_or_a_minute) {
    const OrderId id = submit(entry());
    ack(id);
    for (int i = 1; i <= 5; ++i) {
        const double ask = 101 + i;
        market.tick(now, quote_tick(kCall, ask - 1, ask - 2, ask));
        pass(seconds(5));
        ASSERT_EQ(broker.count("replace"), i);
        update(id, OrderUpdateKind::replaced, 0, broker.sent.back().limit.to_double());
    }
    pass(seconds(5));
    EXPECT_EQ(broker.count("cancel"), 1);
    EXPECT_EQ(state(id), OrderState::pending_cancel);
}

TEST_F(DeskTest, a_passive_entry_is_cancelled_after_a_minute) {
    OrderRequest request = entry();
    request.limit = rupees(98);
    const OrderId id = submit(request);
    ack(id);
    pass(milliseconds(59'999));
    EXPECT_EQ(broker.count("cancel"), 0);
    EXPECT_EQ(broker.count("replace"), 0);
    pass(milliseconds(1));
    EXPECT_EQ(broker.count("cancel"), 1);
}

// One message a second: the change that is due at 5 s leaves at 5.5 s. By then the ask has fallen from 103 to 95, and a
// limit made from 103 would be far above the market.
TEST_F(DeskTest, a_change_that_waited_is_priced_by_the_quote_at_which_it_leaves) {
    settings.messages_per_second = 1;
    const OrderId id = submit(entry());
    ack(id);
    pass(milliseconds(4'500));
    submit(entry(1, kPut));
    market.tick(now, quote_tick(kCall, 102, 101, 103));
    pass(milliseconds(500));
    ASSERT_EQ(broker.count("replace"), 0);
    market.tick(now, quote_tick(kCall, 94, 93, 95));
    pass(milliseconds(500));
    EXPECT_EQ(broker.count("replace"), 0);
    EXPECT_EQ(state(id), OrderState::open);
    market.tick(now, quote_tick(kCall, 101, 100, 102));
    pass(seconds(5));
    ASSERT_EQ(broker.count("replace"), 1);
    EXPECT_EQ(broker.sent.back().limit, rupees(103.05));  // 102 + 1 % = 103.02 -> 103.05
}

TEST_F(DeskTest, an_exit_whose_cancel_was_given_up_is_re_priced_again_once_it_works) {
    const OrderId id = submit(exit());
    ack(id);
    desk.cancel(id, now, "asked for by the script");
    pass(seconds(30));  // three cancels without an answer
    ASSERT_EQ(broker.count("cancel"), 3);
    ASSERT_EQ(state(id), OrderState::unknown);
    ack(id);  // the order book says that it is there
    ASSERT_EQ(state(id), OrderState::open);
    market.tick(now, quote_tick(kCall, 91, 90, 92));
    pass(seconds(5));
    EXPECT_EQ(broker.count("replace"), 1);
}

TEST_F(DeskTest, an_exit_goes_on_being_re_priced_and_is_never_given_up) {
    const OrderId id = submit(exit());
    ack(id);
    for (int i = 1; i <= 40; ++i) {
        const double bid = 99 - i;
        market.tick(now, quote_tick(kCall, bid + 1, bid, bid + 2));
        pass(seconds(5));
        ASSERT_EQ(broker.count("replace"), i);
        update(id, OrderUpdateKind::replaced, 0, broker.sent.back().limit.to_double());
    }
    EXPECT_EQ(broker.count("cancel"), 0);
    // The widest band is 0.5 + 5 x 0.5 = 3 %: 59 - 1.77 = 57.23 -> 57.20.
    EXPECT_EQ(broker.sent.back().limit, rupees(57.20));
}

TEST_F(DeskTest, an_exit_without_any_quote_is_priced_from_the_positions_mark) {
    OrderRequest request = exit();
    request.instrument = kFuture;
    request.fallback_price = rupees(24'510);
    submit(request);
    ASSERT_EQ(broker.sent.size(), 1U);
    EXPECT_EQ(broker.sent[0].limit, rupees(24'387.45));
}

// ---- cancelling

TEST_F(DeskTest, entries_are_cancelled_when_the_vix_jumps_or_the_underlying_moves) {
    const OrderId first = submit(entry());
    ack(first);
    market.tick(now, last_tick(kVix, 18.9999));
    desk.on_price(kVix, now);
    EXPECT_EQ(broker.count("cancel"), 0);
    market.tick(now, last_tick(kVix, 19));
    desk.on_price(kVix, now);
    EXPECT_EQ(broker.count("cancel"), 1);

    const OrderId second = submit(entry(1, kPut));
    ack(second);
    market.tick(now, last_tick(kNifty, 24'744.95));
    desk.on_price(kNifty, now);
    EXPECT_EQ(broker.count("cancel"), 1);
    market.tick(now, last_tick(kNifty, 24'745));
    desk.on_price(kNifty, now);
    EXPECT_EQ(broker.count("cancel"), 2);
}

TEST_F(DeskTest, exits_stay_when_the_vix_jumps) {
    ack(submit(exit()));
    market.tick(now, last_tick(kVix, 30));
    desk.on_price(kVix, now);
    EXPECT_EQ(broker.count("cancel"), 0);
}

TEST_F(DeskTest, an_exit_cancels_the_rest_of_its_entry_and_opposite_entries_first) {
    const OrderId id = submit(entry(2));
    ack(id);
    fill(id, 65, 101);
    submit(exit());
    ASSERT_EQ(broker.sent.size(), 3U);
    EXPECT_EQ(broker.sent[1].what, "cancel");
    EXPECT_EQ(broker.sent[1].order, id);
    EXPECT_EQ(broker.sent[2].what, "submit");
}

// 1, 2 and 4 s after the attempts; then the outcome is unknown and the instrument blocked.
TEST_F(DeskTest, a_cancel_without_answer_is_repeated_and_ends_unknown) {
    const OrderId id = submit(entry());
    ack(id);
    desk.cancel(id, now, "operator");
    EXPECT_EQ(broker.count("cancel"), 1);
    pass(seconds(1));
    EXPECT_EQ(broker.count("cancel"), 2);
    pass(seconds(2));
    EXPECT_EQ(broker.count("cancel"), 3);
    pass(milliseconds(3'999));
    EXPECT_EQ(state(id), OrderState::pending_cancel);
    pass(milliseconds(1));
    EXPECT_EQ(state(id), OrderState::unknown);
    EXPECT_TRUE(desk.blocked(kCall));
    update(id, OrderUpdateKind::cancelled, 65);
    EXPECT_EQ(state(id), OrderState::cancelled);
    EXPECT_FALSE(desk.blocked(kCall));
}

TEST_F(DeskTest, a_refused_cancel_is_tried_again) {
    const OrderId id = submit(entry());
    ack(id);
    desk.cancel(id, now, "operator");
    update(id, OrderUpdateKind::cancel_rejected);
    EXPECT_EQ(state(id), OrderState::open);
    pass(seconds(1));
    EXPECT_EQ(broker.count("cancel"), 2);
    EXPECT_EQ(state(id), OrderState::pending_cancel);
}

TEST_F(DeskTest, an_order_without_answer_is_unknown_and_is_not_sent_again) {
    const OrderId id = submit(entry());
    pass(seconds(5));
    EXPECT_EQ(state(id), OrderState::unknown);
    EXPECT_TRUE(desk.blocked(kCall));
    pass(seconds(30));
    EXPECT_EQ(broker.count("submit"), 1);
    ack(id);
    EXPECT_EQ(state(id), OrderState::open);
    EXPECT_FALSE(desk.blocked(kCall));
}

// ---- throttle and queue

TEST_F(DeskTest, at_most_eight_messages_leave_in_a_second_and_exits_go_first) {
    for (int i = 0; i < 9; ++i) submit(entry());
    for (uint64_t i = 1; i <= 8; ++i) ack(OrderId(i));
    EXPECT_EQ(broker.count("submit"), 8);
    EXPECT_EQ(desk.queued(), 1U);
    OrderRequest other = exit();
    other.position = PositionId(2);
    other.instrument = kPut;
    const OrderId out = submit(other);
    EXPECT_EQ(broker.sent.size(), 8U);
    EXPECT_EQ(desk.next_due(), now + seconds(1));
    pass(seconds(1));
    ASSERT_EQ(broker.sent.size(), 10U);
    EXPECT_EQ(broker.sent[8].order, out);
}

TEST_F(DeskTest, entries_wait_while_ten_messages_have_no_answer_but_exits_do_not) {
    for (int i = 0; i < 8; ++i) submit(entry());
    pass(seconds(1));
    for (int i = 0; i < 4; ++i) submit(entry());
    EXPECT_EQ(broker.count("submit"), 10);
    EXPECT_EQ(desk.queued(), 2U);
    OrderRequest other = exit();
    other.position = PositionId(2);
    other.instrument = kPut;
    submit(other);
    EXPECT_EQ(broker.count("submit"), 11);
    ack(OrderId(1));
    ack(OrderId(2));
    pass(seconds(1));
    EXPECT_EQ(broker.count("submit"), 12);
}

TEST_F(DeskTest, the_queue_has_an_end_for_entries_only) {
    for (int i = 0; i < 108; ++i) submit(entry());
    EXPECT_EQ(desk.queued(), 100U);
    EXPECT_FALSE(desk.submit(entry(), now));
    EXPECT_TRUE(desk.submit(exit(), now));
}

TEST_F(DeskTest, the_kill_switch_hands_every_cancel_over_at_once) {
    OrderRequest request = entry();
    request.limit = rupees(98);
    for (uint64_t i = 1; i <= 100; ++i) {
        submit(request);
        ack(OrderId(i));
        pass(milliseconds(125));
    }
    ASSERT_EQ(desk.live().size(), 100U);
    desk.cancel_all(now, "kill_switch", true);
    EXPECT_EQ(broker.count("cancel"), 100);
}

TEST_F(DeskTest, an_ordinary_cancel_of_everything_keeps_to_the_throttle) {
    OrderRequest request = entry();
    request.limit = rupees(98);
    for (uint64_t i = 1; i <= 20; ++i) {
        submit(request);
        ack(OrderId(i));
        pass(milliseconds(125));
    }
    pass(seconds(1));
    desk.cancel_all(now, "operator", false);
    EXPECT_EQ(broker.count("cancel"), 8);
}

// What the kill switch has sent counts like any message: what else would leave waits for it.
TEST_F(DeskTest, after_the_kill_switch_s_cancels_an_exit_waits_a_second) {
    OrderRequest request = entry();
    request.limit = rupees(98);
    for (uint64_t i = 1; i <= 12; ++i) {
        submit(request);
        ack(OrderId(i));
        pass(milliseconds(150));
    }
    pass(seconds(1));
    desk.cancel_all(now, "kill_switch", true);
    ASSERT_EQ(broker.count("cancel"), 12);
    OrderRequest other = exit();
    other.position = PositionId(2);
    other.instrument = kPut;
    submit(other);
    EXPECT_EQ(broker.sent.back().what, "cancel");
    for (uint64_t i = 1; i <= 12; ++i) update(OrderId(i), OrderUpdateKind::cancelled, 65);
    pass(milliseconds(999));
    EXPECT_EQ(broker.count("submit"), 12);
    pass(milliseconds(1));
    EXPECT_EQ(broker.count("submit"), 13);
}

// The line is down, and two prices come in the moment in which the exit is made.
TEST_F(DeskTest, an_exit_that_waited_within_one_moment_leaves_at_the_newest_price) {
    market.tick(now, quote_tick(kCall, 100, 99, 101));
    desk.line_down();
    submit(exit());
    EXPECT_TRUE(broker.sent.empty());
    market.tick(now, quote_tick(kCall, 110, 109, 111));
    desk.line_up(now);
    ASSERT_EQ(broker.sent.size(), 1U);
    EXPECT_EQ(broker.sent[0].limit, rupees(108.45));  // 0.5 % below 109, to the tick
}

// The broker answers none of the cancels. An operator resumes before they are sent again.
TEST_F(DeskTest, cancels_sent_again_after_the_kill_switch_is_over_keep_to_the_throttle) {
    OrderRequest request = entry();
    request.limit = rupees(98);
    for (uint64_t i = 1; i <= 12; ++i) {
        submit(request);
        ack(OrderId(i));
        pass(milliseconds(150));
    }
    pass(seconds(1));
    desk.cancel_all(now, "kill_switch", true);
    ASSERT_EQ(broker.count("cancel"), 12);
    desk.end_emergency();
    pass(seconds(1));
    EXPECT_EQ(broker.count("cancel"), 12 + 8);
    pass(seconds(1));
    EXPECT_EQ(broker.count("cancel"), 12 + 12);
}

TEST_F(DeskTest, cancels_of_orders_that_are_not_ours_keep_to_the_throttle) {
    Order foreign;
    foreign.instrument = kCall;
    int left = 0;
    for (uint64_t i = 1; i <= 12; ++i) {
        foreign.id = OrderId(5'000 + i);
        left += desk.cancel_foreign(foreign, now) ? 1 : 0;
    }
    EXPECT_EQ(left, 8);
    EXPECT_EQ(broker.count("cancel"), 8);
    now += seconds(1);
    EXPECT_TRUE(desk.cancel_foreign(foreign, now));
}

TEST_F(DeskTest, exiting_counts_what_live_exit_orders_still_close) {
    const OrderId id = submit(exit(3));
    EXPECT_EQ(desk.exiting(PositionId(1)), Quantity(195));
    EXPECT_EQ(desk.exit_priority(PositionId(1)), 2);
    fill(id, 65, 99);
    EXPECT_EQ(desk.exiting(PositionId(1)), Quantity(130));
    update(id, OrderUpdateKind::cancelled, 130);
    EXPECT_EQ(desk.exiting(PositionId(1)), Quantity(0));
    EXPECT_EQ(desk.exit_priority(PositionId(1)), 0);
}

// Half of 5 lots is 2 lots; a third of 1 lot is still 1; what an exit already covers is not asked for twice.
TEST_F(DeskTest, a_fraction_is_rounded_down_to_lots_and_never_covers_twice) {
    Position position;
    position.id = PositionId(1);
    position.instrument = kCall;
    position.quantity = Quantity(325);
    position.last_price = rupees(100);
    const Instrument call = small_market()[2];
    const auto wanted = [&](double fraction) {
        return exit_request(position, call, fraction, {3, "target", "", ""}, IntentId(1), desk).quantity.units();
    };
    EXPECT_EQ(wanted(0.5), 130);
    EXPECT_EQ(wanted(1), 325);
    EXPECT_EQ(wanted(0.6), 195);
    EXPECT_EQ(wanted(0.01), 65);
    submit(exit(4));
    EXPECT_EQ(wanted(1), 65);
    EXPECT_EQ(wanted(0.5), 65);
}

TEST_F(DeskTest, a_new_day_forgets_final_orders_and_keeps_live_ones) {
    const OrderId done = submit(entry());
    ack(done);
    fill(done, 65, 101);
    const OrderId live = submit(exit());
    desk.start_day();
    EXPECT_EQ(desk.find(done), nullptr);
    ASSERT_NE(desk.find(live), nullptr);
    ack(live);
    EXPECT_EQ(state(live), OrderState::open);
    EXPECT_EQ(submit(entry(1, kPut)).value(), live.value() + 1);
}

}  // namespace
}  // namespace tide
