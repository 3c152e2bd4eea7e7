#include <fmt/format.h>

#include <cmath>

#include "bindings/api_documents.hpp"
#include "bindings/api_registry.hpp"

// The registry as Lua: plain comparisons that compiled code folds, nothing is looked up while a script runs.
namespace tide {
namespace {

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

// A condition that holds when `name` is of one of the type's alternatives; empty when anything goes.
std::string condition_of(const ApiArgument& argument) {
    std::string_view type = argument.type;
    const bool optional = type.ends_with('?');
    if (optional) type.remove_suffix(1);
    const std::string_view name = argument.name;
    std::string condition;
    if (type == "number" || type == "integer") {
        condition = fmt::format("is_number({})", name);
        if (type == "integer") condition += fmt::format(" and {} % 1 == 0", name);
        if (std::isfinite(argument.min)) condition += fmt::format(" and {} >= {}", name, argument.min);
        if (std::isfinite(argument.max)) condition += fmt::format(" and {} <= {}", name, argument.max);
    } else if (type == "string" || type == "boolean" || type == "table" || type == "function") {
        condition = fmt::format("type({}) == \"{}\"", name, type);
        const bool text = type == "string";  // of a text the range is that of its length
        if (text && std::isfinite(argument.min)) condition += fmt::format(" and #{} >= {}", name, argument.min);
        if (text && std::isfinite(argument.max)) condition += fmt::format(" and #{} <= {}", name, argument.max);
    } else if (const ApiOwner* owner = find_api_owner(type); owner != nullptr && owner->given_by_script) {
        condition = fmt::format("type({}) == \"table\"", name);
    } else if (type.starts_with('"')) {
        for (size_t from = 0; from < type.size();) {
            const size_t bar = std::min(type.find('|', from), type.size());
            condition +=
                fmt::format("{}{} == {}", condition.empty() ? "" : " or ", name, type.substr(from, bar - from));
            from = bar + 1;
        }
    }
    if (condition.empty()) return condition;
    return optional ? fmt::format("{} == nil or ({})", name, condition) : condition;
}

std::string check_of(const ApiName& entry) {
    std::string parameters, body;
    for (const ApiArgument& argument : entry.arguments) {
        if (argument.name == "...") break;
        parameters += fmt::format("{}{}", parameters.empty() ? "" : ", ", argument.name);
        const std::string condition = condition_of(argument);
        if (condition.empty()) continue;
        body += fmt::format(
            "  if not ({}) then fail({} .. show({})) end\n", condition,
            quoted(fmt::format("{}: {} must be {}, got ", entry.full_name(), argument.name, wanted_text(argument))),
            argument.name);
    }
    if (body.empty()) return "";
    return fmt::format("checks[{}] = function({})\n{}end\n", quoted(entry.full_name()), parameters, body);
}

std::string make_source() {
    std::string source =
        "local host, sandbox = ...\n"
        "local fail, show, is_number, type = host.fail, sandbox.show, sandbox.is_number, sandbox.raw.type\n"
        "local fields, checks, callbacks, removed = {}, {}, {}, {}\n";
    for (const std::string_view name : api_removed_names()) source += fmt::format("removed.{} = 1\n", name);
    for (const ApiOwner& owner : api_owners()) {
        if (!owner.given_by_script) continue;
        source += fmt::format("fields.{} = {{", owner.name);
        for (const ApiName* member : api_members(owner.name)) source += fmt::format(" {} = 1,", member->name);
        source += " }\n";
    }
    for (const ApiName& entry : api_registry()) {
        if (entry.kind == ApiKind::callback) source += fmt::format("callbacks[#callbacks + 1] = \"{}\"\n", entry.name);
        // Calls that answer with a code check their arguments where the intent is made (intent_arguments.cpp).
        if (entry.kind == ApiKind::method && entry.refusals.empty()) source += check_of(entry);
    }
    return source + "return { fields = fields, checks = checks, callbacks = callbacks, removed = removed }\n";
}

}  // namespace

const std::string& api_tables_source() {
    static const std::string source = make_source();
    return source;
}

}  // namespace tide
