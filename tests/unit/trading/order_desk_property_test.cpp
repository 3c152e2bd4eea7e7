#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "desk_fixture.hpp"

namespace tide {
namespace {

using namespace tide::testing;

// ---- a broker that misbehaves

// Keeps its own truth of what was executed, and delivers its messages late, twice and out of order.
struct ChaoticBroker : BrokerLink {
    struct Truth {
        int64_t ordered = 0, filled = 0;
        bool over = false;
    };
    std::mt19937 random;
    std::map<uint64_t, Truth> orders;
    std::vector<OrderUpdateEvent> mail;
    std::vector<ReceiveTime> sent_at;
    const ReceiveTime* now = nullptr;
    uint64_t next_fill = 1;

    explicit ChaoticBroker(unsigned seed) : random(seed) {}
    void post(OrderId id, OrderUpdateKind kind, int64_t quantity = 0, int64_t price_units = 0, uint64_t fill = 0) {
        OrderUpdateEvent update;
        update.order = id;
        update.kind = kind;
        update.quantity = Quantity(quantity);
        update.price = Price::from_units(price_units);
        update.fill = FillId(fill);
        for (unsigned copies = 1 + (random() % 4 == 0); copies > 0; --copies) mail.push_back(update);
    }
    void submit(const Order& order) override {
        sent_at.push_back(*now);
        Truth& truth = orders[order.id.value()] = {order.quantity.units(), 0, false};
        if (random() % 10 == 0) {
            truth.over = true;
            post(order.id, OrderUpdateKind::rejected);
        } else {
            post(order.id, OrderUpdateKind::acknowledged);
        }
    }
    void cancel(const Order& order) override {
        sent_at.push_back(*now);
        Truth& truth = orders[order.id.value()];
        if (truth.over) {
            post(order.id, OrderUpdateKind::cancel_rejected);
        } else if (random() % 3 != 0) {  // else: lost
            truth.over = true;
            post(order.id, OrderUpdateKind::cancelled, truth.ordered - truth.filled);
        }
    }
    void replace(const Order& order, Price limit) override {
        sent_at.push_back(*now);
        const bool over = orders[order.id.value()].over;
        post(order.id, over ? OrderUpdateKind::replace_rejected : OrderUpdateKind::replaced, 0, limit.units());
    }
    void ask(const Order& order) override {
        const Truth& truth = orders[order.id.value()];
        if (!truth.over) post(order.id, OrderUpdateKind::acknowledged, truth.filled);
    }
    void trade() {
        for (auto& [id, truth] : orders) {
            if (truth.over || random() % 4 != 0) continue;
            const int64_t quantity = std::min<int64_t>(truth.ordered - truth.filled, 65 * (1 + random() % 3));
            truth.filled += quantity;
            truth.over = truth.filled == truth.ordered;
            post(OrderId(id), OrderUpdateKind::filled, quantity, 1'000'000, next_fill++);
        }
    }
};

TEST(DeskProperty, books_agree_with_a_broker_that_repeats_reorders_and_loses_messages) {
    for (unsigned seed = 1; seed <= 60; ++seed) {
        OrderSettings settings;
        Market market;
        ChaoticBroker broker(seed);
        Log log;
        OrderDesk desk(settings, market.prices, broker, log, seed);
        ReceiveTime now = time_of(10, 0);
        broker.now = &now;
        std::mt19937 random(seed * 7'919);
        market.tick(now, last_tick(kNifty, 24'500));
        std::set<uint64_t> finals;
        for (int step = 0; step < 1'500; ++step) {
            const ReceiveTime next = now + milliseconds(static_cast<int64_t>(random() % 400));
            while (desk.next_due() && *desk.next_due() <= next) {
                now = *desk.next_due();
                desk.on_time(now);
            }
            now = next;
            const double ask = 100 + static_cast<double>(random() % 20);
            market.tick(now, quote_tick(kCall, ask - 1, ask - 2, ask));
            if (random() % 6 == 0 && step < 1'200) {
                OrderRequest request;
                request.position = PositionId(1 + random() % 5);
                request.instrument = kCall;
                request.purpose = random() % 3 == 0 ? OrderPurpose::exit : OrderPurpose::entry;
                request.side = request.purpose == OrderPurpose::exit ? Side::sell : Side::buy;
                request.quantity = Quantity(65 * static_cast<int64_t>(1 + random() % 60));
                (void)desk.submit(request, now);
            }
            if (random() % 20 == 0) desk.cancel_all(now, "chaos", false);
            broker.trade();
            while (!broker.mail.empty() && random() % 3 != 0) {
                const size_t pick = random() % broker.mail.size();
                const OrderUpdateEvent update = broker.mail[pick];
                broker.mail.erase(broker.mail.begin() + static_cast<std::ptrdiff_t>(pick));
                desk.on_update(update, now);
            }
            for (const OrderId id : desk.live()) {
                ASSERT_TRUE(desk.find(id)->live());
                ASSERT_FALSE(finals.contains(id.value())) << "a final order came back to life";
            }
            for (uint64_t id = 1; const Order* order = desk.find(OrderId(id)); ++id) {
                if (!order->live()) finals.insert(id);
            }
        }
        while (!broker.mail.empty()) {
            desk.on_update(broker.mail.back(), now);
            broker.mail.pop_back();
        }
        int64_t booked = 0;
        std::set<uint64_t> numbers;
        for (const Fill& fill : log.fills) {
            EXPECT_TRUE(numbers.insert(fill.id.value()).second);
            booked += fill.quantity.units();
        }
        int64_t executed = 0;
        for (const auto& [id, truth] : broker.orders) {
            executed += truth.filled;
            EXPECT_EQ(desk.find(OrderId(id))->filled.units(), truth.filled) << "seed " << seed << " order " << id;
        }
        EXPECT_EQ(booked, executed) << seed;
        EXPECT_TRUE(log.contradictions.empty()) << seed << ": " << log.contradictions.front();
        for (size_t i = 8; i < broker.sent_at.size(); ++i) {
            ASSERT_GE(broker.sent_at[i] - broker.sent_at[i - 8], seconds(1)) << "more than 8 messages in a second";
        }
    }
}

TEST(DeskProperty, the_same_calls_give_the_same_messages) {
    const auto run = [] {
        OrderSettings settings;
        Market market;
        FakeBroker broker;
        Log log;
        OrderDesk desk(settings, market.prices, broker, log, 5);
        ReceiveTime now = time_of(10, 0);
        for (int i = 0; i < 50; ++i) {
            market.tick(now, quote_tick(kCall, 100 + i % 7, 99, 101 + i % 7));
            OrderRequest request;
            request.position = PositionId(static_cast<uint64_t>(i));
            request.instrument = kCall;
            request.quantity = Quantity(65);
            (void)desk.submit(request, now);
            now += milliseconds(350);
            desk.on_time(now);
        }
        std::string text;
        for (const Sent& sent : broker.sent)
            text += sent.what + to_string(sent.limit) + std::to_string(sent.order.value()) + ";";
        return text;
    };
    EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace tide
