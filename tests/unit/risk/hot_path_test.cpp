#include <gtest/gtest.h>

#include "../trading/allocation_counter.hpp"
#include "risk_world.hpp"

namespace tide {
namespace {

using namespace tide::testing;

// What the Session does with a tick before any script: prices, marks, guardian, desk.
struct TickPath {
    World w;
    Guardian guardian{w.risk, w.prices, w.portfolio, w.desk, w.hours, w.halts};
    GuardianActions actions;

    void tick(InstrumentId id, double last) {
        const Event event = event_at(w.now, last_tick(id, last));
        w.prices.on_event(event);
        w.portfolio.mark(id, rupees(last));
        guardian.on_price(id, w.now, actions);
        w.desk.on_price(id, w.now);
    }
    void minute() {
        for (int i = 0; i < 600; ++i) {
            w.now += milliseconds(100);
            tick(kNifty, 24'500 + i % 7);
            tick(kCall, 100 + i % 3);
            tick(kBankCall, 100 + i % 3);
            tick(kVix, 14 + 0.01 * (i % 5));
        }
    }
    size_t allocations_of_a_minute() {
        for (int warm_up = 0; warm_up < 12; ++warm_up) minute();
        const size_t before = allocations;
        minute();
        return allocations - before;
    }
};

TEST(HotPath, ticks_without_positions_allocate_nothing) {
    TickPath path;
    path.guardian.start_day(path.w.now, path.actions);
    EXPECT_EQ(path.allocations_of_a_minute(), 0U);
}

TEST(HotPath, ticks_with_a_position_and_its_levels_allocate_nothing) {
    TickPath path;
    path.guardian.start_day(path.w.now, path.actions);
    const PositionId id = path.w.open(kCall);
    path.w.portfolio.set_stop(id, rupees(24'300), false, "stop");
    path.w.portfolio.set_target(id, rupees(25'000), false);
    EXPECT_EQ(path.allocations_of_a_minute(), 0U);
    EXPECT_TRUE(path.actions.exits.empty());
}

}  // namespace
}  // namespace tide
