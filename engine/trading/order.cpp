#include "trading/order.hpp"

namespace tide {

std::string_view name_of(Side side) { return side == Side::buy ? "buy" : "sell"; }
std::string_view name_of(OrderPurpose purpose) { return purpose == OrderPurpose::entry ? "entry" : "exit"; }

std::string_view name_of(OrderState state) {
    switch (state) {
        case OrderState::created:
            return "created";
        case OrderState::in_review:
            return "in_review";
        case OrderState::submitted:
            return "submitted";
        case OrderState::open:
            return "open";
        case OrderState::partially_filled:
            return "partially_filled";
        case OrderState::pending_cancel:
            return "pending_cancel";
        case OrderState::pending_replace:
            return "pending_replace";
        case OrderState::unknown:
            return "unknown";
        case OrderState::filled:
            return "filled";
        case OrderState::cancelled:
            return "cancelled";
        case OrderState::rejected:
            return "rejected";
        case OrderState::expired:
            return "expired";
        case OrderState::refused:
            break;
    }
    return "refused";
}

}  // namespace tide
