#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "../trading/trading_fixture.hpp"
#include "brokers/emergency_close.hpp"
#include "brokers/exchange_desk.hpp"
#include "brokers/exchange_server.hpp"
#include "brokers/remote_exchange.hpp"

namespace tide {
namespace {

using namespace tide::testing;

// A paper exchange on a thread of its own, as a process would serve it.
class ExchangeProcess : public ::testing::Test {
  protected:
    void SetUp() override {
        socket_ = std::filesystem::temp_directory_path() / ("tide-exchange-" + std::to_string(::getpid()) + ".sock");
        thread_ = std::thread([this] { EXPECT_TRUE(serve_exchange(socket_, false, [this] { return stop_.load(); })); });
    }
    void TearDown() override {
        stop_ = true;
        thread_.join();
    }
    std::unique_ptr<RemoteExchange> connect(WireRole role) const {
        for (;;) {  // until the thread listens
            auto exchange = RemoteExchange::connect(socket_, role, "paper.latency_ms = 150\n", 20);
            if (exchange) return std::move(*exchange);
            std::this_thread::yield();
        }
    }
    static void open_market(ExchangeLink& exchange, ReceiveTime now) {
        for (const Instrument& instrument : small_market())
            exchange.on_event(event_at(now, InstrumentEvent{instrument}));
        TradingDayEvent day;
        day.date = kDay;
        day.session_count = 1;
        day.sessions[0] = {hours(9) + minutes(15), hours(15) + minutes(40)};
        day.calendar = "NSE";
        exchange.on_event(event_at(now, day));
    }
    static void quote(ExchangeLink& exchange, ReceiveTime now, double bid, double ask) {
        TickEvent tick = quote_tick(kCall, (bid + ask) / 2, bid, ask);
        tick.oi = 20'000;
        tick.flags |= kTickHasOi;
        exchange.on_event(event_at(now, tick));
    }
    static Order order(uint64_t id, double limit, Side side = Side::buy) {
        Order o;
        o.id = OrderId(id);
        o.instrument = kCall;
        o.side = side;
        o.purpose = side == Side::buy ? OrderPurpose::entry : OrderPurpose::exit;
        o.quantity = Quantity(65);
        o.limit = rupees(limit);
        return o;
    }
    // "10:59:00.150 acknowledged 1 …", one line an answer.
    static std::string answers(ExchangeLink& exchange, ReceiveTime until) {
        std::string out;
        Event event;
        while (exchange.pop_due(until, event)) {
            const auto& u = std::get<OrderUpdateEvent>(event.payload);
            out += format_iso(event.received) + " " + std::to_string(static_cast<int>(u.kind)) + " " +
                   std::to_string(u.order.value()) + " " + std::to_string(u.quantity.units()) + " " +
                   to_string(u.price) + " " + std::string(u.reason) + "\n";
        }
        return out;
    }
    // An order that fills, one that rests and is changed, one that is cancelled, one that is refused.
    static std::string story(ExchangeLink& exchange) {
        ReceiveTime now = time_of(11, 0);
        std::string out;
        open_market(exchange, now);
        quote(exchange, now, 100, 100.5);
        exchange.set_now(now);
        exchange.submit(order(1, 105));
        exchange.submit(order(2, 90));
        exchange.submit(order(3, 100.51));
        for (int i = 0; i < 20; ++i) {
            now += milliseconds(100);
            const auto due = exchange.next_due();
            out += due ? "due " + format_iso(*due) + "\n" : "nothing due\n";
            out += answers(exchange, now);
            exchange.set_now(now);
            if (i == 5) exchange.replace(order(2, 95), rupees(95));
            if (i == 10) exchange.cancel(order(2, 95));
            if (i == 15) quote(exchange, now, 94, 94.5);
        }
        return out;
    }

    std::filesystem::path socket_;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

TEST_F(ExchangeProcess, it_answers_what_one_in_this_process_answers) {
    const PaperSettings settings;
    PaperBroker here(settings);
    const auto there = connect(WireRole::engine);
    const std::string expected = story(here);
    EXPECT_NE(expected.find("cancelled"), std::string::npos) << expected;
    EXPECT_EQ(story(*there), expected);
    EXPECT_TRUE(there->alive());
}

TEST_F(ExchangeProcess, a_watchdog_takes_over_closes_everything_and_the_engine_is_refused) {
    const auto engine = connect(WireRole::engine);
    ReceiveTime now = time_of(11, 0);
    open_market(*engine, now);
    quote(*engine, now, 100, 100.5);
    engine->set_now(now);
    engine->submit(order(1, 105));
    engine->submit(order(2, 90));
    EXPECT_NE(answers(*engine, now + seconds(1)), "");
    const auto watchdog = connect(WireRole::watchdog);
    ASSERT_TRUE(watchdog->take_over());
    ReceiveTime clock = watchdog->books()->now + seconds(1);
    const auto closed = close_everything(
        *watchdog, {}, [&] { return clock; }, [&] { clock += milliseconds(5); });
    ASSERT_TRUE(closed) << closed.error().message;
    EXPECT_TRUE(closed->flat);
    ASSERT_EQ(closed->before.positions.size(), 1U);
    EXPECT_EQ(closed->before.positions[0].net, Quantity(65));
    EXPECT_EQ(closed->cancels, 1);
    EXPECT_EQ(closed->orders, 1);
    EXPECT_EQ(closed->fills, 1);
    EXPECT_LT(closed->ended - closed->began, seconds(1));
    EXPECT_TRUE(connect(WireRole::reader)->books()->flat());
    engine->submit(order(3, 105));
    EXPECT_FALSE(engine->next_due());  // the line was cut
    EXPECT_FALSE(engine->alive());
}

TEST_F(ExchangeProcess, a_second_engine_is_refused_while_one_trades) {
    const auto first = connect(WireRole::engine);
    open_market(*first, time_of(11, 0));
    ASSERT_TRUE(first->books());  // its hello has been heard
    const auto second = connect(WireRole::engine);
    EXPECT_FALSE(second->books());
    EXPECT_TRUE(first->books());
}

// The exchange refuses, or nobody buys: what cannot be closed in time is said, not hidden.
TEST(EmergencyClose, a_market_without_a_price_is_reported_as_not_flat) {
    const PaperSettings settings;
    PaperBroker exchange(settings);
    ReceiveTime now = time_of(11, 0);
    for (const Instrument& instrument : small_market()) exchange.on_event(event_at(now, InstrumentEvent{instrument}));
    TickEvent tick = quote_tick(kCall, 100, 99.5, 100.5);
    exchange.on_event(event_at(now, tick));
    exchange.set_now(now);
    Order buy;
    buy.id = OrderId(1);
    buy.instrument = kCall;
    buy.quantity = Quantity(65);
    buy.limit = rupees(105);
    exchange.submit(buy);
    Event event;
    while (exchange.pop_due(now + seconds(10), event)) {
    }
    ASSERT_EQ(exchange.books()->positions.size(), 1U);
    now += minutes(10);  // the quote is stale: nothing is filled against it
    const auto closed = close_everything(
        exchange, {}, [&] { return now; }, [&] { now += milliseconds(100); });
    ASSERT_TRUE(closed);
    EXPECT_FALSE(closed->flat);
    EXPECT_GE(closed->orders, 5);  // a new one, nearer to the market, every two seconds
    EXPECT_LE(closed->orders, 16);
    EXPECT_GE(closed->ended - closed->began, seconds(30));
    EXPECT_EQ(closed->after.positions.size(), 1U);
}

// A spread as the engine holds it, a put sold and a call bought that covers it, and a share that covers nothing.
class EmergencyCloseOfASpread : public ::testing::Test {
  protected:
    void SetUp() override {
        for (const Instrument& instrument : small_market())
            exchange.on_event(event_at(now, InstrumentEvent{instrument}));
        quote(kCall, 40, 40.5);
        quote(kPut, 100, 100.5);
        quote(kShare, 1400, 1400.5);
        trade(1, kCall, Side::buy, 42);
        trade(2, kPut, Side::sell, 98);
        trade(3, kShare, Side::buy, 1420);
        ASSERT_EQ(exchange.books()->positions.size(), 3U);
    }
    void quote(InstrumentId id, double bid, double ask) {
        TickEvent tick = quote_tick(id, (bid + ask) / 2, bid, ask);
        tick.oi = 20'000;
        tick.flags |= kTickHasOi;
        exchange.on_event(event_at(now, tick));
    }
    void submit(uint64_t id, InstrumentId instrument, Side side, double limit) {
        Order order;
        order.id = OrderId(id);
        order.instrument = instrument;
        order.side = side;
        order.quantity = Quantity(65);
        order.limit = rupees(limit);
        exchange.set_now(now);
        exchange.submit(order);
    }
    void trade(uint64_t id, InstrumentId instrument, Side side, double limit) {
        submit(id, instrument, side, limit);
        now += seconds(1);
        Event event;
        while (exchange.pop_due(now, event)) {
        }
    }
    EmergencyResult close() {
        auto closed = close_everything(
            exchange, {}, [&] { return now; }, [&] { now += milliseconds(5); });
        EXPECT_TRUE(closed);
        return *closed;
    }
    // Of the first action that begins so; where there is none, behind all of them.
    static size_t place(const EmergencyResult& closed, const std::string& what) {
        for (size_t i = 0; i < closed.actions.size(); ++i) {
            if (closed.actions[i].what.rfind(what, 0) == 0) return i;
        }
        return closed.actions.size();
    }
    static Quantity left(const EmergencyResult& closed, InstrumentId id) {
        for (const BookPosition& position : closed.after.positions) {
            if (position.instrument == id) return position.net;
        }
        return Quantity(0);
    }

    PaperSettings settings;
    PaperBroker exchange{settings};
    ReceiveTime now = time_of(11, 0);
};

TEST_F(EmergencyCloseOfASpread, the_sold_leg_is_bought_back_before_its_hedge_is_sold) {
    const EmergencyResult closed = close();
    EXPECT_TRUE(closed.flat);
    const size_t bought_back = place(closed, "the exchange: order 4611686018427387905 filled");
    const size_t hedge_sold = place(closed, "sell 65 NIFTY 2026-08-25 24500 CE");
    EXPECT_EQ(place(closed, "NIFTY 2026-08-25 24500 CE is kept"), 0U);
    EXPECT_LT(place(closed, "buy 65 NIFTY 2026-08-25 24500 PE"), bought_back);
    EXPECT_LT(bought_back, hedge_sold);
    ASSERT_LT(hedge_sold, closed.actions.size());
    EXPECT_LT(place(closed, "sell 65 RELIANCE"), bought_back);  // waits for nothing
    EXPECT_LT(closed.ended - closed.began, seconds(1));
}

TEST_F(EmergencyCloseOfASpread, a_hedge_stays_where_its_sold_leg_cannot_be_bought_back) {
    now += minutes(10);  // nothing is filled against the put's old quote
    quote(kCall, 40, 40.5);
    quote(kShare, 1400, 1400.5);
    const EmergencyResult closed = close();
    EXPECT_FALSE(closed.flat);
    EXPECT_EQ(left(closed, kPut), Quantity(-65));
    EXPECT_EQ(left(closed, kCall), Quantity(65));
    EXPECT_EQ(left(closed, kShare), Quantity(0));
    EXPECT_EQ(place(closed, "sell 65 NIFTY 2026-08-25 24500 CE"), closed.actions.size());
}

TEST_F(EmergencyCloseOfASpread, a_hedge_waits_for_the_cancel_of_an_order_that_may_still_sell) {
    trade(4, kPut, Side::buy, 102);
    submit(5, kFuture, Side::sell, 25'000);
    const EmergencyResult closed = close();
    EXPECT_TRUE(closed.flat);
    EXPECT_LT(place(closed, "the exchange: order 5"), place(closed, "sell 65 NIFTY 2026-08-25 24500 CE"));
}

TEST(ExchangeDesk, what_is_no_message_is_an_error_and_changes_nothing) {
    ExchangeDesk desk;
    std::string out;
    const auto say = [&](const std::string& bytes) {
        const auto frame = read_wire_frame(bytes);
        return frame && *frame && desk.handle(1, **frame, out).has_value();
    };
    const auto one = [](WireKind kind, const auto&... values) {
        std::string bytes;
        {
            WireWriter frame(bytes, kind);
            (frame.put(values), ...);
        }
        return bytes;
    };
    EXPECT_FALSE(say(one(WireKind::books)));  // before hello
    std::string hello;
    WireWriter(hello, WireKind::hello).put(WireRole::engine).text("paper.latency_ms = 150\n").text("paper-1");
    EXPECT_TRUE(say(hello));
    EXPECT_TRUE(say(one(WireKind::now, int64_t(1'700'000'000'000'000'000))));
    EXPECT_FALSE(say(one(WireKind::now, int64_t(1'600'000'000'000'000'000))));  // back in time
    EXPECT_FALSE(say(one(WireKind::submit, uint64_t(1), uint32_t(5))));         // cut short
    EXPECT_FALSE(say(one(WireKind::submit, uint64_t(1), uint32_t(5), uint8_t(0), uint8_t(0), int64_t(50),
                         int64_t(1'000'000))));  // an unknown instrument
    EXPECT_FALSE(say(one(WireKind::polled)));
    EXPECT_TRUE(say(one(WireKind::books)));
    EXPECT_FALSE(read_wire_frame(std::string(5, '\xff')));
}

}  // namespace
}  // namespace tide
