#include <algorithm>

#include "checker.hpp"

// What holds of entries that the engine holds (docs/decisions/parent-orders.md).
namespace tide::simulation {
namespace {

constexpr Duration kTimeToCancel = seconds(30);

}  // namespace

const Position* Checker::own_position(const Intent& intent) const {
    return intent.parent.valid() && intent.position.valid() ? session_->portfolio().find(intent.position) : nullptr;
}

void Checker::check_held(const Intent& intent, ReceiveTime now) {
    check(!halted(), "no entry is held while something is halted");
    check(intent.lots >= 1 && intent.lots <= 100, "a held entry has between 1 and 100 lots");
    check_not_twice(intent, now);
    held_.emplace(intent.id, intent);
}

// A part that the gate let pass just now.
void Checker::check_child(const Intent& intent) {
    const auto parent = held_.find(intent.parent);
    check(parent != held_.end(), "a part belongs to an entry that the gate let pass");
    if (parent == held_.end()) return;
    const Intent& whole = parent->second;
    check(whole.instrument == intent.instrument && whole.side == intent.side && whole.strategy == intent.strategy,
          "a part is of its entry's instrument, side and strategy");
    const auto known = parents_.find(intent.parent);
    check(known != parents_.end() && known->second.parent.live(), "nothing leaves of an entry that is over");
    if (whole.terms.triggered())
        check(known->second.parent.trigger.has_value(), "a trigger is known when it is reached");
    if (whole.terms.display_lots > 0)
        check(intent.lots <= whole.terms.display_lots, "an iceberg shows no more than it says");
    children_[intent.parent].push_back(intent.id);
}

// When a part leaves: what was filled of all of them, what is live, and it are no more than the whole.
void Checker::check_whole(const Order& order) {
    const auto intent = intents_.find(order.intent);
    if (intent == intents_.end() || !intent->second.parent.valid()) return;
    const auto whole = held_.find(intent->second.parent);
    if (whole == held_.end()) return;
    int64_t committed = 0;
    for (const IntentId child : children_[whole->first]) {
        for (const OrderId id : orders_of_[child]) {
            const Order& each = orders_[id].order;
            committed += each.live() ? each.quantity.units() : each.filled.units();
            check(child == order.intent || !each.live(), "one part of an entry is live at a time");
        }
    }
    check(committed <= whole->second.lots * option(order.instrument).lot.units(),
          "the parts of an entry are never more than the whole");
}

void Checker::on_parent(const ParentRecord& row) {
    const ParentOrder& now = row.parent;
    check(held_.contains(now.id()), "an entry is held once the gate let it pass");
    const auto [known, is_new] = parents_.emplace(now.id(), row);
    if (is_new) {
        check(now.state == ParentState::waiting, "an entry waits when it is accepted");
        return;
    }
    const ParentOrder& before = known->second.parent;
    check(row.from == before.state, "the states of a held entry follow each other");
    check(before.live() || now.state == before.state, "what is over stays over");
    if (before.trigger && now.trigger) {
        const Price back = now.direction > 0 ? *now.trigger - *before.trigger : *before.trigger - *now.trigger;
        check(!back.positive(), "a trailing trigger never gives way");
    }
    if (now.state == ParentState::done) check(now.filled >= now.quantity, "done means filled");
    known->second = row;
    if (!now.live()) ended_parents_.emplace(now.id(), now_);
}

// The cancel leaves at once, or when the throttle and the line let it.
void Checker::check_ended_parents() {
    for (auto ended = ended_parents_.begin(); ended != ended_parents_.end();) {
        bool left = false;
        for (const IntentId child : children_[ended->first]) {
            for (const OrderId id : orders_of_[child])
                left = left || (orders_[id].order.live() && !orders_[id].cancel_sent);
        }
        if (line_down_) ended->second = now_;
        check(!left || now_ <= ended->second + kTimeToCancel, "an entry that is over leaves no order behind");
        ended = left ? std::next(ended) : ended_parents_.erase(ended);
    }
}

void Checker::check_nothing_held() {
    if (killed_ || paused_ || stopping_ || feed_down_)
        check(session_->parents().idle(), "nothing is held after a kill, a pause, a stop or without a feed");
}

}  // namespace tide::simulation
