#include "app/test_arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/settings.hpp"

namespace tide {
namespace {

constexpr double kPriceMax = 1e9;  // far from what fixed point cannot hold

Error wrong_argument(const std::string& who, const std::string& problem) {
    return make_error(ErrorCode::input, who + ": " + problem);
}

}  // namespace

TestArguments::TestArguments(std::string who, const TestValue& given, std::initializer_list<const char*> known)
    : who_(std::move(who)), given_(given) {
    if (!given.is_table()) {
        wrong(fmt::format("a table is needed, got {}", given.kind_name()));
        return;
    }
    const std::vector<std::string> names(known.begin(), known.end());
    for (const auto& [name, value] : given.fields) {
        if (std::find(names.begin(), names.end(), name) != names.end()) continue;
        const std::string near = nearest_word(name, names);
        wrong(fmt::format("there is no field '{}'{}", name,
                          near.empty() ? fmt::format(" (there are {})", fmt::join(names, ", "))
                                       : fmt::format("; did you mean '{}'?", near)));
        return;
    }
}

void TestArguments::wrong(std::string problem) {
    if (!error_) error_ = wrong_argument(who_, problem);
}

const TestValue* TestArguments::find(const char* name, TestValue::Kind kind, const char* wanted) {
    if (error_) return nullptr;
    const TestValue* value = given_.find(name);
    if (value == nullptr || value->is_nil()) return nullptr;
    if (value->kind == kind) return value;
    wrong(fmt::format("{} must be {}, got {}", name, wanted, value->kind_name()));
    return nullptr;
}

std::optional<double> TestArguments::number(const char* name) {
    const TestValue* value = find(name, TestValue::Kind::number, "a number");
    if (value == nullptr) return std::nullopt;
    if (std::isfinite(value->number)) return value->number;
    wrong(fmt::format("{} must be a finite number", name));
    return std::nullopt;
}

std::optional<int64_t> TestArguments::whole(const char* name) {
    const auto value = number(name);
    if (!value) return std::nullopt;
    if (*value >= 0 && *value <= 1e12 && *value == std::floor(*value)) return static_cast<int64_t>(*value);
    wrong(fmt::format("{} must be a whole number from 0, got {}", name, *value));
    return std::nullopt;
}

std::optional<Price> TestArguments::price(const char* name) {
    const auto value = number(name);
    if (!value) return std::nullopt;
    if (*value > 0 && *value < kPriceMax) return Price::from_double(*value);
    wrong(fmt::format("{} must be a price above 0, got {}", name, *value));
    return std::nullopt;
}

std::optional<std::string> TestArguments::text(const char* name) {
    const TestValue* value = find(name, TestValue::Kind::text, "a text");
    return value == nullptr ? std::nullopt : std::optional(value->text);
}

const TestValue* TestArguments::table(const char* name) { return find(name, TestValue::Kind::table, "a table"); }

Result<double> test_number(const std::string& who, const TestValue& given) {
    if (given.is_number() && std::isfinite(given.number)) return given.number;
    return wrong_argument(who, fmt::format("a number is needed, got {}", given.kind_name()));
}

Result<std::string> test_text(const std::string& who, const TestValue& given) {
    if (given.is_text()) return given.text;
    return wrong_argument(who, fmt::format("a text is needed, got {}", given.kind_name()));
}

Result<ScriptedBar> test_bar(const std::string& who, const TestValue& given, Price before, Price tick) {
    TestValue close_only = TestValue::table();
    if (given.is_number()) close_only.fields["close"] = given;
    const TestValue& bar = given.is_number() ? close_only : given;
    TestArguments arguments(who, bar, {"symbol", "tf", "open", "high", "low", "close", "volume", "oi"});
    const auto on_its_tick = [&](const char* name) -> std::optional<Price> {
        const auto price = arguments.price(name);
        return price ? std::optional(round_to_nearest_tick(*price, tick)) : std::nullopt;
    };
    const auto open = on_its_tick("open"), high = on_its_tick("high"), low = on_its_tick("low"),
               close = on_its_tick("close");
    ScriptedBar made;
    made.close = close.value_or(open.value_or(before));
    made.open = open.value_or(before.positive() ? before : made.close);
    made.high = high.value_or(std::max(std::max(made.open, made.close), low.value_or(made.close)));
    made.low = low.value_or(std::min(std::min(made.open, made.close), made.high));
    made.volume = arguments.whole("volume");
    made.oi = arguments.whole("oi");
    if (arguments.error()) return *arguments.error();
    if (made.low > std::min(made.open, made.close) || made.high < std::max(made.open, made.close)) {
        return wrong_argument(who,
                              fmt::format("low {} and high {} must enclose open {} and close {}", to_string(made.low),
                                          to_string(made.high), to_string(made.open), to_string(made.close)));
    }
    return made;
}

}  // namespace tide
