#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/engine_settings.hpp"
#include "app/paths.hpp"

// Configuration, kill switch and resume.
namespace tide {
namespace {

std::string wall_clock_text() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return format_iso(ReceiveTime(std::chrono::duration_cast<seconds>(now)));
}

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

Result<ExitCode> kill_switch_command(const std::string& home, bool confirm, const std::string& reason) {
    if (!confirm)
        return make_error(ErrorCode::usage,
                          "kill-switch closes every position at once; say --confirm if that is meant");
    auto paths = find_paths(home);
    if (!paths) return paths.error();
    if (auto ready = prepare_home(*paths); !ready) return ready.error();
    std::ofstream file(paths->emergency_stop(), std::ios::app);
    file << "by " << operator_name() << ": " << (reason.empty() ? "no reason given" : reason) << "\n";
    file.close();
    if (!file) {
        return make_error(ErrorCode::io,
                          fmt::format("cannot write {}; make the folder writable", paths->emergency_stop().string()));
    }
    fmt::print(
        "kill switch: {} is in place; a running session closes everything within a second, and none starts until "
        "'engine resume'\n",
        paths->emergency_stop().string());
    return ExitCode::done;
}

Result<ExitCode> resume_command(const ResumeOptions& options) {
    if (!options.confirm_safe || options.reason.empty()) {
        return make_error(ErrorCode::usage, "resume needs --confirm-safe and --reason \"what was found and mended\"");
    }
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    std::error_code error;
    if (!std::filesystem::remove(paths->emergency_stop(), error)) {
        if (error) {
            return make_error(ErrorCode::io,
                              fmt::format("cannot remove {}: {}", paths->emergency_stop().string(), error.message()));
        }
        fmt::print("the kill switch is not latched in {}\n", paths->home.string());
        return ExitCode::done;
    }
    std::ofstream(paths->limited_mode()) << "since the kill switch was resumed by " << operator_name() << "\n";
    std::ofstream log(paths->operator_log(), std::ios::app);
    log << wall_clock_text() << " resume by " << operator_name() << ": " << options.reason << "\n";
    log.close();
    if (!log || !std::filesystem::exists(paths->limited_mode())) {
        return make_error(ErrorCode::io,
                          fmt::format("{} cannot be written; the kill switch is cleared, limited mode is not set",
                                      paths->home.string()));
    }
    fmt::print("kill switch cleared; sessions start in limited mode until 'engine mode normal'\n");
    return ExitCode::done;
}

Result<ExitCode> mode_normal_command(const std::string& home) {
    auto paths = find_paths(home);
    if (!paths) return paths.error();
    std::error_code error;
    const bool was_limited = std::filesystem::remove(paths->limited_mode(), error);
    if (error)
        return make_error(ErrorCode::io,
                          fmt::format("cannot remove {}: {}", paths->limited_mode().string(), error.message()));
    if (was_limited) {
        std::ofstream log(paths->operator_log(), std::ios::app);
        log << wall_clock_text() << " mode normal by " << operator_name() << "\n";
    }
    fmt::print("{}\n",
               was_limited ? "limited mode ended: the next session trades at full size" : "limited mode is not on");
    return ExitCode::done;
}

}  // namespace tide
