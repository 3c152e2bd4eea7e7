#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "session/kill_words.hpp"
#include "session/manual_order.hpp"
#include "session/runtime_settings.hpp"
#include "session/session.hpp"

// The operator's words. Each is recorded with who said it, why, and what came of it.
namespace tide {
namespace {

constexpr std::string_view kOk = "ok";
constexpr std::string_view kRefused = "refused";
constexpr std::string_view kHalted = "halted";
constexpr std::string_view kNotFound = "not_found";
constexpr std::string_view kUsage = "usage";
constexpr std::string_view kUnavailable = "unavailable";
constexpr std::string_view kScriptPrefix = "script.";
constexpr std::string_view kStrategyPrefix = "strategy.";

constexpr std::array<const char*, kCommandKindCount> kNames{
    "stop",         "stop_no_exit",  "kill_switch",   "pause",        "resume",         "set",
    "reload",       "mode_normal",   "exit_position", "cancel_order", "stop_immediate", "manual_mode",
    "manual_order", "resolve_order", "reconcile",     "acknowledge"};

std::string_view code_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::halted:
            return kHalted;
        case ErrorCode::not_found:
            return kNotFound;
        default:
            return kUsage;
    }
}

template <class Number>
std::optional<Number> number_in(std::optional<std::string_view> text) {
    Number value{};
    if (!text) return std::nullopt;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
    return value;
}

}  // namespace

void Session::on(const CommandEvent& command) {
    const CommandOutcome outcome = obey(command);
    record(CommandRecord{kNames[static_cast<size_t>(command.kind)], std::string(command.operator_name),
                         std::string(command.argument), std::string(command.reason), outcome.text,
                         std::string(outcome.code)});
}

Session::CommandOutcome Session::obey(const CommandEvent& command) {
    switch (command.kind) {
        case CommandKind::stop:
        case CommandKind::stop_no_exit:
        case CommandKind::stop_immediate:
            return stop(command);
        case CommandKind::kill_switch:
            return kill(command);
        case CommandKind::pause:
            return pause(command);
        case CommandKind::resume:
            return resume(command);
        case CommandKind::mode_normal: {
            const auto done = halts_.set_mode_normal(now_);
            if (!done) return {kHalted, done.error().message};
            return {kOk, "normal mode"};
        }
        case CommandKind::exit_position:
            return exit_by_operator(command);
        case CommandKind::cancel_order:
            return cancel_by_operator(command);
        case CommandKind::resolve_order:
            return resolve_by_operator(command);
        case CommandKind::set:
            return change_setting(command);
        case CommandKind::manual_mode:
            return set_manual_mode(command);
        case CommandKind::manual_order:
            return order_by_operator(command);
        case CommandKind::reload:
            return reload(command);
        case CommandKind::reconcile:
            return reconcile(command);
        case CommandKind::acknowledge:
            return acknowledge(command);
    }
    return {kUnavailable, "this engine does not know the command"};
}

Session::CommandOutcome Session::stop(const CommandEvent& command) {
    stop_requested_ = true;
    const bool first = halts_.raise(HaltKind::stopping, now_, "", "the session is stopping");
    if (command.kind == CommandKind::stop_no_exit) {
        cancel_everything("stop", false);
        return {kOk, fmt::format("entries closed; {} position(s) stay open", portfolio_.open().size())};
    }
    if (command.kind == CommandKind::stop_immediate) {
        cancel_everything("stop", true);
    } else if (first) {
        cancel_entries("stop");
    }
    const ExitReason why{1, "operator_stop", "", std::string(command.reason)};
    guardian_.close_for_good(now_, why, actions_);
    return {kOk, fmt::format("entries closed; {} position(s) are being closed", portfolio_.open().size())};
}

Session::CommandOutcome Session::kill(const CommandEvent& command) {
    stop_requested_ = true;
    const bool before = halts_.killed();
    // What the engine has done outside the session, for the trail; before the state is saved, scripts are asked for it.
    if (before && command.operator_name == kEngineName && command.argument.starts_with(kKillStep)) {
        for (const auto& owner : runners_) {
            if (command.argument == kKillSaveState && owner->active()) save_state(*owner);
        }
        return {kOk, ""};
    }
    guardian_.kill(now_, fmt::format("by={}", command.operator_name), std::string(command.reason), actions_);
    return {kOk, before ? "was latched already; cancels and exits are asked for again" : "latched"};
}

Session::CommandOutcome Session::pause(const CommandEvent& command) {
    if (!halts_.raise(HaltKind::paused, now_, "", std::string(command.reason))) return {kOk, "was paused already"};
    record(HaltRecord{"paused", true, "", std::string(command.reason)});
    cancel_entries("paused");
    return {kOk, "no new entries"};
}

Session::CommandOutcome Session::resume(const CommandEvent& command) {
    const bool wrong = halts_.active(HaltKind::wrong_order);
    const bool killed = halts_.killed() || wrong;
    const bool paused = halts_.active(HaltKind::paused);
    const bool latched = halts_.killed();
    if (halts_.active(HaltKind::order_unclear)) {
        if (desk_.unclear()) return {kHalted, "an order's outcome is still unclear: engine order resolve ID"};
        clear_halt(HaltKind::order_unclear, "", std::string(command.reason));
        if (!killed && !paused) return {kOk, "the unclear order is settled"};
    }
    if (!killed && !paused) return {kOk, "was neither paused nor killed"};
    halts_.resume(now_);
    if (killed) desk_.end_emergency();
    if (latched) record(HaltRecord{"kill_switch", false, "", std::string(command.reason)});
    if (wrong) record(HaltRecord{"wrong_order", false, "", std::string(command.reason)});
    if (paused) record(HaltRecord{"paused", false, "", std::string(command.reason)});
    if (killed) return {kOk, "resumed in limited mode"};
    const Halt* halt = halts_.first();
    if (halt == nullptr) return {kOk, "entries are possible again"};
    return {kOk, fmt::format("no longer paused; still halted: {}", name_of(halt->kind))};
}

Session::CommandOutcome Session::exit_by_operator(const CommandEvent& command) {
    const ExitReason why{1, "operator_exit", "", std::string(command.reason)};
    if (command.argument == "all") {
        std::vector<PositionId> ids;
        for (const Position& position : portfolio_.open()) ids.push_back(position.id);
        for (const PositionId id : ids) engine_exit(id, why, "operator");
        return {kOk, fmt::format("exits of {} position(s) asked for", ids.size())};
    }
    const auto number = number_in<uint64_t>(command.argument);
    const Position* position = number ? portfolio_.find(PositionId(*number)) : nullptr;
    if (position == nullptr || !position->open()) return {kNotFound, "no such open position"};
    engine_exit(position->id, why, "operator");
    return {kOk, "exit sent"};
}

Session::CommandOutcome Session::cancel_by_operator(const CommandEvent& command) {
    constexpr std::string_view kEntry = "entry=";
    if (command.argument.starts_with(kEntry)) {
        const auto entry = number_in<uint64_t>(command.argument.substr(kEntry.size()));
        if (!entry || !parents_.cancel(IntentId(*entry), now_, "operator")) return {kNotFound, "no such held entry"};
        work_parents();
        return {kOk, "the entry has ended; what it has let go is cancelled"};
    }
    const auto number = number_in<uint64_t>(command.argument);
    if (!number || !desk_.cancel(OrderId(*number), now_, "operator")) return {kNotFound, "no such live order"};
    return {kOk, "cancel sent"};
}

// What the broker's books did not tell, an operator has seen at the broker's own terminal.
Session::CommandOutcome Session::resolve_by_operator(const CommandEvent& command) {
    const auto number = number_in<uint64_t>(command.argument);
    if (!number || !desk_.resolve(OrderId(*number), now_)) return {kNotFound, "there is nothing to resolve about it"};
    return {kOk, "resolved: an unknown order counts as not at the broker, its instrument may trade again"};
}

// Of a key "strategy.NAME.KEY": what is wrong with its name; empty: nothing.
std::string Session::unknown_strategy_in(std::string_view key) const {
    if (!key.starts_with(kStrategyPrefix)) return "";
    const std::string_view rest = key.substr(kStrategyPrefix.size());
    const std::string_view name = rest.substr(0, rest.find('.'));
    std::vector<std::string> names;
    for (const auto& owner : runners_) names.push_back(owner->name());
    if (std::find(names.begin(), names.end(), name) != names.end()) return "";
    return fmt::format("no strategy '{}' runs; there are: {}", name, fmt::join(names, ", "));
}

Session::CommandOutcome Session::change_setting(const CommandEvent& command) {
    const auto argument = OperatorArgument::parse(command.argument);
    if (!argument) return {kUsage, argument.error().message};
    if (argument->pairs().empty()) return {kUsage, "give key=value"};
    const auto& [key, value] = argument->pairs().front();
    if (key.starts_with(kScriptPrefix)) return change_parameter(key, value);
    if (const std::string unknown = unknown_strategy_in(key); !unknown.empty()) return {kNotFound, unknown};
    auto changed = change_runtime_setting(config_, key, value, argument->confirmed());
    if (!changed) return {code_of(changed.error().code), changed.error().message};
    for (const auto& owner : runners_) config_.risk.bind_strategy(owner->name(), owner->id());
    // A tighter limit may be reached already.
    guardian_.on_account(now_, actions_);
    return {kOk, std::move(*changed)};
}

Session::CommandOutcome Session::set_manual_mode(const CommandEvent& command) {
    if (command.argument != "on" && command.argument != "off") return {kUsage, "manual mode is 'on' or 'off'"};
    const bool on = command.argument == "on";
    if (on == manual_mode_) return {kOk, on ? "manual mode was on already" : "manual mode was off already"};
    manual_mode_ = on;
    record(HaltRecord{"manual_mode", on, "", std::string(command.reason)});
    if (on) cancel_entries("manual_mode");
    return {kOk, on ? "manual mode: scripts open nothing, exits go on" : "scripts may open positions again"};
}

// By its symbol, or by underlying, right, strike and expiry (without one: the nearest that may still be entered).
Result<InstrumentId> Session::instrument_of(const OperatorArgument& argument) const {
    if (const auto symbol = argument.find("symbol")) {
        const InstrumentId id = find_instrument(*symbol);
        if (id.valid()) return id;
        return make_error(ErrorCode::not_found, fmt::format("unknown symbol '{}'", *symbol));
    }
    const InstrumentId underlying = find_instrument(argument.find("underlying").value_or(""));
    const auto strike = parse_price(argument.find("strike").value_or(""));
    const auto right = parse_option_right(argument.find("right").value_or(""));
    if (!underlying.valid() || !strike || !right) {
        return make_error(ErrorCode::usage, "give a symbol, or underlying, strike and right (CE or PE)");
    }
    const auto wanted = argument.find("expiry");
    const Date earliest = ist_date(now_) + std::chrono::days(config_.risk.exit_before_expiry_days + 1);
    const auto expiries = book().option_expiries(underlying, wanted ? ist_date(now_) : earliest);
    for (const Date expiry : expiries) {
        if (wanted && format_date(expiry) != *wanted) continue;
        for (const Instrument* option : book().options(underlying, expiry)) {
            if (option->strike == *strike && option->right == *right) return option->id;
        }
        if (!wanted) break;
    }
    return make_error(ErrorCode::not_found,
                      fmt::format("no {} {} {} {}", book().get(underlying).symbol, wanted.value_or("option"),
                                  to_string(*strike), name_of(*right)));
}

Session::CommandOutcome Session::order_by_operator(const CommandEvent& command) {
    const auto argument = OperatorArgument::parse(command.argument);
    if (!argument) return {kUsage, argument.error().message};
    const auto unknown = argument->unknown_key({"side",
                                                "symbol",
                                                "underlying",
                                                "strike",
                                                "right",
                                                "expiry",
                                                "lots",
                                                "limit",
                                                "stop_pct",
                                                "target_pct",
                                                "premium_stop",
                                                "premium_target",
                                                "premium_stop_pct",
                                                "premium_target_pct",
                                                "trail_stop_pct",
                                                "cover",
                                                "trigger",
                                                "trail",
                                                "trail_pct",
                                                "trigger_on",
                                                "good_till",
                                                "after_market",
                                                "display_lots",
                                                "algo",
                                                "over_min",
                                                "slices",
                                                "oco",
                                                "confirm"});
    if (!unknown.empty()) return {kUsage, fmt::format("an order has no '{}'", unknown)};
    if (!manual_mode_) return {kRefused, "manual orders need manual mode: engine manual-mode enable"};
    if (!argument->confirmed()) return {kUsage, "a manual order needs --confirm"};
    const auto instrument = instrument_of(*argument);
    if (!instrument) return {code_of(instrument.error().code), instrument.error().message};
    auto read = manual_intent(*argument);
    if (!read) return {kUsage, read.error().message};
    Intent intent = std::move(*read);
    intent.instrument = *instrument;
    intent.id = reserve_intent_id();
    intent.tag = "manual";
    intent.why = command.reason.empty() ? "manual order" : std::string(command.reason);
    const RiskVerdict verdict = process(intent, nullptr);
    if (!verdict.passed()) return {kRefused, fmt::format("{}: {}", name_of(verdict.code), verdict.text)};
    if (intent.terms.held()) {
        // Its first part may have been due, and refused.
        if (const ParentOrder* held = parents_.find(intent.id); held != nullptr && held->state == ParentState::refused)
            return {kRefused, fmt::format("{}: {}", held->code, held->reason)};
        return {kOk,
                fmt::format("entry {} is held ({}): {} {} lot(s) of {}", intent.id.value(), terms_text(intent.terms),
                            name_of(intent.side), intent.lots, symbol_of(intent.instrument))};
    }
    std::string orders;
    for (const OrderId id : desk_.live()) {
        if (desk_.find(id)->intent == intent.id) orders += fmt::format("{}{}", orders.empty() ? "" : ", ", id.value());
    }
    return {kOk, fmt::format("order {}: {} {} lot(s) of {}", orders.empty() ? "(ended)" : orders, name_of(intent.side),
                             intent.lots, symbol_of(intent.instrument))};
}

}  // namespace tide
