#pragma once
#include <string_view>

#include "core/events.hpp"
#include "trading/order.hpp"

namespace tide {

// Everything that can happen to an order: what we do (first group) and what the broker says. An OrderUpdateKind becomes
// one of these by `event_of`, which tells apart what the same message means before and after fills.
enum class OrderEvent : uint8_t {
    hold,    // into the review queue
    submit,  // handed to the broker link
    request_cancel,
    request_replace,
    timeout,  // no answer in time, retries used up
    acknowledged,
    rejected,  // and nothing was traded on it
    rejected_after_fill,
    fill_part,
    fill_rest,  // the fill that completes it
    overfill,   // more than was ordered
    cancelled,
    cancel_rejected,
    replaced,
    replace_rejected,
    expired,
    unknown_outcome,
    absent,    // the order book does not have it, in every reading, and never was heard of it
    vanished,  // the order book does not have it, though it was there
};
inline constexpr size_t kOrderEventCount = 19;
inline constexpr size_t kOrderStateCount = 13;
std::string_view name_of(OrderEvent event);

enum class TransitionKind : uint8_t {
    move,           // to `next`
    stay,           // expected and meaningful (a fill counts), but the state remains
    ignore,         // repeated or late: without effect
    contradiction,  // cannot be true of one order: reported, its instrument is blocked until an operator resolves it
};
struct Transition {
    TransitionKind kind = TransitionKind::ignore;
    OrderState next = OrderState::created;
};

// The one table. `next` equals `state` unless the kind is `move`. "Working again" is `open` in the table; an order with
// fills shows it as `partially_filled` (settled).
Transition transition(OrderState state, OrderEvent event);
constexpr OrderState settled(OrderState next, bool has_fills) {
    return next == OrderState::open && has_fills ? OrderState::partially_filled : next;
}
// What a broker's message means to an order with these quantities. `heard_of`: the broker has given it a number.
OrderEvent event_of(OrderUpdateKind kind, Quantity ordered, Quantity filled, Quantity update_quantity, bool heard_of);

}  // namespace tide
