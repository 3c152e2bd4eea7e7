#include "trading/order_state.hpp"

#include <array>

#include "core/assert.hpp"

namespace tide {
namespace {

// Cells of the table: a state to move to, or one of three marks.
enum class Cell : uint8_t {
    created,
    review,
    sent,
    open,
    part,
    p_cancel,
    p_replace,
    unknown,
    filled,
    gone,
    reject,
    expire,
    refuse,
    stay,
    late,   // ignore
    wrong,  // contradiction
};
using enum Cell;

// Rows: OrderState in its order. Columns: OrderEvent in its order.
// clang-format off
constexpr std::array<std::array<Cell, kOrderEventCount>, kOrderStateCount> kTable{{
    // hold   submit request_cancel request_replace timeout | acknowledged rejected rejected_after_fill
    //   | fill_part fill_rest overfill | cancelled cancel_rejected replaced replace_rejected expired unknown_outcome | absent vanished
    // created: has not left; the broker cannot know it
    {review, sent, gone, late, late, wrong, wrong, wrong, wrong, wrong, wrong, wrong, wrong, wrong, wrong, wrong, wrong, wrong, wrong},
    // in_review
    {late, sent, gone, late, late, wrong, wrong, wrong, wrong, wrong, wrong, wrong, wrong, wrong, wrong, wrong, wrong, wrong, wrong},
    // submitted: fills and ends may overtake the acknowledgement
    {late, late, p_cancel, late, unknown, open, reject, wrong, part, filled, filled, gone, late, open, late, expire, unknown, reject, wrong},
    // open
    {late, late, p_cancel, p_replace, late, late, reject, wrong, part, filled, filled, gone, late, stay, late, expire, late, wrong, wrong},
    // partially_filled
    {late, late, p_cancel, p_replace, late, late, wrong, wrong, stay, filled, filled, gone, late, stay, late, expire, late, wrong, wrong},
    // pending_cancel: fills may overtake the cancel; a refused cancel leaves the order working
    {late, late, stay, late, unknown, late, reject, wrong, stay, filled, filled, gone, open, stay, late, expire, unknown, gone, wrong},
    // pending_replace
    {late, late, p_cancel, stay, unknown, late, reject, wrong, stay, filled, filled, gone, late, open, open, expire, unknown, wrong, wrong},
    // unknown: any word from the broker resolves it; a refused cancel or change does not say whether the order is there;
    // not being in the book, over and over, does
    {late, late, stay, late, late, open, reject, wrong, part, filled, filled, gone, late, open, late, expire, late, reject, wrong},
    // filled: nothing can have been left to cancel or to expire
    {late, late, late, late, late, late, wrong, wrong, wrong, wrong, wrong, wrong, late, late, late, wrong, late, late, late},
    // cancelled: a fill that happened before the cancel may arrive after it
    {late, late, late, late, late, late, wrong, wrong, stay, filled, filled, late, late, late, late, late, late, late, late},
    // rejected
    {late, late, late, late, late, late, late, wrong, wrong, wrong, wrong, wrong, late, wrong, late, wrong, late, late, late},
    // expired: as cancelled
    {late, late, late, late, late, late, wrong, wrong, stay, filled, filled, late, late, late, late, late, late, late, late},
    // refused: never left
    {late, late, late, late, late, wrong, wrong, wrong, wrong, wrong, wrong, wrong, wrong, wrong, wrong, wrong, wrong, wrong, wrong},
}};
// clang-format on

}  // namespace

std::string_view name_of(OrderEvent event) {
    static constexpr std::array<std::string_view, kOrderEventCount> kNames{"hold",
                                                                           "submit",
                                                                           "request_cancel",
                                                                           "request_replace",
                                                                           "timeout",
                                                                           "acknowledged",
                                                                           "rejected",
                                                                           "rejected_after_fill",
                                                                           "fill_part",
                                                                           "fill_rest",
                                                                           "overfill",
                                                                           "cancelled",
                                                                           "cancel_rejected",
                                                                           "replaced",
                                                                           "replace_rejected",
                                                                           "expired",
                                                                           "unknown_outcome",
                                                                           "absent",
                                                                           "vanished"};
    return kNames[static_cast<size_t>(event)];
}

Transition transition(OrderState state, OrderEvent event) {
    const Cell cell = kTable[static_cast<size_t>(state)][static_cast<size_t>(event)];
    switch (cell) {
        case stay:
            return {TransitionKind::stay, state};
        case late:
            return {TransitionKind::ignore, state};
        case wrong:
            return {TransitionKind::contradiction, state};
        default:
            return {TransitionKind::move, static_cast<OrderState>(cell)};
    }
}

OrderEvent event_of(OrderUpdateKind kind, Quantity ordered, Quantity filled, Quantity update_quantity, bool heard_of) {
    switch (kind) {
        case OrderUpdateKind::acknowledged:
            return OrderEvent::acknowledged;
        case OrderUpdateKind::rejected:
            return filled.units() > 0 ? OrderEvent::rejected_after_fill : OrderEvent::rejected;
        case OrderUpdateKind::filled: {
            const Quantity after = filled + update_quantity;
            if (after > ordered) return OrderEvent::overfill;
            return after == ordered ? OrderEvent::fill_rest : OrderEvent::fill_part;
        }
        case OrderUpdateKind::cancelled:
            return OrderEvent::cancelled;
        case OrderUpdateKind::cancel_rejected:
            // Of an order that the broker has never told of, a refused cancel does not say that it is there.
            return heard_of || filled.units() > 0 ? OrderEvent::cancel_rejected : OrderEvent::unknown_outcome;
        case OrderUpdateKind::replaced:
            return OrderEvent::replaced;
        case OrderUpdateKind::replace_rejected:
            return OrderEvent::replace_rejected;
        case OrderUpdateKind::expired:
            return OrderEvent::expired;
        case OrderUpdateKind::absent:
            return heard_of || filled.units() > 0 ? OrderEvent::vanished : OrderEvent::absent;
        case OrderUpdateKind::unknown_outcome:
            break;
    }
    return OrderEvent::unknown_outcome;
}

}  // namespace tide
