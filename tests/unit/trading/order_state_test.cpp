#include "trading/order_state.hpp"

#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace tide {
namespace {

const std::vector<OrderState> kStates{
    OrderState::created,          OrderState::in_review,      OrderState::submitted,       OrderState::open,
    OrderState::partially_filled, OrderState::pending_cancel, OrderState::pending_replace, OrderState::unknown,
    OrderState::filled,           OrderState::cancelled,      OrderState::rejected,        OrderState::expired,
    OrderState::refused};

// One line an event, one word a state in the order above. "." the message has no effect; "=" it counts but the state
// remains;
// "!" it contradicts; anything else is the next state.
const std::map<std::string, std::string> kExpected{
    {"hold", "in_review . . . . . . . . . . . ."},
    {"submit", "submitted submitted . . . . . . . . . . ."},
    {"request_cancel", "cancelled cancelled pending_cancel pending_cancel pending_cancel = pending_cancel = . . . . ."},
    {"request_replace", ". . . pending_replace pending_replace . = . . . . . ."},
    {"timeout", ". . unknown . . unknown unknown . . . . . ."},
    {"acknowledged", "! ! open . . . . open . . . . !"},
    {"rejected", "! ! rejected rejected ! rejected rejected rejected ! ! . ! !"},
    {"rejected_after_fill", "! ! ! ! ! ! ! ! ! ! ! ! !"},
    {"fill_part", "! ! partially_filled partially_filled = = = partially_filled ! = ! = !"},
    {"fill_rest", "! ! filled filled filled filled filled filled ! filled ! filled !"},
    {"overfill", "! ! filled filled filled filled filled filled ! filled ! filled !"},
    {"cancelled", "! ! cancelled cancelled cancelled cancelled cancelled cancelled ! . ! . !"},
    {"cancel_rejected", "! ! . . . open . . . . . . !"},
    {"replaced", "! ! open = = = open open . . ! . !"},
    {"replace_rejected", "! ! . . . . open . . . . . !"},
    {"expired", "! ! expired expired expired expired expired expired ! . ! . !"},
    {"unknown_outcome", "! ! unknown . . unknown unknown . . . . . !"},
    // Missing from the book: what was never heard of did not come; what was there cannot vanish.
    {"absent", "! ! rejected ! ! cancelled ! rejected . . . . !"},
    {"vanished", "! ! ! ! ! ! ! ! . . . . !"},
};

TEST(OrderState, every_pair_of_state_and_event_does_what_the_table_says) {
    ASSERT_EQ(kStates.size(), kOrderStateCount);
    ASSERT_EQ(kExpected.size(), kOrderEventCount);
    for (size_t e = 0; e < kOrderEventCount; ++e) {
        const auto event = static_cast<OrderEvent>(e);
        std::istringstream words(kExpected.at(std::string(name_of(event))));
        for (const OrderState state : kStates) {
            std::string expected;
            ASSERT_TRUE(words >> expected) << name_of(event);
            const Transition got = transition(state, event);
            std::string actual{name_of(got.next)};
            if (got.kind == TransitionKind::stay) actual = "=";
            if (got.kind == TransitionKind::ignore) actual = ".";
            if (got.kind == TransitionKind::contradiction) actual = "!";
            EXPECT_EQ(actual, expected) << name_of(state) << " + " << name_of(event);
            if (got.kind != TransitionKind::move) {
                EXPECT_EQ(got.next, state);
            }
        }
    }
}

TEST(OrderState, a_final_state_is_left_only_by_a_late_fill) {
    for (const OrderState state : kStates) {
        if (!is_final(state)) continue;
        for (size_t e = 0; e < kOrderEventCount; ++e) {
            const Transition got = transition(state, static_cast<OrderEvent>(e));
            if (got.kind == TransitionKind::move) {
                EXPECT_EQ(got.next, OrderState::filled) << name_of(state);
            }
        }
    }
}

TEST(OrderState, an_order_with_fills_that_works_again_is_partially_filled) {
    EXPECT_EQ(settled(OrderState::open, true), OrderState::partially_filled);
    EXPECT_EQ(settled(OrderState::open, false), OrderState::open);
    EXPECT_EQ(settled(OrderState::cancelled, true), OrderState::cancelled);
}

TEST(OrderState, a_message_means_what_the_quantities_make_of_it) {
    const Quantity ordered(100);
    const auto meaning = [&](OrderUpdateKind kind, int64_t filled, int64_t now) {
        return event_of(kind, ordered, Quantity(filled), Quantity(now), false);
    };
    EXPECT_EQ(meaning(OrderUpdateKind::filled, 0, 99), OrderEvent::fill_part);
    EXPECT_EQ(meaning(OrderUpdateKind::filled, 0, 100), OrderEvent::fill_rest);
    EXPECT_EQ(meaning(OrderUpdateKind::filled, 60, 40), OrderEvent::fill_rest);
    EXPECT_EQ(meaning(OrderUpdateKind::filled, 60, 41), OrderEvent::overfill);
    EXPECT_EQ(meaning(OrderUpdateKind::rejected, 0, 0), OrderEvent::rejected);
    EXPECT_EQ(meaning(OrderUpdateKind::rejected, 1, 0), OrderEvent::rejected_after_fill);
    EXPECT_EQ(meaning(OrderUpdateKind::unknown_outcome, 0, 0), OrderEvent::unknown_outcome);
    EXPECT_EQ(meaning(OrderUpdateKind::absent, 0, 0), OrderEvent::absent);
    EXPECT_EQ(meaning(OrderUpdateKind::absent, 1, 0), OrderEvent::vanished);
    EXPECT_EQ(event_of(OrderUpdateKind::absent, ordered, Quantity(0), Quantity(0), true), OrderEvent::vanished);
    // "No such order" of one that the broker has never told of: it may never have arrived.
    EXPECT_EQ(meaning(OrderUpdateKind::cancel_rejected, 0, 0), OrderEvent::unknown_outcome);
    EXPECT_EQ(meaning(OrderUpdateKind::cancel_rejected, 1, 0), OrderEvent::cancel_rejected);
    EXPECT_EQ(event_of(OrderUpdateKind::cancel_rejected, ordered, Quantity(0), Quantity(0), true),
              OrderEvent::cancel_rejected);
}

}  // namespace
}  // namespace tide
