#include "brokers/paper_broker.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "../trading/trading_fixture.hpp"

namespace tide {
namespace {

using namespace tide::testing;

struct Got {
    OrderUpdateKind kind;
    OrderId order;
    Quantity quantity;
    Price price;
    ReceiveTime time;
    uint16_t flags;
    std::string reason;
};

struct PaperTest : ::testing::Test {
    PaperSettings settings;
    PaperBroker broker{settings};
    ReceiveTime now = time_of(11, 0);
    uint64_t next_order = 1;

    void SetUp() override {
        for (const Instrument& instrument : small_market()) feed(InstrumentEvent{instrument});
        TradingDayEvent day;
        day.date = kDay;
        day.session_count = 1;
        day.sessions[0] = {hours(9) + minutes(15), hours(15) + minutes(40)};
        day.calendar = "NSE";
        feed(day);
    }
    void feed(EventPayload payload) { broker.on_event(event_at(now, std::move(payload))); }
    void quote(double last, double bid, double ask, int64_t oi = 20'000, InstrumentId id = kCall) {
        TickEvent tick = quote_tick(id, last, bid, ask);
        tick.oi = oi;
        tick.flags |= kTickHasOi;
        feed(tick);
    }
    Order order(double limit, int64_t quantity = 65, Side side = Side::buy, InstrumentId id = kCall) {
        Order o;
        o.id = OrderId(next_order++);
        o.instrument = id;
        o.side = side;
        o.purpose = side == Side::buy ? OrderPurpose::entry : OrderPurpose::exit;
        o.quantity = Quantity(quantity);
        o.limit = rupees(limit);
        return o;
    }
    Order submit(const Order& o) {
        broker.set_now(now);
        broker.submit(o);
        return o;
    }
    std::vector<Got> until(ReceiveTime end) {
        std::vector<Got> got;
        Event event;
        while (broker.pop_due(end, event)) {
            const auto& u = std::get<OrderUpdateEvent>(event.payload);
            got.push_back({u.kind, u.order, u.quantity, u.price, event.received, u.flags, std::string(u.reason)});
        }
        return got;
    }
    std::vector<Got> after(Duration time) {
        now += time;
        return until(now);
    }
    // The one fill that comes of an order at once, after its acknowledgement.
    Got fill_of(const Order& o) {
        submit(o);
        const auto got = after(seconds(1));
        EXPECT_EQ(got.size(), 2U);
        if (got.size() != 2) return {};
        EXPECT_EQ(got[0].kind, OrderUpdateKind::acknowledged);
        EXPECT_EQ(got[1].kind, OrderUpdateKind::filled);
        return got[1];
    }
    std::string refusal_of(const Order& o) {
        submit(o);
        const auto got = after(milliseconds(200));
        EXPECT_EQ(got.size(), 1U);
        return got.size() == 1 && got[0].kind == OrderUpdateKind::rejected ? got[0].reason : "";
    }
};

// 100.50 + 0.1 % = 100.6005 -> 100.65; 99.50 - 0.1 % = 99.4005 -> 99.40.
TEST_F(PaperTest, a_buy_pays_the_ask_and_slippage_and_a_sell_gets_the_bid_less_slippage) {
    quote(100, 99.5, 100.5);
    EXPECT_EQ(fill_of(order(101)).price, rupees(100.65));
    EXPECT_EQ(fill_of(order(99, 65, Side::sell)).price, rupees(99.40));
}

TEST_F(PaperTest, an_order_arrives_after_the_latency_and_meets_the_quote_standing_then) {
    quote(100, 99.5, 100.5);
    submit(order(101));
    const ReceiveTime sent = now;
    EXPECT_EQ(broker.next_due(), sent + milliseconds(150));
    now += milliseconds(100);
    quote(99, 98.5, 99.5);
    EXPECT_TRUE(until(sent + milliseconds(149)).empty());
    const auto got = until(sent + milliseconds(150));
    ASSERT_EQ(got.size(), 2U);
    EXPECT_EQ(got[1].price, rupees(99.60));  // 99.5995
    EXPECT_EQ(got[1].time, sent + milliseconds(150));
    EXPECT_EQ(got[1].flags, 0);
}

TEST_F(PaperTest, an_order_that_arrived_before_a_quote_does_not_meet_it) {
    quote(100, 99.5, 100.5);
    submit(order(101));
    const ReceiveTime sent = now;
    now += seconds(1);
    quote(90, 89.5, 90.5);
    const auto got = until(now);
    ASSERT_EQ(got.size(), 2U);
    EXPECT_EQ(got[1].price, rupees(100.65));
    EXPECT_EQ(got[1].time, sent + milliseconds(150));
}

TEST_F(PaperTest, a_limit_is_never_violated) {
    quote(100, 99.5, 100.5);
    EXPECT_EQ(fill_of(order(100.60)).price, rupees(100.60));
    EXPECT_EQ(fill_of(order(100.50)).price, rupees(100.50));
    submit(order(100.45));
    EXPECT_EQ(after(seconds(1)).size(), 1U);  // acknowledged, resting
    quote(100, 99.5, 100.45);
    const auto got = until(now);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].price, rupees(100.45));
    EXPECT_EQ(got[0].time, now);
}

// 100 + 0.25 = 100.25; unknown open interest slips 0.5 %: 100.75125 -> 100.80.
TEST_F(PaperTest, without_a_quote_half_the_modelled_spread_stands_for_it_and_the_fill_says_so) {
    feed(last_tick(kCall, 100));
    const Got fill = fill_of(order(102));
    EXPECT_EQ(fill.price, rupees(100.80));
    EXPECT_EQ(fill.flags, kUpdateLastPrice);
}

// Last 2: a quarter percent is less than a tick, so the spread is a tick a side.
TEST_F(PaperTest, the_modelled_half_spread_is_at_least_a_tick) {
    settings.slippage_max_pct = 0;
    settings.slippage_min_pct = 0;
    feed(last_tick(kCall, 2));
    EXPECT_EQ(fill_of(order(2.20)).price, rupees(2.05));
}

// Open interest 5500 lies half way between 1000 and 10000: 0.3 % of 100.5 = 0.3015 -> 100.85.
TEST_F(PaperTest, a_thinner_contract_slips_more_and_fills_two_to_five_seconds_late) {
    quote(100, 99.5, 100.5, 5'500);
    submit(order(102));
    const ReceiveTime arrived = now + milliseconds(150);
    EXPECT_EQ(until(arrived).size(), 1U);
    const auto got = until(arrived + seconds(5));
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].price, rupees(100.85));
    EXPECT_GE(got[0].time - arrived, seconds(2));
    EXPECT_LE(got[0].time - arrived, seconds(5));
}

TEST_F(PaperTest, fills_come_at_once_above_ten_thousand_and_late_at_it) {
    quote(100, 99.5, 100.5, 10'001);
    submit(order(102));
    EXPECT_EQ(after(milliseconds(150)).size(), 2U);
    quote(100, 99.5, 100.5, 10'000);
    submit(order(102));
    EXPECT_EQ(after(milliseconds(150)).size(), 1U);
}

TEST(PaperDelay, an_orders_delay_depends_on_seed_and_order_alone) {
    const auto delay = [](int64_t seed, bool other_first) {
        PaperSettings settings;
        settings.seed = seed;
        PaperBroker broker(settings);
        const ReceiveTime start = time_of(11, 0);
        for (const Instrument& instrument : small_market())
            broker.on_event(event_at(start, InstrumentEvent{instrument}));
        TickEvent tick = quote_tick(kCall, 100, 99.5, 100.5);
        tick.oi = 5'000;
        tick.flags |= kTickHasOi;
        broker.on_event(event_at(start, tick));
        broker.set_now(start);
        Order o;
        o.instrument = kCall;
        o.quantity = Quantity(65);
        o.limit = rupees(102);
        if (other_first) {
            o.id = OrderId(3);
            broker.submit(o);
        }
        o.id = OrderId(7);
        broker.submit(o);
        Event event;
        while (broker.pop_due(start + seconds(10), event)) {
            const auto& update = std::get<OrderUpdateEvent>(event.payload);
            if (update.order == OrderId(7) && update.kind == OrderUpdateKind::filled) return event.received - start;
        }
        return Duration(0);
    };
    EXPECT_GT(delay(1, false), seconds(2));
    EXPECT_EQ(delay(1, false), delay(1, true));
    EXPECT_NE(delay(1, false), delay(2, false));
}

// 10 % of 10010 is 1001: fifteen lots of 65; the other five wait for the next quote.
TEST_F(PaperTest, more_than_a_tenth_of_open_interest_fills_in_parts) {
    quote(100, 99.5, 100.5, 10'010);
    submit(order(102, 1'300));
    const auto got = after(seconds(1));
    ASSERT_EQ(got.size(), 2U);
    EXPECT_EQ(got[1].quantity, Quantity(975));
    quote(100, 99.5, 100.5, 10'010);
    const auto rest = until(now);
    ASSERT_EQ(rest.size(), 1U);
    EXPECT_EQ(rest[0].quantity, Quantity(325));
    EXPECT_EQ(broker.resting(), 0U);
}

TEST_F(PaperTest, one_quote_gives_its_tenth_once_however_often_orders_are_changed) {
    quote(100, 99.5, 100.5, 10'010);
    Order first = order(102, 1'300);
    submit(first);
    EXPECT_EQ(after(seconds(1))[1].quantity, Quantity(975));
    broker.set_now(now);
    broker.replace(first, rupees(103));
    submit(order(102, 65));
    for (const auto& update : after(seconds(1))) EXPECT_NE(update.kind, OrderUpdateKind::filled);
    quote(100, 99.5, 100.5, 10'010);
    const auto rest = until(now);
    ASSERT_EQ(rest.size(), 2U);
    EXPECT_EQ(rest[0].quantity + rest[1].quantity, Quantity(390));
}

// 200 lots: 0.1 % + 0.1 % x (200 - 100) / 100 = 0.2 % of 100.5 = 0.201 -> 100.75.
TEST_F(PaperTest, an_order_above_a_hundred_lots_moves_the_market) {
    Instrument large = small_market()[2];
    large.freeze = Quantity(0);
    feed(InstrumentEvent{large});
    quote(100, 99.5, 100.5, 10'000'000);
    EXPECT_EQ(fill_of(order(102, 13'000)).price, rupees(100.75));
}

TEST_F(PaperTest, malformed_orders_are_refused_with_the_reason) {
    quote(100, 99.5, 100.5);
    EXPECT_NE(refusal_of(order(100.03)).find("tick"), std::string::npos);
    EXPECT_NE(refusal_of(order(100, 64)).find("lot"), std::string::npos);
    EXPECT_NE(refusal_of(order(100, 1'820)).find("freeze"), std::string::npos);
    EXPECT_NE(refusal_of(order(120.05)).find("band"), std::string::npos);
    EXPECT_NE(refusal_of(order(79.95)).find("band"), std::string::npos);
    EXPECT_EQ(refusal_of(order(100, 65, Side::buy, InstrumentId(50))), "unknown instrument");
    EXPECT_NE(refusal_of(order(100, 65, Side::buy, kNifty)).find("tradable"), std::string::npos);
    EXPECT_NE(refusal_of(order(0)).find("positive"), std::string::npos);
    submit(order(120));
    EXPECT_EQ(after(seconds(1))[0].kind, OrderUpdateKind::acknowledged);
}

TEST_F(PaperTest, a_contract_nobody_holds_refuses_entries_and_lets_exits_out) {
    quote(100, 99.5, 100.5, 499);
    EXPECT_NE(refusal_of(order(101)).find("open interest"), std::string::npos);
    submit(order(99, 65, Side::sell));
    EXPECT_EQ(after(seconds(6)).size(), 2U);
    quote(100, 99.5, 100.5, 500);
    submit(order(101));
    EXPECT_EQ(after(seconds(6)).size(), 2U);
}

TEST_F(PaperTest, nothing_is_taken_or_filled_outside_the_session) {
    now = time_of(15, 39, 59, 900);
    quote(100, 99.5, 100.5);
    EXPECT_EQ(refusal_of(order(101)), "market is closed");  // arrives at 15:40:00.050
    now = time_of(15, 39, 59);
    submit(order(100));
    until(time_of(15, 39, 59, 200));
    now = time_of(15, 40);
    quote(99, 98.5, 99.5);
    EXPECT_TRUE(until(now).empty());
    feed(DayEndEvent{kDay});
    const auto got = until(now);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].kind, OrderUpdateKind::expired);
    EXPECT_EQ(got[0].quantity, Quantity(65));
}

TEST_F(PaperTest, a_quote_older_than_a_minute_fills_nothing_until_a_newer_one_comes) {
    quote(100, 99.5, 100.5);
    now += seconds(60);
    submit(order(101));
    EXPECT_EQ(after(seconds(30)).size(), 1U);
    quote(100, 99.5, 100.5);
    EXPECT_EQ(until(now).size(), 1U);
}

TEST_F(PaperTest, a_silent_contract_with_a_real_quote_is_not_filled_by_its_underlying) {
    broker.use_option_model({});
    feed(last_tick(kVix, 14));
    quote(100, 99.5, 100.5);
    submit(order(95));
    after(seconds(1));
    feed(last_tick(kNifty, 20'000));
    EXPECT_TRUE(until(now).empty());
}

TEST_F(PaperTest, an_option_priced_by_model_follows_its_underlying_and_says_so) {
    broker.use_option_model({});
    feed(last_tick(kVix, 14));
    feed(last_tick(kNifty, 24'500));
    const Price last = *broker.prices().last(kCall, now);
    Order resting = order(1);
    resting.limit = round_down_to_tick(scale(last, 95, 100), rupees(0.05));
    submit(resting);
    EXPECT_EQ(after(seconds(1)).size(), 1U);
    feed(last_tick(kNifty, 24'300));
    const auto got = until(now);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].flags, kUpdateModelPrice);
    EXPECT_LE(got[0].price, resting.limit);
}

TEST_F(PaperTest, without_the_model_an_unquoted_option_is_never_filled) {
    feed(last_tick(kVix, 14));
    feed(last_tick(kNifty, 24'500));
    submit(order(500));
    EXPECT_EQ(after(seconds(1)).size(), 1U);
    feed(last_tick(kNifty, 24'600));
    EXPECT_TRUE(until(now).empty());
}

TEST_F(PaperTest, a_bars_close_is_a_price_to_fill_against_and_history_is_not) {
    submit(order(102));
    after(seconds(1));
    BarEvent bar;
    bar.bar.instrument = kCall;
    bar.bar.open = bar.bar.high = bar.bar.low = bar.bar.close = rupees(100);
    bar.bar.flags = kBarHistory;
    feed(bar);
    EXPECT_TRUE(until(now).empty());
    bar.bar.flags = 0;
    feed(bar);
    EXPECT_EQ(until(now).size(), 1U);
}

// An option's floor is 30 %: an offer at 60 after 25 at 100 is wild until a second one says the same.
struct PaperHeldTick : PaperTest {
    DataQualitySettings data;
    void SetUp() override {
        broker.use_price_filter(data);
        PaperTest::SetUp();
        for (int i = 0; i < 25; ++i) {
            now += seconds(1);
            quote(i % 2 == 0 ? 100 : 100.5, 99.5, 101);
        }
        submit(order(90));
        const auto got = after(seconds(1));
        ASSERT_EQ(got.size(), 1U);
        EXPECT_EQ(got[0].kind, OrderUpdateKind::acknowledged);
        now += seconds(1);
        quote(60, 59.5, 60.5);
    }
};

TEST_F(PaperHeldTick, a_wild_quote_fills_nothing_and_is_gone_with_the_next) {
    EXPECT_TRUE(after(seconds(1)).empty());
    quote(100, 99.5, 101);
    EXPECT_TRUE(after(seconds(10)).empty());
}

TEST_F(PaperHeldTick, a_confirmed_quote_fills) {
    EXPECT_TRUE(after(seconds(1)).empty());
    quote(60, 59.5, 60.5);
    const auto got = after(seconds(1));
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].kind, OrderUpdateKind::filled);
    EXPECT_LE(got[0].price, rupees(90));
}

TEST_F(PaperTest, cancel_and_replace_answer_by_what_is_there_when_they_arrive) {
    quote(100, 99.5, 100.5);
    const Order o = submit(order(100));
    after(seconds(1));
    broker.set_now(now);
    broker.replace(o, rupees(100.03));
    EXPECT_EQ(after(seconds(1))[0].kind, OrderUpdateKind::replace_rejected);
    broker.set_now(now);
    broker.replace(o, rupees(100.20));
    const auto replaced = after(seconds(1));
    ASSERT_EQ(replaced.size(), 1U);
    EXPECT_EQ(replaced[0].kind, OrderUpdateKind::replaced);
    EXPECT_EQ(replaced[0].price, rupees(100.20));
    broker.set_now(now);
    broker.replace(o, rupees(101));
    EXPECT_EQ(after(seconds(1))[1].kind, OrderUpdateKind::filled);
    broker.set_now(now);
    broker.cancel(o);
    EXPECT_EQ(after(seconds(1))[0].kind, OrderUpdateKind::cancel_rejected);
    const Order second = submit(order(99));
    broker.cancel(second);
    const auto got = after(seconds(1));
    ASSERT_EQ(got.size(), 2U);
    EXPECT_EQ(got[1].kind, OrderUpdateKind::cancelled);
    EXPECT_EQ(got[1].quantity, Quantity(65));
}

TEST_F(PaperTest, the_next_day_begins_without_yesterdays_orders) {
    quote(100, 99.5, 100.5);
    submit(order(95));
    after(seconds(1));
    now += hours(22);
    TradingDayEvent day;
    day.date = kDay + std::chrono::days(1);
    day.session_count = 1;
    day.sessions[0] = {hours(9) + minutes(15), hours(15) + minutes(40)};
    day.calendar = "NSE";
    feed(day);
    const auto got = until(now);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].kind, OrderUpdateKind::expired);
}

TEST(PaperProperty, limits_quantities_times_and_repeatability_hold_over_random_trading) {
    const auto run = [](unsigned seed) {
        PaperSettings settings;
        PaperBroker broker(settings);
        std::mt19937 random(seed);
        ReceiveTime now = time_of(10, 0);
        for (const Instrument& instrument : small_market()) broker.on_event(event_at(now, InstrumentEvent{instrument}));
        std::map<uint64_t, Order> orders;
        std::map<uint64_t, int64_t> filled;
        std::string text;
        ReceiveTime last_time{};
        std::map<uint64_t, bool> over;
        for (uint64_t step = 1; step <= 2'000; ++step) {
            const ReceiveTime next = now + milliseconds(static_cast<int64_t>(random() % 900));
            Event event;
            while (broker.pop_due(next, event)) {
                const auto& u = std::get<OrderUpdateEvent>(event.payload);
                EXPECT_GE(event.received, last_time);
                last_time = event.received;
                EXPECT_FALSE(over[u.order.value()] && u.kind == OrderUpdateKind::filled);
                if (u.kind == OrderUpdateKind::replaced) orders[u.order.value()].limit = u.price;
                if (u.kind == OrderUpdateKind::cancelled || u.kind == OrderUpdateKind::rejected)
                    over[u.order.value()] = true;
                if (u.kind == OrderUpdateKind::filled) {
                    const Order& o = orders[u.order.value()];
                    filled[u.order.value()] += u.quantity.units();
                    EXPECT_LE(filled[u.order.value()], o.quantity.units());
                    EXPECT_TRUE(o.side == Side::buy ? u.price <= o.limit : u.price >= o.limit);
                    EXPECT_EQ(u.quantity.units() % 65, 0);
                    EXPECT_TRUE(on_tick(u.price, Price::from_units(500)));
                }
                text += std::to_string(u.order.value()) + ":" + std::to_string(static_cast<int>(u.kind)) + "@" +
                        to_string(u.price) + "x" + std::to_string(u.quantity.units()) + ";";
            }
            now = next;
            const double mid = 90 + 0.05 * static_cast<double>(random() % 400);
            TickEvent tick = quote_tick(kCall, mid, mid - 0.5, mid + 0.5);
            tick.oi = 1 + static_cast<int64_t>(random() % 30'000);
            if (random() % 3 != 0) tick.flags |= kTickHasOi;
            broker.on_event(event_at(now, tick));
            broker.set_now(now);
            if (random() % 3 == 0) {
                Order o;
                o.id = OrderId(step);
                o.instrument = kCall;
                o.side = random() % 2 == 0 ? Side::buy : Side::sell;
                o.quantity = Quantity(65 * static_cast<int64_t>(1 + random() % 27));
                o.limit = Price::from_units(500 * static_cast<int64_t>(1'800 + random() % 500));
                orders[step] = o;
                broker.submit(o);
            } else if (!orders.empty() && random() % 2 == 0) {
                auto it = orders.begin();
                std::advance(it, static_cast<long>(random() % orders.size()));
                if (random() % 2 == 0) {
                    broker.cancel(it->second);
                } else {
                    broker.replace(it->second, Price::from_units(500 * static_cast<int64_t>(1'800 + random() % 500)));
                }
            }
        }
        return text;
    };
    for (unsigned seed = 1; seed <= 10; ++seed) {
        const std::string first = run(seed);
        EXPECT_FALSE(first.empty());
        EXPECT_EQ(first, run(seed));
    }
}

TEST(PaperSettings, are_settings_with_ranges_that_hold_their_defaults) {
    SettingsRegistry registry;
    PaperSettings settings;
    settings.register_in(registry);
    EXPECT_TRUE(registry.read_lines(registry.to_lines(), "defaults"));
    EXPECT_EQ(registry.value_of("paper.latency_ms"), "150");
}

TEST_F(PaperTest, its_books_tell_the_trades_of_an_order_and_how_it_stands) {
    quote(100, 99.5, 100.5);
    const Order filled = submit(order(101));
    const Order resting = submit(order(99));
    after(seconds(1));
    Order never_came = order(99);
    for (const Order& asked : {filled, resting, never_came}) broker.ask(asked);
    auto got = after(seconds(1));
    ASSERT_EQ(got.size(), 3U);
    EXPECT_EQ(got[0].kind, OrderUpdateKind::filled);
    EXPECT_EQ(got[0].quantity, filled.quantity);
    EXPECT_EQ(got[1].kind, OrderUpdateKind::acknowledged);
    EXPECT_EQ(got[1].quantity, Quantity(0));
    EXPECT_EQ(got[2].kind, OrderUpdateKind::absent);
    for (const Got& word : got) EXPECT_NE(word.flags & kUpdateFromBook, 0);
    broker.set_now(now);
    broker.cancel(resting);
    after(seconds(1));
    broker.set_now(now);
    broker.ask(resting);
    got = after(seconds(1));
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].kind, OrderUpdateKind::cancelled);
}

}  // namespace
}  // namespace tide
