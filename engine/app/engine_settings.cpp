#include "app/engine_settings.hpp"

#include "app/config_file.hpp"

namespace tide {

EngineSettings::EngineSettings() {
    session.register_settings(registry_);
    paper.register_in(registry_);
    store.register_in(registry_);
    registry_.add("market.instruments", instruments, {},
                  "a broker's contract master (file): its terms win over config/contracts.toml; empty: none");
    watchdog.register_in(registry_);
    retention.register_in(registry_);
    feeds.register_in(registry_);
    script_host.register_in(registry_);
}

Result<void> EngineSettings::read_file(const std::string& file) { return read_config_file(file, registry_); }

Result<void> EngineSettings::read_text(std::string_view canonical_text) {
    return registry_.read_lines(canonical_text, "journal's configuration");
}

void EngineSettings::apply(const RunOptions& options, bool over_history, bool start_limited) {
    session.mode = options.mode == RunMode::backtest ? "backtest" : options.mode == RunMode::live ? "live" : "paper";
    session.use_option_model = options.option_model;
    session.over_history = over_history;
    session.start_limited = start_limited;
    if (options.mode == RunMode::live) session.scripts.reload_in_market = false;
}

std::string EngineSettings::exchange_text() const {
    std::string text;
    for (const auto& setting : registry_.settings()) {
        const bool wanted = setting.key.rfind("paper.", 0) == 0 || setting.key.rfind("option_model.", 0) == 0 ||
                            setting.key.rfind("data.spike_", 0) == 0 || setting.key == "session.use_option_model";
        if (wanted) text += setting.key + " = " + registry_.value_of(setting.key).value_or("") + "\n";
    }
    return text;
}

}  // namespace tide
