#include "app/faulty_exchange.hpp"

#include <algorithm>

namespace tide {
namespace {

constexpr Duration kAnswerTime = milliseconds(150);  // of answers that do not come from the exchange

OrderUpdateEvent update_of(const Order& order, OrderUpdateKind kind, Quantity quantity) {
    OrderUpdateEvent update;
    update.order = order.id;
    update.broker_order = order.broker_order;
    update.kind = kind;
    update.quantity = quantity;
    return update;
}

}  // namespace

void FaultyExchange::set_now(ReceiveTime now) {
    now_ = now;
    exchange_.set_now(now);
}

void FaultyExchange::submit(const Order& order) {
    const Plan plan = std::exchange(next_, {});
    if (plan.rejected_for) {
        answer(now_ + kAnswerTime, update_of(order, OrderUpdateKind::rejected, {}), *plan.rejected_for);
        return;
    }
    if (plan.drop_acknowledgement) unacknowledged_.push_back(order.id);
    const Instrument& instrument = exchange_.prices().instruments().get(order.instrument);
    const Quantity part(plan.lots.value_or(0) * instrument.lot.units());
    if (!plan.lots || part >= order.quantity) {
        exchange_.submit(order);
        return;
    }
    Order smaller = order;
    smaller.quantity = part;
    partials_[order.id] = {part, Quantity(0), order.quantity - part};
    exchange_.submit(smaller);
}

void FaultyExchange::cancel(const Order& order) {
    const auto partial = partials_.find(order.id);
    if (partial == partials_.end() || !partial->second.over_at_exchange()) {
        exchange_.cancel(order);
        return;
    }
    answer(now_ + kAnswerTime, update_of(order, OrderUpdateKind::cancelled, partial->second.rest), "cancelled");
    partials_.erase(partial);
}

void FaultyExchange::replace(const Order& order, Price limit) {
    const auto partial = partials_.find(order.id);
    if (partial == partials_.end() || !partial->second.over_at_exchange()) {
        exchange_.replace(order, limit);
        return;
    }
    OrderUpdateEvent update = update_of(order, OrderUpdateKind::replaced, partial->second.rest);
    update.price = limit;
    answer(now_ + kAnswerTime, update, "");
}

// The exchange's books hold the part alone: the rest is said to be resting there.
void FaultyExchange::ask(const Order& order) {
    exchange_.ask(order);
    const auto partial = partials_.find(order.id);
    if (partial == partials_.end() || !partial->second.over_at_exchange()) return;
    OrderUpdateEvent update = update_of(order, OrderUpdateKind::acknowledged, partial->second.rest);
    update.flags = kUpdateFromBook;
    update.price = order.limit;
    answer(now_ + kAnswerTime, update, "order book");
}

std::optional<ReceiveTime> FaultyExchange::next_due() {
    const auto at_exchange = exchange_.next_due();
    if (held_.empty()) return at_exchange;
    return std::min(held_.front().due, at_exchange.value_or(ReceiveTime::max()));
}

// One answer at a time, as the exchange gives them: what the desk does upon one may reach it before the next.
bool FaultyExchange::pop_due(ReceiveTime until, Event& out) {
    for (;;) {
        const auto at_exchange = exchange_.next_due();
        if (!held_.empty() && (!at_exchange || held_.front().due <= *at_exchange)) {
            if (held_.front().due > until) return false;
            Answer next = std::move(held_.front());
            held_.pop_front();
            last_reason_ = std::move(next.reason);
            next.update.reason = last_reason_;
            out.received = next.due;
            out.exchange = as_exchange_time(next.due);
            out.payload = next.update;
            return true;
        }
        if (!at_exchange || *at_exchange > until) return false;
        if (!exchange_.pop_due(*at_exchange, out)) continue;  // something has arrived there, without an answer yet
        auto update = std::get<OrderUpdateEvent>(out.payload);
        if (pass(update)) answer(out.received + delay_, update, std::string(update.reason));
    }
}

void FaultyExchange::answer(ReceiveTime due, OrderUpdateEvent update, std::string reason) {
    const auto place =
        std::upper_bound(held_.begin(), held_.end(), due, [](ReceiveTime t, const Answer& a) { return t < a.due; });
    held_.insert(place, {due, update, std::move(reason)});
}

bool FaultyExchange::pass(OrderUpdateEvent& update) {
    const auto dropped = std::find(unacknowledged_.begin(), unacknowledged_.end(), update.order);
    if (update.kind == OrderUpdateKind::acknowledged && dropped != unacknowledged_.end()) {
        unacknowledged_.erase(dropped);
        return false;
    }
    const auto partial = partials_.find(update.order);
    if (partial == partials_.end()) return true;
    switch (update.kind) {
        case OrderUpdateKind::filled:
            if ((update.flags & kUpdateFromBook) == 0) partial->second.filled += update.quantity;
            break;
        case OrderUpdateKind::acknowledged:
        case OrderUpdateKind::replaced:
            update.quantity = update.quantity + partial->second.rest;
            break;
        case OrderUpdateKind::cancelled:
        case OrderUpdateKind::expired:
            update.quantity = update.quantity + partial->second.rest;
            partials_.erase(partial);
            break;
        default:
            break;
    }
    return true;
}

}  // namespace tide
