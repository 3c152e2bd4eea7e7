#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/settings.hpp"
#include "session/session.hpp"

// An operator changes a parameter of a running strategy. The command is in the journal, so that a replay changes it
// too.
namespace tide {
namespace {

constexpr size_t kTextBytesMax = 200;

bool is_time_of_day(std::string_view text) {
    const auto digit = [&](size_t i) { return text[i] >= '0' && text[i] <= '9'; };
    return text.size() == 5 && digit(0) && digit(1) && text[2] == ':' && digit(3) && digit(4) && text < "24:00" &&
           text[3] <= '5';
}

// What the value must be, when it is not; the same rules as when a strategy is loaded.
std::optional<std::string> refusal_of(const ParameterDefinition& made, std::string_view value) {
    if (made.kind == "bool") return value == "true" || value == "false" ? std::nullopt : std::optional("true or false");
    if (made.kind == "time") return is_time_of_day(value) ? std::nullopt : std::optional("a time such as 10:00");
    if (made.kind == "choice") {
        const bool known = std::find(made.choices.begin(), made.choices.end(), value) != made.choices.end();
        return known ? std::nullopt : std::optional(fmt::format("one of {}", fmt::join(made.choices, ", ")));
    }
    if (made.kind == "text") {
        const bool plain = value.size() <= kTextBytesMax && std::all_of(value.begin(), value.end(), [](char c) {
                               return static_cast<unsigned char>(c) >= 0x20;
                           });
        return plain ? std::nullopt : std::optional(fmt::format("a text of at most {} bytes", kTextBytesMax));
    }
    double number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool whole = made.kind == "integer";
    const bool fits = error == std::errc() && end == value.data() + value.size() && std::isfinite(number) &&
                      number >= made.min && number <= made.max && (!whole || number == std::floor(number));
    if (fits) return std::nullopt;
    return fmt::format("{} from {} to {}", whole ? "a whole number" : "a number", made.min, made.max);
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& names) {
    const std::string near = nearest_word(word, names);
    if (!near.empty()) return fmt::format("; did you mean '{}'?", near);
    return names.empty() ? "" : fmt::format("; there are: {}", fmt::join(names, ", "));
}

}  // namespace

Session::CommandOutcome Session::change_parameter(std::string_view key, std::string_view value) {
    const size_t dot = key.rfind('.');
    const size_t begin = key.find('.') + 1;
    if (dot < begin) return {"usage", "say script.NAME.PARAMETER=VALUE"};
    const std::string_view script = key.substr(begin, dot - begin);
    const std::string_view parameter = key.substr(dot + 1);
    std::vector<std::string> running;
    ScriptRunner* owner = nullptr;
    for (const auto& runner : runners_) {
        if (!runner->active()) continue;
        running.push_back(runner->declaration().name);
        if (owner == nullptr && runner->declaration().name == script) owner = runner.get();
    }
    if (owner == nullptr)
        return {"not_found", fmt::format("no strategy '{}' runs{}", script, did_you_mean(script, running))};
    const StrategyDeclaration& declared = owner->declaration();
    std::vector<std::string> names;
    for (const auto& [name, text] : declared.parameters) names.push_back(name);
    const auto found = std::find(names.begin(), names.end(), parameter);
    if (found == names.end()) {
        return {"not_found",
                fmt::format("{} has no parameter '{}'{}", script, parameter, did_you_mean(parameter, names))};
    }
    const auto i = static_cast<size_t>(found - names.begin());
    if (const auto wanted = refusal_of(declared.parameter_definitions[i], value))
        return {"usage", fmt::format("{} = {}: must be {}", key, value, *wanted)};
    const std::string before = declared.parameters[i].second;
    if (before == value) return {"ok", fmt::format("{}: {}, unchanged", key, value)};
    owner->set_parameter(i, std::string(value));
    std::string lines;
    for (const auto& [name, text] : declared.parameters) lines += fmt::format("{}={}\n", name, text);
    const auto told = call(*owner, ParamsMessage{lines}, parameter);
    const bool well = told.status == CallbackStatus::ok || told.status == CallbackStatus::not_defined;
    return {"ok", fmt::format("{}: {} -> {}{}", key, before, value,
                              well ? "" : "; its on_params failed: see the log, the new value is in force")};
}

}  // namespace tide
