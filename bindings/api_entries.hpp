#pragma once
#include "bindings/api_registry.hpp"

// The registry's parts, and short ways to write an entry.
namespace tide {

void add_language_names(std::vector<ApiName>& all);
void add_declaration_names(std::vector<ApiName>& all);
void add_callback_names(std::vector<ApiName>& all);
void add_market_names(std::vector<ApiName>& all);
void add_context_names(std::vector<ApiName>& all);
void add_trading_names(std::vector<ApiName>& all);

namespace api_entry {

inline ApiName field(std::string_view owner, std::string_view name, std::string_view type, std::string_view help,
                     std::string_view unit = {}) {
    ApiName entry;
    entry.owner = owner;
    entry.name = name;
    entry.type = type;
    entry.help = help;
    entry.unit = unit;
    return entry;
}
inline ApiName option(std::string_view owner, std::string_view name, std::string_view type, std::string_view help,
                      std::string_view unit = {}) {
    ApiName entry = field(owner, name, type, help, unit);
    entry.kind = ApiKind::option;
    return entry;
}
inline ApiName call(ApiKind kind, std::string_view owner, std::string_view name, std::vector<ApiArgument> arguments,
                    std::string_view returns, std::string_view help, std::string_view example = {}) {
    ApiName entry;
    entry.kind = kind;
    entry.owner = owner;
    entry.name = name;
    entry.arguments = std::move(arguments);
    entry.type = returns;
    entry.help = help;
    entry.example = example;
    entry.calls = true;
    return entry;
}
inline ApiName method(std::string_view owner, std::string_view name, std::vector<ApiArgument> arguments,
                      std::string_view returns, std::string_view help, std::string_view example = {}) {
    return call(ApiKind::method, owner, name, std::move(arguments), returns, help, example);
}
inline ApiName library(std::string_view owner, std::string_view name, std::vector<ApiArgument> arguments,
                       std::string_view returns, std::string_view help) {
    return call(ApiKind::library, owner, name, std::move(arguments), returns, help);
}

}  // namespace api_entry
}  // namespace tide
