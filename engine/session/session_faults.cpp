#include <fmt/format.h>

#include "session/session.hpp"

// What goes wrong on the way to the broker and back, put before the guardian.
namespace tide {
namespace {

bool waits_for_answer(OrderState state) {
    return state == OrderState::submitted || state == OrderState::pending_cancel ||
           state == OrderState::pending_replace;
}

}  // namespace

void Session::on(const ServiceStatusEvent& status) {
    static constexpr const char* kServices[] = {"broker session", "exchange"};
    static constexpr const char* kStates[] = {"up", "ending", "down"};
    const std::string until = status.until > ReceiveTime() ? " until " + format_iso(status.until) : "";
    record(NoteRecord{status.state == ServiceState::up ? "info" : "warning",
                      status.service == Service::exchange ? "exchange" : "broker",
                      fmt::format("{} {}{}: {}", kServices[static_cast<size_t>(status.service)],
                                  kStates[static_cast<size_t>(status.state)], until, status.detail)});
    guardian_.on_service(status, now_, actions_);
}

// One answer to one message of ours. An outcome that stays unknown, a rejection and a refused change are errors; a
// cancel or change that came too late, for the order had ended meanwhile, is none.
void Session::note_answer(const Order& order, OrderState from) {
    if (!waits_for_answer(from) || waits_for_answer(order.state)) return;
    bool error = order.state == OrderState::rejected || order.state == OrderState::unknown;
    const auto* update = handling_ == nullptr ? nullptr : std::get_if<OrderUpdateEvent>(&handling_->payload);
    if (update != nullptr && update->order == order.id && order.live()) {
        error = error || update->kind == OrderUpdateKind::cancel_rejected ||
                update->kind == OrderUpdateKind::replace_rejected;
    }
    guardian_.on_answer(error, now_, actions_);
}

void Session::watch_order(const Order& order, OrderState from) {
    const bool leaves = order.state == OrderState::submitted && from != OrderState::submitted;
    if (!leaves) return;
    const auto last = market_.prices().last(order.instrument, now_);
    if (auto wrong = order_watch_.on_sent(order, book().get(order.instrument), last)) {
        wrong_.push_back({order.id, std::move(*wrong)});
    }
}

// What only the broker's link can see, or what is about no order of ours.
void Session::watch_update(const OrderUpdateEvent& update) {
    const Order* order = desk_.find(update.order);
    if (order == nullptr) {
        if (update.kind != OrderUpdateKind::filled) return;
        wrong_.push_back(
            {update.order,
             {"unknown_fill", fmt::format("order={} quantity={}", update.order.value(), update.quantity.units()),
              "the broker tells of a fill on an order that we did not send", PositionId(),
              update.price * update.quantity}});
    } else if ((update.flags & kUpdateMismatch) != 0) {
        const Instrument& instrument = book().get(order->instrument);
        const Price price = update.price.positive() ? update.price : order->limit;
        const Quantity units = update.quantity.units() > 0 ? update.quantity : order->quantity;
        wrong_.push_back(
            {order->id,
             {"mismatch", fmt::format("order={}", order->id.value()),
              fmt::format("order {} is not at the broker as it was sent: {}", order->id.value(), update.reason),
              order->position, order_watch_.at_risk(instrument, price, units)}});
    }
}

void Session::act_on_wrong_orders() {
    for (const Wrong& wrong : std::exchange(wrong_, {})) {
        desk_.cancel(wrong.order, now_, "wrong order");
        guardian_.on_wrong_order(wrong.what, now_, actions_);
    }
}

// A hole in recorded data is the record's: nobody was blind, and nobody can say what would have been done.
bool Session::counts_as_outage() const { return !config_.over_history || config_.risk.emergency.recorded_holes; }

// A feed that sends nothing without a word is out as well.
void Session::feed_fell_silent(const QualityChange& change) {
    if (change.instrument.valid() || change.kind != QualityKind::stale || !counts_as_outage()) return;
    if (change.bad) {
        guardian_.on_line_down(OutageLine::feed, now_ - Duration(static_cast<int64_t>(change.value * 1e9)));
    } else {
        guardian_.on_line_up(OutageLine::feed, now_, actions_);
    }
}

}  // namespace tide
