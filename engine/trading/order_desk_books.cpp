#include <fmt/format.h>

#include <algorithm>

#include "trading/order_desk.hpp"

// What became of an order whose answer did not come: the broker's books are read until they say so. A book may lag
// behind, so one reading without the order proves nothing; `orders.book_reads` of them do. Nothing is sent again.
namespace tide {
namespace {

constexpr int32_t kLongestWaitStep = 5;  // 2^5 = 32 s between two readings, when it has become an operator's matter

}  // namespace

void OrderDesk::begin_asking(Entry& e, ReceiveTime now) {
    e.asked = e.absent = 0;
    e.unclear = false;
    if (!line_down_) ask(e, now);
}

void OrderDesk::end_asking(Entry& e) {
    e.ask_due.reset();
    e.unclear = false;
    if (std::exchange(e.comparing, false)) --comparing_;
}

void OrderDesk::ask(Entry& e, ReceiveTime now) {
    e.ask_due.reset();
    if (line_down_) return;  // asked when it is back
    if (e.asked >= settings_.book_reads && !e.unclear) {
        e.unclear = true;
        if (std::exchange(e.comparing, false)) --comparing_;
        listener_.on_unclear(
            e.order, fmt::format("{} readings of the broker's books do not say what became of order {}", e.asked,
                                 e.order.id.value()));
        // Entries halt: those that wait must not leave after all. What the order itself is, nobody knows.
        for (const OrderId id : std::vector<OrderId>(live_.begin(), live_.end())) {
            Entry& other = *entry(id);
            if (other.order.purpose == OrderPurpose::entry && other.order.state != OrderState::unknown) {
                want_cancel(other, now, "order_unclear");
            }
        }
    }
    e.ask_due = now + seconds(int64_t(1) << std::min(e.asked, kLongestWaitStep));
    ++e.asked;
    broker_.ask(e.order);
}

// Whether the last word of a reading may be taken for what it says. Not while the trade book lags behind the order
// book, nor for an order that is missing for the first few times.
bool OrderDesk::conclusive(Entry& e, const OrderUpdateEvent& answer) {
    if (!e.ask_due) return e.order.live() && answer.kind != OrderUpdateKind::absent;  // an answer to an older question
    if (answer.quantity > e.order.filled) return false;
    const bool unheard_of = !e.order.broker_order.valid() && e.order.filled.units() == 0;
    if (answer.kind == OrderUpdateKind::absent && ++e.absent < settings_.book_reads) return false;
    if (answer.kind == OrderUpdateKind::absent && !unheard_of) return e.absent == settings_.book_reads;  // told once
    const bool working = answer.kind == OrderUpdateKind::acknowledged;
    if (working && answer.price.positive()) e.order.limit = answer.price;
    end_asking(e);
    return true;
}

// The newest number is the one to use. One that comes again, in a message that was overtaken by a change, is not new.
void OrderDesk::note_broker_order(Entry& e, BrokerOrderId number) {
    if (!number.valid()) return;
    if (std::find(e.broker_orders.begin(), e.broker_orders.end(), number) != e.broker_orders.end()) return;
    e.broker_orders.push_back(number);
    e.order.broker_order = number;
}

void OrderDesk::line_up(ReceiveTime now) {
    line_down_ = false;
    const std::vector<OrderId> live = live_;
    for (const OrderId id : live) {
        Entry& e = *entry(id);
        if (!e.sent) continue;
        if (!e.comparing) ++comparing_;
        e.comparing = true;
        begin_asking(e, now);
    }
    pump(now);
}

bool OrderDesk::unclear() const {
    return std::any_of(live_.begin(), live_.end(), [&](OrderId id) { return entry(id)->unclear; });
}

bool OrderDesk::resolve(OrderId id, ReceiveTime now) {
    Entry* e = entry(id);
    if (e == nullptr) return false;
    const bool blocked_by_words = std::erase(contradicted_, e->order.instrument) > 0;
    const bool unknown = e->order.state == OrderState::unknown;
    // What was there once has been cancelled; what was never heard of never came.
    const bool was_there = e->order.broker_order.valid() || e->order.filled.units() > 0;
    if (unknown) {
        change_state(*e, was_there ? OrderEvent::cancelled : OrderEvent::absent, now,
                     "not at the broker, an operator says");
    }
    pump(now);
    return unknown || blocked_by_words;
}

bool OrderDesk::knows_trade(OrderId order, FillId fill) const {
    const Entry* e = entry(order);
    return e != nullptr && std::any_of(e->fills.begin(), e->fills.end(), [&](const Booked& b) { return b.id == fill; });
}

bool OrderDesk::look_up(OrderId id, ReceiveTime now) {
    Entry* e = entry(id);
    if (e == nullptr || !e->order.live() || !e->sent || e->ask_due || line_down_) return false;
    begin_asking(*e, now);
    return true;
}

void OrderDesk::take_numbers(OrderId up_to) {
    while (next_id_ <= up_to.value()) {
        Entry gone;
        gone.order.id = OrderId(next_id_++);
        gone.order.state = OrderState::expired;
        entries_.push_back(std::move(gone));
    }
}

bool OrderDesk::cancel_foreign(const Order& order, ReceiveTime now) {
    if (const auto until = throttled_until(); until && now < *until) return false;
    sent_.push(now);
    broker_.cancel(order);
    return true;
}

}  // namespace tide
