#include "bindings/api_registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bindings/api_entries.hpp"
#include "core/settings.hpp"

namespace tide {
namespace {

constexpr bool kGiven = true;  // by the script
constexpr bool kOpen = true;   // takes fields of the script's own
constexpr bool kOfACall = false;

constexpr ApiOwner kOwners[] = {
    {"strategy_spec", "the table of strategy { … }", kGiven},
    {"needs", "what a strategy wants to see", kGiven},
    {"chain_need", "the option chain it wants", kGiven},
    {"param", "definitions of parameters"},
    {"parameter_options", "the last argument of param.…", kGiven},
    {"indicator_spec", "the table of indicator { … }", kGiven},
    {"indicator_definition", "what indicator { … } gives"},
    {"ctx", "the strategy's view of the engine; the same table in every callback, own fields may be kept in it", false,
     kOpen},
    {"bar", "a bar that has closed", false, kOpen, kOfACall},
    {"bars", "the bars of a symbol and timeframe, counted back from the one that just closed"},
    {"indicator", "an indicator; each output is also a field with its value now (nil until ready)"},
    {"tick", "a price", false, kOpen, kOfACall},
    {"chain", "an option chain as it was when asked for", false, kOpen, kOfACall},
    {"leg", "a row of a chain", false, kOpen, kOfACall},
    {"chain_options", "options of ctx:chain", kGiven},
    {"position", "an open position; the same table for as long as it is open", false, kOpen},
    {"quote", "prices at an exit check", false, kOpen, kOfACall},
    {"order", "an order whose state changed", false, kOpen, kOfACall},
    {"fill", "a fill", false, kOpen, kOfACall},
    {"account", "the account", false, kOpen, kOfACall},
    {"volatility", "the VIX", false, kOpen, kOfACall},
    {"quality", "what the data of a symbol is worth", false, kOpen, kOfACall},
    {"risk_event", "an event of on_risk", false, kOpen, kOfACall},
    {"link_event", "an event of on_link", false, kOpen, kOfACall},
    {"enter", "the table of ctx:enter { … }", kGiven},
    {"exit", "options of ctx:exit", kGiven},
    {"enter_group", "the table of ctx:enter_group { … }", kGiven},
    {"group_leg", "a leg of ctx:enter_group", kGiven},
    {"exit_group", "options of ctx:exit_group", kGiven},
    {"level", "options of ctx:set_stop, ctx:set_target and ctx:trail_stop", kGiven},
    {"decision", "what on_exit_check returns", kGiven},
    {"string", "texts; read-only; also as methods of a text"},
    {"table", "lists; read-only"},
    {"math", "numbers; read-only"},
    {"bit", "32-bit numbers; read-only"},
    {"os", "the engine's time; read-only"},
};

std::vector<ApiName> make_registry() {
    std::vector<ApiName> all;
    add_declaration_names(all);
    add_callback_names(all);
    add_context_names(all);
    add_market_names(all);
    add_trading_names(all);
    add_language_names(all);
    return all;
}

std::string range_text(const ApiArgument& argument, std::string_view noun) {
    const bool low = std::isfinite(argument.min);
    const bool high = std::isfinite(argument.max);
    if (low && high) return fmt::format("{} from {} to {}", noun, argument.min, argument.max);
    if (low) return fmt::format("{}, at least {}", noun, argument.min);
    if (high) return fmt::format("{}, at most {}", noun, argument.max);
    return std::string(noun);
}

std::string call_text(const ApiName& entry) {
    std::string text = entry.full_name() + "(";
    for (size_t i = 0; i < entry.arguments.size(); ++i) {
        const auto& argument = entry.arguments[i];
        text += fmt::format("{}{}: {}", i == 0 ? "" : ", ", argument.name, argument.type);
    }
    return text + (entry.type.empty() ? ")" : fmt::format(") -> {}", entry.type));
}

std::string help_of(const ApiName& entry) {
    std::string text = entry.is_call() ? call_text(entry)
                                       : fmt::format("{}: {}{}", entry.full_name(), entry.type,
                                                     entry.unit.empty() ? "" : fmt::format(" [{}]", entry.unit));
    text += fmt::format("\n  {}\n", entry.help);
    if (!entry.refusals.empty()) text += fmt::format("  refusals: {}\n", entry.refusals);
    if (!entry.rounding.empty()) text += fmt::format("  rounding: {}\n", entry.rounding);
    if (!entry.example.empty()) text += fmt::format("  example:  {}\n", entry.example);
    return text;
}

std::string other_separator(std::string_view name) {
    std::string other(name);
    if (const size_t at = other.find_first_of(".:"); at != std::string::npos) other[at] = other[at] == '.' ? ':' : '.';
    return other;
}

}  // namespace

std::string ApiName::full_name() const {
    if (owner.empty()) return std::string(name);
    return fmt::format("{}{}{}", owner, kind == ApiKind::method ? ":" : ".", name);
}

const std::vector<ApiName>& api_registry() {
    static const std::vector<ApiName> all = make_registry();
    return all;
}

std::span<const ApiOwner> api_owners() { return kOwners; }

const ApiOwner* find_api_owner(std::string_view name) {
    const auto* found =
        std::find_if(std::begin(kOwners), std::end(kOwners), [&](const ApiOwner& owner) { return owner.name == name; });
    return found == std::end(kOwners) ? nullptr : found;
}

std::vector<const ApiName*> api_members(std::string_view owner) {
    std::vector<const ApiName*> members;
    for (const ApiName& entry : api_registry()) {
        if (entry.owner == owner) members.push_back(&entry);
    }
    return members;
}

const ApiName* find_api_member(std::string_view owner, std::string_view name) {
    for (const ApiName& entry : api_registry()) {
        if (entry.owner == owner && entry.name == name) return &entry;
    }
    return nullptr;
}

const ApiName* find_api_name(std::string_view full_name) {
    const std::string other = other_separator(full_name);
    for (const ApiName& entry : api_registry()) {
        const std::string own = entry.full_name();
        if (own == full_name || own == other) return &entry;
    }
    return nullptr;
}

std::vector<std::string> api_names() {
    std::vector<std::string> names;
    for (const ApiName& entry : api_registry()) names.push_back(entry.full_name());
    std::sort(names.begin(), names.end());
    return names;
}

std::span<const std::string_view> api_removed_names() {
    static constexpr std::string_view kRemoved[] = {
        "load",   "loadstring", "loadfile", "dofile", "getfenv", "setfenv", "newproxy", "collectgarbage",
        "gcinfo", "module",     "package",  "debug",  "io",      "ffi",     "jit",      "coroutine",
        "_G"};
    return kRemoved;
}

std::string wanted_text(const ApiArgument& argument) {
    if (!argument.wanted.empty()) return std::string(argument.wanted);
    std::string_view type = argument.type;
    if (type.ends_with('?')) type.remove_suffix(1);
    if (type == "string") return "a text";
    if (type == "number") return range_text(argument, "a number");
    if (type == "integer") return range_text(argument, "a whole number");
    if (type == "boolean") return "true or false";
    if (type == "table" || type.ends_with("[]")) return "a table";
    if (type == "function") return "a function";
    if (const ApiOwner* owner = find_api_owner(type); owner != nullptr)
        return owner->given_by_script ? "a table" : fmt::format("a {}", type);
    std::string text;
    for (size_t from = 0; from <= type.size();) {
        const size_t bar = std::min(type.find('|', from), type.size());
        text += fmt::format("{}{}", text.empty() ? "" : " or ", type.substr(from, bar - from));
        from = bar + 1;
    }
    return text;
}

std::string api_help(std::string_view name) {
    if (const ApiName* entry = find_api_name(name)) return help_of(*entry);
    if (const ApiOwner* owner = find_api_owner(name)) {
        std::string text = fmt::format("{}: {}\n", owner->name, owner->help);
        for (const ApiName* member : api_members(owner->name))
            text += fmt::format("  {:<28} {}\n", member->full_name(), member->help);
        return text;
    }
    auto candidates = api_names();
    for (const ApiOwner& owner : kOwners) candidates.emplace_back(owner.name);
    const std::string near = nearest_word(name, candidates);
    return fmt::format("there is no '{}'{}\n", name, near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
}

}  // namespace tide
