#include <algorithm>

#include "checker.hpp"

// Legs that are entered and left as one: what is bought leaves first, what is sold never stands without it, and at the
// end all of a group is there or none of it.
namespace tide::simulation {
namespace {

// As for everything that must be closed, and the time that the group may take to become whole.
constexpr Duration kTimeToUnwind = minutes(3);

}  // namespace

void Checker::check_group_entry(const Intent& intent, ReceiveTime now) {
    ++entries_;
    check(!halted(), "no group while something is halted");
    check(in_entry_window(now), "no group outside the entry window");
    check(intent.legs.size() >= 2 && intent.legs.size() <= 8, "a group has two to eight legs");
    check_market_is_calm(now);
    check_losses();
    for (size_t i = 0; i < intent.legs.size(); ++i) {
        const Intent leg = leg_intent(intent, i);
        check(option(leg.instrument).underlying == option(intent.legs.front().instrument).underlying,
              "a group is on one underlying");
        check_entry_quotes(leg, now);
        check_entry_orders(leg, now);
    }
    check_entry_counts(intent);
    groups_[GroupId(intent.id.value())].legs = intent.legs;
}

// A leg that leaves was looked at again: the market may have changed since its group passed.
void Checker::check_leg_release(const Intent& leg, ReceiveTime now) {
    check(groups_.contains(leg.group), "a leg belongs to a group that passed");
    check(!halted(), "no leg leaves while something is halted");
    check(in_entry_window(now), "no leg leaves outside the entry window");
    check_entry_quotes(leg, now);
    check_market_is_calm(now);
}

void Checker::on_group(const GroupRecord& row) {
    check(groups_.contains(row.group), "a group that changes is one that passed");
    KnownGroup& group = groups_[row.group];
    check(group.state == row.from, "a group goes on from where it was");
    group.state = row.state;
    if (row.state != "unwinding") {
        group.unwinding_since.reset();
    } else if (!group.unwinding_since) {
        group.unwinding_since = now_;
    }
}

void Checker::on_group_fill(const Fill& fill, const Order& order) {
    if (order.group.valid() && order.purpose == OrderPurpose::entry && fill.side == Side::buy) {
        groups_[order.group].bought_in[fill.instrument] += fill.quantity;
    }
}

void Checker::check_sold_leg_leaves(const Order& order) {
    if (order.side != Side::sell) return;
    const KnownGroup& group = groups_[order.group];
    for (const IntentLeg& leg : group.legs) {
        if (leg.side != Side::buy) continue;
        const auto filled = group.bought_in.find(leg.instrument);
        const Quantity planned(leg.lots * option(leg.instrument).lot.units());
        check(filled != group.bought_in.end() && filled->second >= planned,
              "no sold leg of a group leaves before its hedge is filled");
    }
}

void Checker::check_hedge_leaves(const Order& order) {
    if (order.side != Side::sell) return;  // buys back what was sold
    for (const Position& position : session_->portfolio().open()) {
        check(position.group != order.group || position.side == Side::buy,
              "a hedge does not leave while what it covers is open");
    }
    for (const auto& [id, known] : orders_) {
        const Order& other = known.order;
        const bool may_sell = other.live() && other.group == order.group && other.purpose == OrderPurpose::entry &&
                              other.side == Side::sell && known.sent;
        check(!may_sell, "a hedge does not leave while what it covers may still be sold");
    }
}

void Checker::check_groups() {
    for (const auto& [id, group] : groups_) {
        Quantity open_sold;
        bool hedged = true;
        for (const IntentLeg& leg : group.legs) {
            Quantity held;
            for (const Position& position : session_->portfolio().open()) {
                if (position.group == id && position.instrument == leg.instrument) held += position.quantity;
            }
            const Quantity planned(leg.lots * option(leg.instrument).lot.units());
            if (leg.side == Side::sell) open_sold += held;
            if (leg.side == Side::buy) hedged = hedged && held >= planned;
        }
        check(open_sold.units() == 0 || hedged || group.state == "unwinding",
              "nothing sold of a group stands without its hedge, but while it is unwound");
        const bool late =
            group.unwinding_since &&
            now_ > std::max(*group.unwinding_since, at(kTradingDay, scenario_.honest_from)) + kTimeToUnwind;
        check(!late || group.state != "unwinding", "a group is unwound within three minutes of an honest broker");
    }
}

void Checker::check_groups_at_end() {
    for (const OrderGroup& group : session_->groups().all()) {
        check(!group.alive(), "at the end no group is open");
        check(groups_.contains(group.id), "every group passed the gate");
    }
    check(session_->groups().all().size() == groups_.size(), "every group that passed is there");
}

}  // namespace tide::simulation
