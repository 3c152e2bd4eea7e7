#include "bindings/api_documents.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bindings/api_registry.hpp"

namespace tide {
namespace {

std::string cell(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '|') out += '\\';
        out += c;
    }
    return out;
}

std::string signature(const ApiName& entry) {
    if (!entry.is_call()) return entry.full_name();
    std::string text = entry.full_name() + "(";
    for (size_t i = 0; i < entry.arguments.size(); ++i) {
        const bool optional = entry.arguments[i].type.ends_with('?') && entry.arguments[i].name != "...";
        text += fmt::format("{}{}{}", i == 0 ? "" : ", ", entry.arguments[i].name, optional ? "?" : "");
    }
    return text + ")";
}

std::string row(const ApiName& entry) {
    return fmt::format("| `{}` | {} | {} | {} |\n", signature(entry),
                       entry.type.empty() ? "" : fmt::format("`{}`", cell(entry.type)), entry.unit, cell(entry.help));
}

// What does not fit in the table's row.
std::string details(const ApiName& entry) {
    std::string text;
    for (const ApiArgument& argument : entry.arguments) {
        const bool plain = entry.kind == ApiKind::callback || argument.name == "..." || argument.type == "any";
        if (plain || entry.kind == ApiKind::library || entry.kind == ApiKind::global) continue;
        text += fmt::format("  - `{}` (`{}`): {}{}\n", argument.name, argument.type, wanted_text(argument),
                            argument.type.ends_with('?') ? "; may be left out" : "");
    }
    if (!entry.refusals.empty()) text += fmt::format("  - refusals: {}\n", entry.refusals);
    if (!entry.rounding.empty()) text += fmt::format("  - rounding: {}\n", entry.rounding);
    if (!entry.example.empty()) text += fmt::format("  - `{}`\n", entry.example);
    return text.empty() ? "" : fmt::format("- `{}`\n{}", signature(entry), text);
}

constexpr std::string_view kHead = "| name | type, or what it gives | unit | |\n|---|---|---|---|\n";

std::string section(std::string_view title, std::string_view help, const std::vector<const ApiName*>& entries,
                    bool with_details) {
    std::string text = fmt::format("\n## {}\n\n", title);
    if (!help.empty()) text += fmt::format("{}\n\n", help);
    text += kHead;
    for (const ApiName* entry : entries) text += row(*entry);
    std::string more;
    if (with_details) {
        for (const ApiName* entry : entries) more += details(*entry);
    }
    return more.empty() ? text : text + "\n" + more;
}

std::vector<const ApiName*> of_kind(ApiKind kind) {
    std::vector<const ApiName*> found;
    for (const ApiName& entry : api_registry()) {
        if (entry.kind == kind && entry.owner.empty()) found.push_back(&entry);
    }
    return found;
}

constexpr std::string_view kIntroduction = R"(# The strategy API

Every name that a strategy can use. `engine api NAME` shows one of them on the terminal; the guide is
[strategy-guide.md](strategy-guide.md). This page is made by `engine api --markdown`; a test keeps it current.

A type that ends in `?` may be `nil`: the value is missing, or an argument may be left out. Missing is never 0. Prices are rupees;
positions in series count back from 0, the bar that just closed. A wrong argument ends the callback with a message that names it,
except where a call gives refusals: those give `nil, "bad_argument", text` and log the line.

## What `api = 1` promises

- A strategy that says `api = 1` keeps loading, and every name on this page keeps its meaning, arguments, units and result, for as
  long as an engine accepts `api = 1`.
- What may be added without a new number: names, optional arguments and fields, further values behind the present results,
  refusal codes, states and event kinds. A strategy therefore must not rely on a name being absent, nor on a list of codes being complete.
- What changes only with a new number: removing or renaming a name, another type, unit, default, rounding or order of calls, a
  value that was always there becoming `nil`.
- Deprecation: a name that is to go is marked here first and keeps working under `api = 1`; only a later number can be without
  it. When a later number comes, strategies of the number before it keep loading beside those of the new one.
- Messages, logs, speed and the fuel that a call costs are not part of the promise. A file that says another number is
  refused when it is loaded, with what this engine offers.
)";

// ---- annotations

std::string annotated(std::string_view type) {
    constexpr std::string_view kMore[] = {"strategy_table", "parameter", "phase"};
    std::string out;
    for (size_t from = 0; from <= type.size();) {
        const size_t bar = std::min(type.find('|', from), type.size());
        std::string_view part = type.substr(from, bar - from);
        std::string_view tail;
        if (part.ends_with("[]")) tail = "[]";
        part.remove_suffix(tail.size());
        const bool own = find_api_owner(part) != nullptr && part != "table" && part != "string";
        const bool more = std::find(std::begin(kMore), std::end(kMore), part) != std::end(kMore);
        out += fmt::format("{}{}{}{}", out.empty() ? "" : "|", own || more ? "tide." : "", part, tail);
        from = bar + 1;
    }
    return out;
}
std::string annotated_or_nil(std::string_view type) {
    if (!type.ends_with('?')) return annotated(type);
    type.remove_suffix(1);
    const bool several = type.find('|') != std::string_view::npos;
    return annotated(type) + (several ? "|nil" : "?");
}

std::string function_lines(const ApiName& entry, std::string_view prefix) {
    std::string text = fmt::format("---{}{}\n", entry.help,
                                   entry.rounding.empty() ? "" : fmt::format(". Rounding: {}", entry.rounding));
    std::string names;
    for (const ApiArgument& argument : entry.arguments) {
        std::string_view type = argument.type;
        const bool optional = type.ends_with('?');
        if (optional) type.remove_suffix(1);
        text += fmt::format("---@param {}{} {}\n", argument.name, optional && argument.name != "..." ? "?" : "",
                            annotated(type));
        names += fmt::format("{}{}", names.empty() ? "" : ", ", argument.name);
    }
    for (std::string_view rest = entry.type; !rest.empty();) {
        const size_t comma = std::min(rest.find(", "), rest.size());
        text += fmt::format("---@return {}\n", annotated_or_nil(rest.substr(0, comma)));
        rest.remove_prefix(std::min(comma + 2, rest.size()));
    }
    return text + fmt::format("function {}{}({}) end\n\n", prefix, entry.name, names);
}

std::string class_lines(const ApiOwner& owner) {
    std::string text = fmt::format("---{}\n---@class tide.{}\n", owner.help, owner.name);
    std::string functions;
    const bool is_param = owner.name == "param";
    for (const ApiName* member : api_members(owner.name)) {
        if (member->is_call()) {
            functions += function_lines(*member, fmt::format("{}{}", owner.name, is_param ? "." : ":"));
            continue;
        }
        std::string_view type = member->type;
        const bool optional = type.ends_with('?');
        if (optional) type.remove_suffix(1);
        text += fmt::format("---@field {}{} {} {}{}\n", member->name, optional ? "?" : "", annotated(type),
                            member->help, member->unit.empty() ? "" : fmt::format(" [{}]", member->unit));
    }
    if (owner.name == "ctx" || owner.name == "indicator") text += "---@field [string] any\n";
    if (functions.empty()) return text + "\n";
    return fmt::format("{}{}{} = {{}}\n\n{}", text, is_param ? "" : "local ", owner.name, functions);
}

std::string callbacks_class() {
    std::string text = "---what strategy { … } gives: its callbacks\n---@class tide.strategy_table\n";
    for (const ApiName* entry : of_kind(ApiKind::callback)) {
        std::string arguments;
        for (const ApiArgument& argument : entry->arguments)
            arguments +=
                fmt::format("{}{}: {}", arguments.empty() ? "" : ", ", argument.name, annotated(argument.type));
        text += fmt::format("---@field {}? fun({}){} {}\n", entry->name, arguments,
                            entry->type.empty() ? "" : fmt::format(": {}", annotated_or_nil(entry->type)), entry->help);
    }
    return text + "\n";
}

bool is_language(std::string_view owner) {
    return owner == "string" || owner == "table" || owner == "math" || owner == "bit" || owner == "os";
}

}  // namespace

std::string api_reference_markdown() {
    std::string text(kIntroduction);
    text += section("Callbacks", "All are optional; a misspelt one is refused when the file is loaded.",
                    of_kind(ApiKind::callback), false);
    text += section("Names of their own", "", of_kind(ApiKind::global), true);
    for (const ApiOwner& owner : api_owners()) {
        const std::string_view note = owner.given_by_script ? ". Another field in it is an error." : "";
        text += section(fmt::format("`{}`", owner.name), fmt::format("{}{}", owner.help, note), api_members(owner.name),
                        !is_language(owner.name));
    }
    return text;
}

std::string api_annotations() {
    std::string text =
        "---@meta tide\n"
        "-- The strategy API for editors that read LuaCATS. Made by `engine api --annotations`; a test keeps it "
        "current.\n\n"
        "---@alias tide.phase \"pre_open\"|\"open\"|\"entry_cutoff\"|\"square_off\"|\"closed\"\n\n"
        "---a parameter's definition\n---@class tide.parameter\n\n";
    for (const ApiOwner& owner : api_owners()) {
        if (!is_language(owner.name)) text += class_lines(owner);
    }
    text += callbacks_class();
    for (const ApiName* entry : of_kind(ApiKind::global)) {
        if (entry->name == "strategy" || entry->name == "indicator") text += function_lines(*entry, "");
    }
    while (text.ends_with("\n\n")) text.pop_back();
    return text;
}

}  // namespace tide
