#include "trading/order_group.hpp"

#include <algorithm>

#include "core/assert.hpp"

namespace tide {
namespace {

bool filled(const GroupLeg& leg, const LegFacts& facts) { return facts.open >= leg.quantity && !facts.entering; }
bool failed(const GroupLeg& leg, const LegFacts& facts) {
    return leg.sent && !facts.entering && facts.open < leg.quantity;
}

GroupStep stay(const OrderGroup& group) {
    GroupStep step;
    step.next = group.state;
    return step;
}
GroupStep go(GroupState next, std::string rule, std::string text) {
    GroupStep step;
    step.next = next;
    step.rule = std::move(rule);
    step.text = std::move(text);
    return step;
}
GroupStep send(GroupState next, Side side, std::string rule, std::string text) {
    GroupStep step = go(next, std::move(rule), std::move(text));
    step.send = side;
    return step;
}

// Priority 1: nothing and nobody holds back the unwinding of a half-filled group.
GroupStep unwind(std::string rule, std::string text) {
    GroupStep step = go(GroupState::unwinding, rule, text);
    step.cancel_entries = true;
    step.closes = ExitReason{1, std::move(rule), "", std::move(text)};
    return step;
}
GroupStep close_as_asked(const ExitReason& reason) {
    GroupStep step = go(GroupState::unwinding, reason.rule, reason.text);
    step.cancel_entries = true;
    return step;
}

struct Sides {
    bool bought = false, sold = false;  // there are such legs
    bool bought_filled = true, sold_filled = true;
    bool failed = false;
    bool open = false, entering = false;  // of any leg
};
Sides look_at(const OrderGroup& group, std::span<const LegFacts> facts) {
    Sides sides;
    for (size_t i = 0; i < group.legs.size(); ++i) {
        const GroupLeg& leg = group.legs[i];
        (leg.side == Side::buy ? sides.bought : sides.sold) = true;
        bool& all_filled = leg.side == Side::buy ? sides.bought_filled : sides.sold_filled;
        all_filled = all_filled && filled(leg, facts[i]);
        sides.failed = sides.failed || failed(leg, facts[i]);
        sides.open = sides.open || facts[i].open.units() > 0;
        sides.entering = sides.entering || facts[i].entering;
    }
    return sides;
}

GroupStep step_of_building(const OrderGroup& group, const Sides& sides, ReceiveTime now) {
    if (group.closing) return close_as_asked(*group.closing);
    if (sides.failed) return unwind("leg_not_filled", "a leg ended without being filled");
    const bool done = sides.bought_filled && sides.sold_filled;
    if (now >= group.deadline && !done) return unwind("group_timeout", "not all legs were filled in time");
    switch (group.state) {
        case GroupState::waiting:
            return sides.bought ? send(GroupState::hedging, Side::buy, "entry", "the bought legs leave")
                                : send(GroupState::selling, Side::sell, "entry", "the legs leave");
        case GroupState::hedging:
            if (!sides.bought_filled) return stay(group);
            if (!sides.sold) return go(GroupState::whole, "filled", "every leg is filled");
            return send(GroupState::selling, Side::sell, "hedged", "the bought legs are filled: the sold legs leave");
        default:
            return done ? go(GroupState::whole, "filled", "every leg is filled") : stay(group);
    }
}

}  // namespace

std::string_view name_of(GroupState state) {
    static constexpr std::string_view kNames[kGroupStateCount] = {"waiting", "hedging",   "selling",
                                                                  "whole",   "unwinding", "flat"};
    return kNames[static_cast<size_t>(state)];
}

GroupStep step_of(const OrderGroup& group, std::span<const LegFacts> facts, ReceiveTime now) {
    TIDE_ASSERT(facts.size() == group.legs.size());
    const Sides sides = look_at(group, facts);
    switch (group.state) {
        case GroupState::waiting:
        case GroupState::hedging:
        case GroupState::selling:
            return step_of_building(group, sides, now);
        case GroupState::whole:
            if (group.closing) return close_as_asked(*group.closing);
            if (!sides.bought_filled || !sides.sold_filled) {
                return unwind("leg_gone", "a leg is not there any more: the rest follows it");
            }
            return stay(group);
        case GroupState::unwinding: {
            if (!sides.open && !sides.entering) return go(GroupState::flat, "closed", "nothing is open any more");
            GroupStep step = stay(group);
            step.cancel_entries = sides.entering;
            return step;
        }
        case GroupState::flat:
            break;
    }
    // What was filled after everything had been cancelled and closed.
    if (sides.open || sides.entering) return unwind("late_fill", "filled after the group had ended: closed at once");
    return stay(group);
}

OrderGroup& OrderGroups::add(OrderGroup group) {
    groups_.push_back(std::move(group));
    return groups_.back();
}

OrderGroup* OrderGroups::find(GroupId id) {
    const auto found = std::find_if(groups_.begin(), groups_.end(), [&](const OrderGroup& g) { return g.id == id; });
    return found == groups_.end() ? nullptr : &*found;
}
const OrderGroup* OrderGroups::find(GroupId id) const { return const_cast<OrderGroups*>(this)->find(id); }

bool OrderGroups::close(GroupId id, const ExitReason& reason) {
    OrderGroup* group = find(id);
    if (group == nullptr || !group->alive()) return false;
    if (!group->closing || reason.priority < group->closing->priority) group->closing = reason;
    return true;
}

const ExitReason* OrderGroups::closing(GroupId id) const {
    const OrderGroup* group = find(id);
    return group == nullptr || !group->closing ? nullptr : &*group->closing;
}

ReceiveTime OrderGroups::next_due() const {
    ReceiveTime first = ReceiveTime::max();
    for (const OrderGroup& group : groups_) {
        const bool building = group.state < GroupState::whole;
        if (building) first = std::min(first, group.deadline);
    }
    return first;
}

void OrderGroups::start_day() {
    std::erase_if(groups_, [](const OrderGroup& group) { return !group.alive(); });
}

}  // namespace tide
