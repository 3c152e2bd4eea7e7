#pragma once
#include <string>

#include "app/run_options.hpp"
#include "app/script_hosting.hpp"
#include "app/watchdog.hpp"
#include "barstore/retention.hpp"
#include "brokers/paper_broker.hpp"
#include "core/settings.hpp"
#include "feeds/feed_switch.hpp"
#include "ledger/store_settings.hpp"
#include "session/session_config.hpp"

namespace tide {

// All settings of a session in one registry: what a configuration file may say, and what a journal's first event holds.
class EngineSettings {
  public:
    EngineSettings();
    EngineSettings(const EngineSettings&) = delete;
    EngineSettings& operator=(const EngineSettings&) = delete;

    // Reads a configuration file over the defaults.
    Result<void> read_file(const std::string& file);
    // From the first event of a journal.
    Result<void> read_text(std::string_view canonical_text);
    // What the command line decides.
    void apply(const RunOptions& options, bool over_history, bool start_limited);

    // The lines that a paper exchange in another process needs.
    std::string exchange_text() const;
    std::string canonical_text() const { return registry_.to_lines(); }
    SettingsRegistry& registry() { return registry_; }
    const SettingsRegistry& registry() const { return registry_; }

    SessionConfig session;
    PaperSettings paper;
    StoreSettings store;
    std::string instruments;  // a contract master's file; empty: none
    WatchdogSettings watchdog;
    RetentionSettings retention;
    FeedSwitchSettings feeds;
    ScriptHostSettings script_host;

  private:
    SettingsRegistry registry_;
};

}  // namespace tide
