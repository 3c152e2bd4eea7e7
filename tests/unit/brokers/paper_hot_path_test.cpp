#include <gtest/gtest.h>

#include "../trading/allocation_counter.hpp"
#include "../trading/trading_fixture.hpp"
#include "brokers/paper_broker.hpp"

namespace tide {
namespace {

using namespace tide::testing;

TEST(PaperHotPath, ticks_past_a_resting_order_allocate_nothing) {
    PaperSettings settings;
    PaperBroker broker(settings);
    ReceiveTime now = time_of(10, 0);
    for (const Instrument& instrument : small_market()) broker.on_event(event_at(now, InstrumentEvent{instrument}));
    const auto tick = [&] {
        now += milliseconds(100);
        broker.on_event(event_at(now, quote_tick(kCall, 100, 99.5, 100.5)));
        Event event;
        while (broker.pop_due(now, event)) continue;
    };
    tick();
    broker.set_now(now);
    Order order;
    order.id = OrderId(1);
    order.instrument = kCall;
    order.quantity = Quantity(65);
    order.limit = rupees(90);
    broker.submit(order);
    for (int i = 0; i < 10; ++i) tick();
    ASSERT_EQ(broker.resting(), 1U);
    const size_t before = allocations;
    for (int i = 0; i < 1'000; ++i) tick();
    EXPECT_EQ(allocations - before, 0U);
}

}  // namespace
}  // namespace tide
