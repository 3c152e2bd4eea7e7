#include "core/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

namespace tide {
namespace {

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

constexpr std::string_view kUnset = "none";
template <class T>
constexpr bool kMayBeUnset = std::is_same_v<T, std::optional<int64_t>> || std::is_same_v<T, std::optional<double>>;

std::string number_text(double value) { return fmt::format("{}", value); }

std::string text_of(const Setting& setting) {
    return std::visit(
        [](const auto* value) -> std::string {
            using T = std::remove_cvref_t<decltype(*value)>;
            if constexpr (std::is_same_v<T, bool>) return *value ? "true" : "false";
            if constexpr (std::is_same_v<T, int64_t>) return fmt::format("{}", *value);
            if constexpr (std::is_same_v<T, double>) return number_text(*value);
            if constexpr (std::is_same_v<T, std::string>) return *value;
            if constexpr (std::is_same_v<T, Money>) return to_string(*value);
            if constexpr (std::is_same_v<T, TimeOfDay>) return format_time_of_day(*value);
            if constexpr (kMayBeUnset<T>) return *value ? fmt::format("{}", **value) : std::string(kUnset);
        },
        setting.target);
}

Error refuse(const Setting& setting, std::string_view value, const std::string& wanted) {
    return make_error(ErrorCode::config, fmt::format("{} = {}: must be {}", setting.key, value, wanted));
}

std::string range_text(const Setting& setting) {
    return fmt::format("between {} and {}{}{}", number_text(setting.min), number_text(setting.max),
                       setting.unit.empty() ? "" : " ", setting.unit);
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// Sets a number from its text; `target` is a number or one that may be unset.
template <class Number, class Target>
Result<void> set_number(const Setting& setting, std::string_view value, Target& target) {
    const auto number = parse_number<Number>(value);
    if (!number || !std::isfinite(static_cast<double>(*number)) || static_cast<double>(*number) < setting.min ||
        static_cast<double>(*number) > setting.max) {
        return refuse(setting, value,
                      (std::is_same_v<Number, int64_t> ? "a whole number " : "a number ") + range_text(setting));
    }
    target = *number;
    return {};
}

bool is_member_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), size_t(0));
    for (size_t i = 0; i < a.size(); ++i) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b.size(); ++j) {
            const size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, substituted});
        }
    }
    return row.back();
}

}  // namespace

std::string nearest_word(std::string_view word, const std::vector<std::string>& candidates) {
    std::string best;
    if (word.size() > 64) return best;  // no misspelling of anything
    size_t best_distance = std::max<size_t>(2, word.size() / 3) + 1;
    for (const auto& candidate : candidates) {
        const size_t distance = edit_distance(word, candidate);
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate;
        }
    }
    return best;
}

void SettingsRegistry::add(std::string key, bool& value, std::string help) {
    settings_.push_back({std::move(key), &value, 0, 0, "", std::move(help), {}});
}
void SettingsRegistry::add(std::string key, int64_t& value, int64_t min, int64_t max, std::string unit,
                           std::string help) {
    settings_.push_back({std::move(key),
                         &value,
                         static_cast<double>(min),
                         static_cast<double>(max),
                         std::move(unit),
                         std::move(help),
                         {}});
}
void SettingsRegistry::add(std::string key, double& value, double min, double max, std::string unit, std::string help) {
    settings_.push_back({std::move(key), &value, min, max, std::move(unit), std::move(help), {}});
}
void SettingsRegistry::add(std::string key, Money& value, int64_t min_rupees, int64_t max_rupees, std::string help) {
    settings_.push_back({std::move(key),
                         &value,
                         static_cast<double>(min_rupees),
                         static_cast<double>(max_rupees),
                         "rupees",
                         std::move(help),
                         {}});
}
void SettingsRegistry::add(std::string key, TimeOfDay& value, std::string help) {
    settings_.push_back({std::move(key), &value, 0, 0, "IST", std::move(help), {}});
}
void SettingsRegistry::add(std::string key, std::string& value, std::vector<std::string> choices, std::string help) {
    settings_.push_back({std::move(key), &value, 0, 0, "", std::move(help), std::move(choices)});
}

void SettingsRegistry::add(std::string key, std::optional<int64_t>& value, int64_t min, int64_t max, std::string unit,
                           std::string help) {
    settings_.push_back({std::move(key),
                         &value,
                         static_cast<double>(min),
                         static_cast<double>(max),
                         std::move(unit),
                         std::move(help),
                         {}});
}
void SettingsRegistry::add(std::string key, std::optional<double>& value, double min, double max, std::string unit,
                           std::string help) {
    settings_.push_back({std::move(key), &value, min, max, std::move(unit), std::move(help), {}});
}
void SettingsRegistry::add_family(std::string prefix, std::vector<std::string> keys,
                                  std::function<void(const std::string&)> make) {
    families_.push_back({std::move(prefix), std::move(keys), std::move(make)});
}

// "PREFIX.NAME.KEY" of a name that has no settings yet.
Result<void> SettingsRegistry::make_member(const Family& family, std::string_view key) {
    const std::string_view rest = key.substr(family.prefix.size() + 1);
    const size_t dot = rest.find('.');
    const std::string name(rest.substr(0, dot));
    if (dot == std::string_view::npos || !is_member_name(name)) {
        return make_error(ErrorCode::config, fmt::format("unknown key '{}': expected {}.NAME.SETTING, NAME of letters, "
                                                         "digits, '_' and '-'",
                                                         key, family.prefix));
    }
    const std::string_view wanted = rest.substr(dot + 1);
    if (std::find(family.keys.begin(), family.keys.end(), wanted) == family.keys.end()) {
        const std::string near = nearest_word(wanted, family.keys);
        const std::string hint = near.empty() ? fmt::format("; there are: {}", fmt::join(family.keys, ", "))
                                              : "; did you mean '" + near + "'?";
        return make_error(ErrorCode::config, fmt::format("unknown key '{}'{}", key, hint));
    }
    family.make(name);
    return {};
}

const Setting* SettingsRegistry::find(std::string_view key) const {
    const auto it = std::find_if(settings_.begin(), settings_.end(), [&](const Setting& s) { return s.key == key; });
    return it == settings_.end() ? nullptr : &*it;
}

std::string SettingsRegistry::nearest_key(std::string_view key) const {
    std::vector<std::string> keys;
    for (const auto& setting : settings_) keys.push_back(setting.key);
    return nearest_word(key, keys);
}

Result<void> SettingsRegistry::set(std::string_view key, std::string_view value) {
    const Setting* setting = find(key);
    for (const Family& family : families_) {
        if (setting != nullptr || !key.starts_with(family.prefix + ".")) continue;
        if (auto made = make_member(family, key); !made) return made;
        setting = find(key);
    }
    if (setting == nullptr) {
        const std::string near = nearest_key(key);
        return make_error(ErrorCode::config, fmt::format("unknown key '{}'{}", key,
                                                         near.empty() ? "; 'engine config show' lists them"
                                                                      : "; did you mean '" + near + "'?"));
    }
    return std::visit(
        [&](auto* target) -> Result<void> {
            using T = std::remove_cvref_t<decltype(*target)>;
            if constexpr (std::is_same_v<T, bool>) {
                if (value != "true" && value != "false") return refuse(*setting, value, "true or false");
                *target = value == "true";
            } else if constexpr (std::is_same_v<T, int64_t> || std::is_same_v<T, double>) {
                return set_number<T>(*setting, value, *target);
            } else if constexpr (kMayBeUnset<T>) {
                if (value != kUnset) return set_number<typename T::value_type>(*setting, value, *target);
                target->reset();
            } else if constexpr (std::is_same_v<T, std::string>) {
                if (!setting->choices.empty() &&
                    std::find(setting->choices.begin(), setting->choices.end(), value) == setting->choices.end()) {
                    return refuse(*setting, value, fmt::format("one of {}", fmt::join(setting->choices, ", ")));
                }
                // The canonical text has one line a setting, without blanks around the value.
                if (value.find('\n') != std::string_view::npos || trim(value) != value) {
                    return refuse(*setting, value.substr(0, value.find('\n')), "one line without blanks at its ends");
                }
                *target = std::string(value);
            } else if constexpr (std::is_same_v<T, Money>) {
                const auto money = parse_money(value);
                if (!money || money->to_double() < setting->min || money->to_double() > setting->max) {
                    return refuse(*setting, value, "an amount " + range_text(*setting));
                }
                *target = *money;
            } else {
                const auto time = parse_time_of_day(value);
                if (!time) return refuse(*setting, value, "a time of day HH:MM");
                *target = *time;
            }
            return {};
        },
        setting->target);
}

Result<void> SettingsRegistry::read_lines(std::string_view text, std::string_view where) {
    int line_number = 0;
    while (!text.empty()) {
        const auto end = text.find('\n');
        const std::string_view line = trim(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        ++line_number;
        if (line.empty() || line[0] == '#') continue;
        const auto equals = line.find('=');
        if (equals == std::string_view::npos) {
            return make_error(ErrorCode::config, fmt::format("{}:{}: expected 'key = value'", where, line_number));
        }
        if (auto done = set(trim(line.substr(0, equals)), trim(line.substr(equals + 1))); !done) {
            Error error = done.error();
            error.message = fmt::format("{}:{}: {}", where, line_number, error.message);
            return error;
        }
    }
    return {};
}

std::string SettingsRegistry::to_lines() const {
    std::vector<std::string> lines;
    for (const auto& setting : settings_) lines.push_back(setting.key + " = " + text_of(setting) + "\n");
    std::sort(lines.begin(), lines.end());
    return fmt::format("{}", fmt::join(lines, ""));
}

std::optional<std::string> SettingsRegistry::value_of(std::string_view key) const {
    const Setting* setting = find(key);
    return setting == nullptr ? std::nullopt : std::optional(text_of(*setting));
}

}  // namespace tide
