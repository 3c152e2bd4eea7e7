#include <fmt/format.h>

#include "core/percent.hpp"
#include "session/session.hpp"

// Legs that are entered and left as one (trading/order_group.hpp has the table; here its word becomes orders).
namespace tide {
namespace {

constexpr int kRoundsMax = 64;  // a group has six states, and leaves each at most once a moment

}  // namespace

std::string Session::legs_text(const Intent& intent) const {
    std::string text;
    for (const IntentLeg& leg : intent.legs) {
        text +=
            fmt::format("{}{} {} {}", text.empty() ? "" : ", ", name_of(leg.side), leg.lots, symbol_of(leg.instrument));
        if (leg.limit) text += fmt::format(" at {}", to_string(*leg.limit));
    }
    return text;
}

// At which loss the engine closes it: what the script said; else a share of the most that a group of defined risk can
// lose. Of a group that sells without cover every leg keeps the disaster stop of a single position.
std::optional<Money> Session::loss_limit_of(const Intent& intent) const {
    if (intent.max_loss) return intent.max_loss;
    std::vector<MarginLeg> legs;
    for (const IntentLeg& leg : intent.legs) {
        const Instrument& instrument = book().get(leg.instrument);
        const Price price = leg.limit ? *leg.limit : market_.prices().last(leg.instrument, now_).value_or(Price());
        legs.push_back({&instrument, leg.side, Quantity(leg.lots * instrument.lot.units()), price,
                        market_.prices().underlying_last(instrument).value_or(Price())});
    }
    const Money most = settlement_loss(legs, config_.risk.margin);
    if (!covered(legs, config_.risk.margin) || most <= Money()) return std::nullopt;
    return percent_of(most, config_.risk.disaster_premium_pct);
}

OrderGroup Session::group_of(const Intent& intent, const ScriptRunner* owner) {
    OrderGroup group;
    group.id = GroupId(intent.id.value());
    group.strategy = intent.strategy;
    group.strategy_name = owner == nullptr ? "operator" : owner->name();
    group.script_version = owner == nullptr ? "" : owner->version_text();
    const Instrument& first = book().get(intent.legs.front().instrument);
    group.underlying = first.underlying.valid() ? first.underlying : first.id;
    group.deadline = now_ + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(
                                intent.timeout_s.value_or(config_.orders.group_timeout_s)));
    group.loss_limit = loss_limit_of(intent);
    group.tag = intent.tag;
    group.why = intent.why;
    for (size_t i = 0; i < intent.legs.size(); ++i) {
        const IntentLeg& wanted = intent.legs[i];
        PositionPlan plan;
        plan.group = group.id;
        plan.strategy = group.strategy;
        plan.strategy_name = group.strategy_name;
        plan.script_version = group.script_version;
        plan.instrument = wanted.instrument;
        plan.side = wanted.side;
        plan.tag = intent.tag;
        plan.why = intent.why;
        group.legs.push_back({wanted.instrument, wanted.side, wanted.lots,
                              Quantity(wanted.lots * book().get(wanted.instrument).lot.units()), wanted.limit,
                              reserve_intent_id(), portfolio_.plan(std::move(plan)), false});
    }
    return group;
}

void Session::enter_group(const Intent& intent, const ScriptRunner* owner) {
    OrderGroup& group = groups_.add(group_of(intent, owner));
    for (size_t i = 0; i < group.legs.size(); ++i) gate_.note_accepted(leg_intent(intent, i), now_);
    work_group(group);
}

std::vector<LegFacts> Session::facts_of(const OrderGroup& group) const {
    std::vector<LegFacts> facts;
    for (const GroupLeg& leg : group.legs) {
        const Position* position = portfolio_.find(leg.position);
        facts.push_back({position == nullptr ? Quantity() : position->quantity, desk_.entering(leg.position)});
    }
    return facts;
}

bool Session::close_with_group(const Position& position, const ExitReason& reason) {
    const OrderGroup* group = position.group.valid() ? groups_.find(position.group) : nullptr;
    if (group == nullptr || !group->alive()) return false;
    close_groups({{group->id, reason}});
    return true;
}

// Each leg's exit is the guardian's to ask for, in its turn and again where it fails.
void Session::close_groups(const std::vector<GroupExit>& exits) {
    for (const GroupExit& exit : exits) groups_.close(exit.group, exit.reason);
    work_groups();
    guardian_.on_account(now_, actions_);
    if (!actions_.empty()) apply(actions_);
}

void Session::work_groups() {
    int rounds = 0;
    do {
        groups_changed_ = false;
        TIDE_ASSERT(++rounds < kRoundsMax);
        // By place: what a group does may not add another, but its memory is the groups'.
        for (size_t i = 0; i < groups_.all().size(); ++i) work_group(groups_.all()[i]);
    } while (groups_changed_);
}

void Session::work_group(OrderGroup& group) {
    for (int round = 0;; ++round) {
        TIDE_ASSERT(round < kRoundsMax);
        const auto facts = facts_of(group);
        const GroupStep step = step_of(group, facts, now_);
        const bool moves = step.next != group.state;
        if (step.closes && !group.closing) group.closing = step.closes;
        if (moves) change_group(group, step, facts);
        if (step.cancel_entries) desk_.cancel_entries_of(group.id, now_, "its group is unwound");
        if (step.send) send_legs(group, *step.send);
        if (!moves) return;
        if (group.state >= GroupState::unwinding) account_changed_ = true;  // the guardian asks for the exits
    }
}

void Session::change_group(OrderGroup& group, const GroupStep& step, std::span<const LegFacts> facts) {
    GroupRecord row;
    row.group = group.id;
    row.strategy = group.strategy;
    row.strategy_name = group.strategy_name;
    row.underlying = symbol_of(group.underlying);
    row.from = name_of(group.state);
    row.state = name_of(step.next);
    row.rule = step.rule;
    row.text = step.text;
    row.loss_limit = group.loss_limit;
    for (size_t i = 0; i < group.legs.size(); ++i) {
        const GroupLeg& leg = group.legs[i];
        row.legs += fmt::format("{}{} {}/{} {}", i == 0 ? "" : ", ", name_of(leg.side), facts[i].open.units(),
                                leg.quantity.units(), symbol_of(leg.instrument));
    }
    group.state = step.next;
    record(std::move(row));
}

// The bought legs passed with their group, a moment ago. What is sold leaves later, and the market may have changed: it
// passes the gate again, all of it or none.
void Session::send_legs(OrderGroup& group, Side side) {
    std::vector<Intent> intents;
    for (const GroupLeg& leg : group.legs) {
        if (leg.side != side) continue;
        Intent intent;
        intent.id = leg.intent;
        intent.kind = IntentKind::enter;
        intent.strategy = group.strategy;
        intent.decided = now_;
        intent.instrument = leg.instrument;
        intent.side = leg.side;
        intent.lots = leg.lots;
        intent.limit = leg.limit;
        intent.tag = group.tag;
        intent.why = group.why;
        intent.group = group.id;
        const std::string symbol = symbol_of(leg.instrument);
        record(IntentRecord{intent, symbol, group.script_version, "", cause_text(), sequence_});
        const RiskVerdict verdict = gate_.evaluate_release(intent, risk_context());
        record(RiskRecord{intent.id,
                          {},
                          intent.strategy,
                          symbol,
                          verdict.passed(),
                          std::string(name_of(verdict.code)),
                          verdict.values,
                          verdict.text});
        if (!verdict.passed()) {
            tell_refusal(intent, verdict, symbol);
            group.closing =
                ExitReason{1, "leg_refused", fmt::format("code={} {}", name_of(verdict.code), verdict.values),
                           fmt::format("{}: {}", symbol, verdict.text)};
            return;
        }
        intents.push_back(std::move(intent));
    }
    size_t next = 0;
    for (GroupLeg& leg : group.legs) {
        if (leg.side != side) continue;
        const Instrument& instrument = book().get(leg.instrument);
        OrderRequest request = entry_request(intents[next++], instrument, leg.position);
        request.leave_before = gate_.entries_until(instrument, risk_context());
        leg.sent = true;
        if (auto orders = desk_.submit(request, now_); !orders) {
            record(NoteRecord{"warning", "engine", orders.error().message});
        }
    }
}

}  // namespace tide
