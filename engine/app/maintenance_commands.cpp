#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/engine_settings.hpp"
#include "app/paths.hpp"

// Configuration.
namespace tide {
namespace {

std::string range_text(const Setting& setting) {
    if (!setting.choices.empty()) return fmt::format("{}", fmt::join(setting.choices, "|"));
    if (setting.min == 0 && setting.max == 0) return "";
    return fmt::format("{} to {}", setting.min, setting.max);
}

Result<void> read_settings(const ConfigOptions& options, EngineSettings& settings) {
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    return settings.read_file(options.config_file.empty() ? paths->config_file().string() : options.config_file);
}

}  // namespace

Result<ExitCode> config_show_command(const ConfigOptions& options) {
    EngineSettings settings;
    if (auto done = read_settings(options, settings); !done) return done.error();
    auto document = nlohmann::json::object();
    for (const auto& setting : settings.registry().settings()) {
        const std::string value = settings.registry().value_of(setting.key).value_or("");
        if (options.json) {
            document[setting.key] = {
                {"value", value}, {"range", range_text(setting)}, {"unit", setting.unit}, {"help", setting.help}};
        } else {
            const std::string range = range_text(setting);
            fmt::print("{} = {}\n    {}{}{}{}\n", setting.key, value, setting.help, range.empty() ? "" : " (" + range,
                       setting.unit.empty() || range.empty() ? "" : " " + setting.unit, range.empty() ? "" : ")");
        }
    }
    if (options.json) std::cout << nlohmann::json{{"schema_version", 1}, {"settings", document}}.dump(2) << "\n";
    return ExitCode::done;
}

Result<ExitCode> config_validate_command(const ConfigOptions& options) {
    EngineSettings settings;
    if (auto done = read_settings(options, settings); !done) return done.error();
    if (options.json) {
        std::cout << nlohmann::json{{"schema_version", 1}, {"valid", true}}.dump(2) << "\n";
    } else {
        fmt::print("valid: {} settings\n", settings.registry().settings().size());
    }
    return ExitCode::done;
}

}  // namespace tide
