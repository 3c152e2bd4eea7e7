#include "risk/risk_gate.hpp"

#include <fmt/format.h>

namespace tide {
namespace {

template <class... Args>
RiskVerdict refuse(RiskCode code, std::string values, fmt::format_string<Args...> text, Args&&... args) {
    return {code, std::move(values), fmt::format(text, std::forward<Args>(args)...), std::nullopt};
}
RiskVerdict pass(std::string values) { return {RiskCode::ok, std::move(values), "passed", std::nullopt}; }

RiskVerdict exit_of_group(GroupId group, int priority, const RiskContext& context) {
    const ExitReason* closing = context.groups->closing(group);
    if (closing != nullptr && priority >= closing->priority) {
        return refuse(RiskCode::exit_in_progress, fmt::format("priority={} running={}", priority, closing->priority),
                      "group {} is being closed already", group.value());
    }
    return pass(fmt::format("priority={} group={}", priority, group.value()));
}

}  // namespace

std::string_view name_of(RiskCode code) {
    static constexpr std::string_view kNames[] = {
#define TIDE_X(name, where, meaning) #name,
        TIDE_RISK_CODES(TIDE_X)
#undef TIDE_X
    };
    return kNames[static_cast<size_t>(code)];
}

std::string risk_code_table_markdown() {
    std::string out =
        "# Why the risk gate refuses\n\n"
        "Every decision of the gate is recorded with one of these codes, the values it looked at (`key=value`) and a\n"
        "sentence. Codes are stable. An exit is only ever refused by the codes marked `exit`: entry limits do not "
        "touch\n"
        "it. This page is made from `TIDE_RISK_CODES` in `engine/risk/risk_gate.hpp`; a test keeps it current.\n\n"
        "| code | concerns | meaning |\n|---|---|---|\n";
#define TIDE_X(name, where, meaning) out += "| `" #name "` | " where " | " meaning " |\n";
    TIDE_RISK_CODES(TIDE_X)
#undef TIDE_X
    return out;
}

RiskVerdict RiskGate::evaluate(const Intent& intent, const RiskContext& context) const {
    switch (intent.kind) {
        case IntentKind::enter:
            return intent.terms.held() ? evaluate_held(intent, context) : evaluate_entry(intent, context);
        case IntentKind::exit:
            return evaluate_exit(intent, context);
        case IntentKind::set_stop:
        case IntentKind::set_target:
        case IntentKind::set_trail:
            return evaluate_level(intent, context);
        case IntentKind::enter_group:
            return evaluate_group(intent, context);
        case IntentKind::exit_group:
            return evaluate_exit_group(intent, context);
        case IntentKind::cancel:
            break;
    }
    return evaluate_cancel(intent, context);
}

// ---- exits, levels, cancels

RiskVerdict RiskGate::evaluate_exit(const Intent& intent, const RiskContext& context) const {
    const Position* position = context.portfolio.find(intent.position);
    if (position == nullptr) {
        return refuse(RiskCode::unknown_position, fmt::format("position={}", intent.position.value()),
                      "position {} is not open", intent.position.value());
    }
    if (intent.strategy.valid() && position->strategy != intent.strategy) {
        return refuse(RiskCode::not_your_position, fmt::format("position={}", intent.position.value()),
                      "position {} belongs to another strategy", intent.position.value());
    }
    if (!(intent.fraction > 0 && intent.fraction <= 1)) {
        return refuse(RiskCode::bad_fraction, fmt::format("fraction={}", intent.fraction),
                      "the fraction {} is not above 0 and at most 1", intent.fraction);
    }
    const bool leg = position->group.valid() && context.groups != nullptr;
    if (leg && intent.fraction < 1) {
        return refuse(
            RiskCode::leg_of_group, fmt::format("group={} fraction={}", position->group.value(), intent.fraction),
            "position {} is a leg of group {}, which leaves as one", position->id.value(), position->group.value());
    }
    if (leg) return exit_of_group(position->group, intent.reason.priority, context);
    const int running = context.desk.exit_priority(position->id);
    const bool covered = context.desk.exiting(position->id) >= position->quantity;
    if (running != 0 && (covered || intent.reason.priority >= running)) {
        return refuse(RiskCode::exit_in_progress,
                      fmt::format("priority={} running={}", intent.reason.priority, running),
                      "an exit of priority {} is on its way", running);
    }
    return pass(fmt::format("priority={} fraction={}", intent.reason.priority, intent.fraction));
}

RiskVerdict RiskGate::evaluate_exit_group(const Intent& intent, const RiskContext& context) const {
    const OrderGroup* group = context.groups == nullptr ? nullptr : context.groups->find(intent.group);
    if (group == nullptr || !group->alive()) {
        return refuse(RiskCode::unknown_group, fmt::format("group={}", intent.group.value()), "group {} is not open",
                      intent.group.value());
    }
    if (intent.strategy.valid() && group->strategy != intent.strategy) {
        return refuse(RiskCode::not_your_group, fmt::format("group={}", intent.group.value()),
                      "group {} belongs to another strategy", intent.group.value());
    }
    return exit_of_group(intent.group, intent.reason.priority, context);
}

RiskVerdict RiskGate::evaluate_level(const Intent& intent, const RiskContext& context) const {
    const Position* position = context.portfolio.find(intent.position);
    if (position == nullptr) {
        return refuse(RiskCode::unknown_position, fmt::format("position={}", intent.position.value()),
                      "position {} is not open", intent.position.value());
    }
    if (intent.strategy.valid() && position->strategy != intent.strategy) {
        return refuse(RiskCode::not_your_position, fmt::format("position={}", intent.position.value()),
                      "position {} belongs to another strategy", intent.position.value());
    }
    if (intent.kind == IntentKind::set_trail) {
        const double pct = intent.trail_stop_pct.value_or(0);
        if (pct > 0 && pct < 100) return pass(fmt::format("trail_pct={}", pct));
        return refuse(RiskCode::bad_level, fmt::format("trail_pct={}", pct),
                      "a stop trails by more than 0 and less than 100 %");
    }
    if (!intent.level.positive()) {
        return refuse(RiskCode::bad_level, fmt::format("level={}", to_string(intent.level)),
                      "a level must be above zero");
    }
    const auto& levels = position->levels;
    if (intent.kind == IntentKind::set_stop && levels.stop && !levels.on_premium) {
        const bool against =
            position->underlying_direction > 0 ? intent.level < *levels.stop : intent.level > *levels.stop;
        if (against) {
            return refuse(RiskCode::stop_against_position,
                          fmt::format("stop={} new={}", to_string(*levels.stop), to_string(intent.level)),
                          "the stop {} cannot be moved back to {}", to_string(*levels.stop), to_string(intent.level));
        }
    }
    return pass(fmt::format("level={}", to_string(intent.level)));
}

RiskVerdict RiskGate::evaluate_cancel(const Intent& intent, const RiskContext& context) const {
    if (intent.parent.valid()) return evaluate_parent_cancel(intent, context);
    const Order* order = context.desk.find(intent.order);
    if (order == nullptr || !order->live()) {
        return refuse(RiskCode::unknown_order, fmt::format("order={}", intent.order.value()), "order {} is not live",
                      intent.order.value());
    }
    if (intent.strategy.valid() && order->strategy != intent.strategy) {
        return refuse(RiskCode::not_your_order, fmt::format("order={}", intent.order.value()),
                      "order {} belongs to another strategy", intent.order.value());
    }
    if (intent.strategy.valid() && context.desk.mandatory(intent.order)) {
        return refuse(RiskCode::mandatory_exit, fmt::format("order={}", intent.order.value()),
                      "order {} is an exit that the engine decided", intent.order.value());
    }
    return pass(fmt::format("order={}", intent.order.value()));
}

}  // namespace tide
