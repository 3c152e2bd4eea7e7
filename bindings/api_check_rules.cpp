#include "bindings/api_check_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/settings.hpp"
#include "market/indicators/registry.hpp"
#include "market/instruments.hpp"

namespace tide {
namespace {

std::string did_you_mean(std::string_view word, const std::vector<std::string>& names) {
    const std::string near = nearest_word(word, names);
    return near.empty() ? "" : fmt::format("; did you mean '{}'?", near);
}

std::vector<std::string> member_names(std::string_view owner) {
    std::vector<std::string> names;
    for (const ApiName* member : api_members(owner)) names.emplace_back(member->name);
    return names;
}

bool is_library(std::string_view owner) {
    return owner == "string" || owner == "table" || owner == "math" || owner == "bit" || owner == "os" ||
           owner == "param";
}

std::string_view without_nil(std::string_view type) {
    return type.ends_with('?') ? type.substr(0, type.size() - 1) : type;
}

std::string show(const SourceValue& value) {
    if (value.type == "number") return fmt::format("{}", value.number);
    if (value.type == "string") return fmt::format("'{}'", value.text);
    return value.literal && value.type == "boolean" ? value.text : value.type;
}

// Is a value that was written down of one of the alternatives of `type`?
bool accepts(std::string_view type, const SourceValue& value) {
    if (without_nil(type) == "any") return true;
    if (value.type == "nil") return type.ends_with('?');
    type = without_nil(type);
    for (size_t from = 0; from <= type.size();) {
        const size_t bar = std::min(type.find('|', from), type.size());
        const std::string_view one = type.substr(from, bar - from);
        const ApiOwner* owner = find_api_owner(one);
        const bool takes_table = one == "table" || one.ends_with("[]") || (owner != nullptr && owner->name != "string");
        if (value.type == one || (value.type == "table" && takes_table)) return true;
        if (value.type == "number" && one == "integer" && value.number == std::floor(value.number)) return true;
        if (value.type == "string" && one.starts_with('"') && one.substr(1, one.size() - 2) == value.text) return true;
        from = bar + 1;
    }
    return false;
}

std::string call_shape(const ApiName& entry) {
    std::string text = entry.full_name() + "(";
    for (size_t i = 0; i < entry.arguments.size(); ++i)
        text += fmt::format("{}{}", i == 0 ? "" : ", ", entry.arguments[i].name);
    return text + ")";
}

}  // namespace

SourceValue kept(const SourceValue& value) {
    SourceValue out;
    if (value.table != nullptr) {
        out.type = kOwnTable;
    } else if (!value.literal && value.type != "function") {
        out.type = value.type;
    }
    return out;
}

void GivenType::add(const SourceValue& value) {
    const bool not_yet = value.type == "nil" || (value.type == "boolean" && value.text == "false");
    if (value.literal && not_yet) return;
    const std::string type = kept(value).type;
    if (type_.empty()) type_ = type;
    differs_ = differs_ || type.empty() || type != type_;
}

std::string text_of(const ScriptFinding& finding) {
    const std::string_view kind = finding.error ? "error" : "warning";
    if (finding.line == 0) return fmt::format("{}: {}: {}", finding.file, kind, finding.text);
    return fmt::format("{}:{}: {}: {}", finding.file, finding.line, kind, finding.text);
}

void SourceRules::begin_file(std::string file, bool is_strategy) {
    file_ = std::move(file);
    is_strategy_ = is_strategy;
}

SourceValue SourceRules::global(std::string_view name, int line, const std::vector<std::string>& locals) {
    SourceValue value;
    if (facts_.globals.contains(name)) return value;
    if (find_api_member("", name) != nullptr && find_api_member("", name)->kind == ApiKind::global) return value;
    if (is_library(name)) {
        value.type = name;
        return value;
    }
    const auto removed = api_removed_names();
    if (std::find(removed.begin(), removed.end(), name) != removed.end()) {
        error(line, fmt::format("'{}' is not available to strategies", name));
        return value;
    }
    std::vector<std::string> names = locals;
    for (const ApiName* entry : api_members("")) {
        if (entry->kind == ApiKind::global) names.emplace_back(entry->name);
    }
    for (const ApiOwner& owner : api_owners()) {
        if (is_library(owner.name)) names.emplace_back(owner.name);
    }
    error(line, fmt::format("unknown name '{}'{}", name, did_you_mean(name, names)));
    return value;
}

void SourceRules::set_global(std::string_view name, int line) {
    const ApiName* entry = find_api_member("", name);
    if (is_library(name) || (entry != nullptr && entry->kind == ApiKind::global))
        return error(line,
                     fmt::format("'{0}' is part of the language and cannot be replaced; choose another name", name));
    warning(line, fmt::format("sets the global '{0}', which every module sees; write 'local {0}'", name));
}

// No such name in the object, and no source gives it one.
bool SourceRules::misses(const SourceValue& object, std::string_view name) const {
    if (find_api_owner(object.type) == nullptr || find_api_member(object.type, name) != nullptr) return false;
    if (object.type == "indicator") return false;  // its outputs
    return !facts_.fields.contains(name);
}

SourceValue SourceRules::field(const SourceValue& object, std::string_view name, int line) {
    SourceValue value;
    if (object.type.empty()) return value;
    if (object.type == "params" && declaration_ != nullptr) {
        std::vector<std::string> names;
        for (const auto& [parameter, text] : declaration_->parameters) names.push_back(parameter);
        if (std::find(names.begin(), names.end(), name) == names.end())
            error(line, fmt::format("ctx.params: no parameter '{}'{}", name, did_you_mean(name, names)));
        return value;
    }
    if (misses(object, name)) {
        error(line, fmt::format("{} has no '{}'{}", object.type, name, did_you_mean(name, member_names(object.type))));
        return value;
    }
    const ApiName* entry = find_api_member(object.type, name);
    if (entry == nullptr) {
        if (object.type == "indicator") return value;  // an output: its number
        // What the script itself keeps there: ctx.average = ctx:indicator(…).
        const auto given = facts_.given_fields.find(name);
        if (given != facts_.given_fields.end()) value.type = given->second.type();
        return value;
    }
    if (object.type == "ctx" && name == "params") {
        value.type = "params";
    } else if (!entry->is_call()) {
        return result_of(*entry);
    } else if (entry->kind == ApiKind::method && object.type != "ctx") {
        warning(line, fmt::format("{0}.{1} is a function, not a value; write {0}:{1}(…)", object.type, name));
    }
    return value;
}

SourceValue SourceRules::result_of(const ApiName& entry) const {
    SourceValue value;
    std::string_view type = entry.type.substr(0, entry.type.find(','));
    type = without_nil(type);
    const std::string_view element = type.ends_with("[]") ? type.substr(0, type.size() - 2) : type;
    const bool known = find_api_owner(element) != nullptr && !is_library(element);
    if (known || type == "strategy_table") value.type = type;
    return value;
}

SourceValue SourceRules::call(const SourceValue& object, std::string_view name, bool colon,
                              const std::vector<SourceValue>& arguments, int line) {
    SourceValue value;
    if (object.type.empty()) return value;
    const ApiName* entry = find_api_member(object.type, name);
    if (entry == nullptr) {
        if (misses(object, name) || (object.type == "indicator" && colon)) {
            error(line, fmt::format("{} has no {} '{}'{}", object.type, colon ? "method" : "function", name,
                                    did_you_mean(name, member_names(object.type))));
        }
        return value;
    }
    if (!entry->is_call()) {
        if (facts_.fields.contains(name) || object.type == "indicator") return value;
        error(line, fmt::format("{0}.{1} is a value, not a function; write {0}.{1}", object.type, name));
        return value;
    }
    if (is_library(object.type) && object.type != "string") {
        if (colon) {
            error(line, fmt::format("{0}:{1}: call it with a dot, {0}.{1}(…)", object.type, name));
            return value;
        }
    } else if (entry->kind == ApiKind::method && !colon) {
        const bool self_given = !arguments.empty() && (arguments[0].type == object.type || arguments[0].several);
        if (!self_given) error(line, fmt::format("{0}.{1}: call it with a colon, {0}:{1}(…)", object.type, name));
        return result_of(*entry);
    }
    if (entry->kind == ApiKind::library && colon) return result_of(*entry);  // ("x"):rep(3): the text is the first
    check_arguments(*entry, arguments, line);
    if (object.type == "ctx") check_declared(*entry, arguments, line);
    return result_of(*entry);
}

SourceValue SourceRules::call_global(std::string_view name, const std::vector<SourceValue>& arguments, int line) {
    const ApiName* entry = find_api_member("", name);
    if (entry == nullptr || facts_.globals.contains(name)) return {};
    // What the file declares has been judged by loading it.
    if (name != "strategy" && name != "indicator") check_arguments(*entry, arguments, line);
    return result_of(*entry);
}

void SourceRules::check_arguments(const ApiName& entry, const std::vector<SourceValue>& arguments, int line) {
    const bool open = !arguments.empty() && arguments.back().several;
    for (size_t i = 0; i < entry.arguments.size(); ++i) {
        const ApiArgument& argument = entry.arguments[i];
        if (argument.name == "...") return;
        if (i < arguments.size()) {
            check_argument(entry, argument, arguments[i], line);
        } else if (!open && argument.type != "any" && !argument.type.ends_with('?')) {
            error(line, fmt::format("{}: {} is missing: {}", entry.full_name(), argument.name, call_shape(entry)));
            return;
        }
    }
    if (arguments.size() > entry.arguments.size() && !open) {
        warning(line, fmt::format("{}: takes {} argument{}, got {}", entry.full_name(), entry.arguments.size(),
                                  entry.arguments.size() == 1 ? "" : "s", arguments.size()));
    }
}

void SourceRules::check_argument(const ApiName& entry, const ApiArgument& argument, const SourceValue& value,
                                 int line) {
    const std::string_view type = without_nil(argument.type);
    if (value.table != nullptr) {
        const ApiOwner* owner = find_api_owner(type);
        if (owner != nullptr && owner->given_by_script)
            return check_table(entry.full_name(), owner->name, *value.table, line);
    }
    if (!value.literal && value.table == nullptr && value.type != "function") return;
    const bool number = value.literal && value.type == "number";
    if (number && argument.name == "back" && value.number < 0) {
        return error(line, fmt::format("{}: {} bars back is a bar that has not closed; 0 is the bar that just closed",
                                       entry.full_name(), value.number));
    }
    bool fits = accepts(argument.type, value);
    if (number && (value.number < argument.min || value.number > argument.max)) fits = false;
    if (value.literal && value.type == "string") {
        const auto length = static_cast<double>(value.text.size());
        fits = fits && length >= argument.min && length <= argument.max;
    }
    if (fits) return;
    error(line, fmt::format("{}: {} must be {}, got {}", entry.full_name(), argument.name, wanted_text(argument),
                            show(value)));
}

void SourceRules::check_table(std::string_view who, std::string_view owner, const SourceTable& table, int line) {
    for (const auto& field : table.fields) {
        const ApiName* option = find_api_member(owner, field.name);
        if (option == nullptr) {
            error(field.line, fmt::format("{}: unknown field '{}'{}", who, field.name,
                                          did_you_mean(field.name, member_names(owner))));
        } else if ((field.value.literal || field.value.table != nullptr) && !accepts(option->type, field.value)) {
            error(field.line, fmt::format("{}: {} must be {}, got {}", who, field.name,
                                          wanted_text({option->name, option->type}), show(field.value)));
        }
    }
    if (table.computed) return;
    for (const ApiName* option : api_members(owner)) {
        const bool given = std::any_of(table.fields.begin(), table.fields.end(),
                                       [&](const auto& field) { return field.name == option->name; });
        if (!given && !option->type.ends_with('?'))
            error(line, fmt::format("{}: {} is missing: {}", who, option->name, option->help));
    }
}

// Symbols, timeframes and indicators that are written down must be among those declared. Modules serve many strategies.
void SourceRules::check_declared(const ApiName& entry, const std::vector<SourceValue>& arguments, int line) {
    if (entry.name != "bars" && entry.name != "indicator") return;
    const auto text_at = [&](size_t i) -> const SourceValue* {
        return i < arguments.size() && arguments[i].literal && arguments[i].type == "string" ? &arguments[i] : nullptr;
    };
    if (declaration_ != nullptr && is_strategy_) {
        const auto& symbols = declaration_->symbols;
        const auto& frames = declaration_->timeframe_names;
        if (const auto* symbol = text_at(0);
            symbol != nullptr &&
            std::find(symbols.begin(), symbols.end(), canonical_symbol(symbol->text)) == symbols.end())
            error(line, fmt::format("{}: symbol '{}' is not in needs.symbols{}", entry.full_name(), symbol->text,
                                    did_you_mean(symbol->text, symbols)));
        if (const auto* frame = text_at(1);
            frame != nullptr && std::find(frames.begin(), frames.end(), frame->text) == frames.end())
            error(line, fmt::format("{}: timeframe '{}' is not in needs.bars{}", entry.full_name(), frame->text,
                                    did_you_mean(frame->text, frames)));
    }
    const SourceValue* name = entry.name == "indicator" ? text_at(2) : nullptr;
    if (name == nullptr) return;
    std::vector<std::string> known;
    for (const IndicatorSpec& spec : indicator_specs()) known.emplace_back(spec.name);
    if (std::find(known.begin(), known.end(), name->text) == known.end())
        error(line, fmt::format("ctx:indicator: no indicator '{}'{}", name->text, did_you_mean(name->text, known)));
}

namespace {

bool may_read_as_number(std::string_view text) {
    return text.find_first_of("0123456789") != std::string_view::npos || text.find("inf") != std::string_view::npos ||
           text.find("nan") != std::string_view::npos;
}

// A field of the table that is a number, as an example: the one that is meant most often.
std::string number_in(std::string_view owner) {
    std::string found;
    for (const ApiName* member : api_members(owner)) {
        const bool number = without_nil(member->type) == "number" && !member->is_call();
        const bool usual = member->name == "close" || member->name == "last" || member->name == "level";
        if (number && (found.empty() || usual)) found = member->name;
    }
    return found;
}

}  // namespace

// What `name` is, where that is known to be neither number nor text, and what to write instead; empty: it is not known.
std::string SourceRules::no_number(const SourceValue& value, std::string_view name) const {
    const std::string_view type = value.type;
    if (value.literal && (type == "nil" || type == "boolean"))
        return fmt::format("{} is neither a number nor a text", name);
    if (type == "function") return fmt::format("{} is a function", name);
    if (type == "params") {
        const bool any = declaration_ != nullptr && !declaration_->parameters.empty();
        return fmt::format("{0} is the table of all parameters; write {0}.{1}", name,
                           any ? declaration_->parameters.front().first : "NAME");
    }
    if (value.table != nullptr || type == kOwnTable) return facts_.metatables ? "" : fmt::format("{} is a table", name);
    if (type.ends_with("[]")) return fmt::format("{0} is a list; take one of it, as in {0}[1]", name);
    if (type == "string" || find_api_owner(type) == nullptr) return "";
    if (type == "bars") return fmt::format("{0} is a series of bars; write {0}:close(0) for the last close", name);
    if (type == "indicator") return fmt::format("{0} is an indicator; write {0}:value() for its value", name);
    if (is_library(type)) return fmt::format("{} is a library", name);
    const std::string number = number_in(type);
    return number.empty() ? fmt::format("{} is a table", name)
                          : fmt::format("{0} is a table; one of its numbers is {0}.{1}", name, number);
}

void SourceRules::operand(const SourceValue& value, Operand kind, std::string_view sign, std::string_view name,
                          int line) {
    std::string what = no_number(value, name);
    const bool text = value.literal && value.type == "string";
    if (text && kind == Operand::number && !may_read_as_number(value.text))
        what = fmt::format("'{}' is a text; texts are joined with ..", value.text);
    if (what.empty()) return;
    const char* works = kind == Operand::number   ? "works on numbers"
                        : kind == Operand::joined ? "joins texts and numbers"
                                                  : "compares two numbers or two texts";
    error(line, fmt::format("'{}' {}; {}", sign, works, what));
}

void SourceRules::decision(const SourceValue& returned, int line) {
    if (returned.table != nullptr) {
        check_table("on_exit_check", "decision", *returned.table, line);
    } else if (returned.literal && returned.type != "nil") {
        error(line, fmt::format("on_exit_check must return nil or a table such as {{ exit = 1, rule = \"…\" }}, got {}",
                                show(returned)));
    }
}

void SourceRules::never_called(std::string_view callback, std::string_view strategy, int line) {
    if (strategy.empty()) return;
    warning(line, fmt::format("this {0} is never called by the engine; write function {1}.{0}(…)", callback, strategy));
}

void SourceRules::defined_callback(std::string_view callback, int line) {
    const auto nothing = [&](std::string_view why) {
        warning(line, fmt::format("{} is never called: {}", callback, why));
    };
    const bool about_orders =
        callback == "on_order" || callback == "on_fill" || callback == "on_position" || callback == "on_exit_check";
    if (about_orders && !facts_.methods.contains("enter") && !facts_.methods.contains("enter_group")) {
        nothing("nothing in this strategy calls ctx:enter");
    } else if (callback == "on_timer" && !facts_.methods.contains("after")) {
        nothing("nothing in this strategy calls ctx:after");
    } else if (declaration_ == nullptr) {
        return;
    } else if (callback == "on_bar" && declaration_->timeframes.empty()) {
        nothing("needs.bars is empty; write for instance bars = { \"5m\" }");
    } else if (callback == "on_params" && declaration_->parameters.empty()) {
        nothing("the strategy has no params");
    }
}

}  // namespace tide
