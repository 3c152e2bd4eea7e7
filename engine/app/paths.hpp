#pragma once
#include <filesystem>
#include <string>

#include "core/result.hpp"

namespace tide {

// Where the engine finds its own files and keeps what it makes. The only place that looks at the environment.
struct Paths {
    std::filesystem::path resources;  // holds config/, scripts/, strategies/
    // ledger.db, audit_anchors.log, backups/, journals/, data/, EMERGENCY_STOP, LIMITED_MODE, operator.log
    std::filesystem::path home;

    std::filesystem::path config_file() const { return resources / "config" / "engine.toml"; }
    std::filesystem::path calendars() const { return resources / "config" / "calendars"; }
    std::filesystem::path contracts() const { return resources / "config" / "contracts.toml"; }
    std::filesystem::path charges() const { return resources / "config" / "charges"; }
    std::filesystem::path ledger() const { return home / "ledger.db"; }
    std::filesystem::path audit_anchors() const { return home / "audit_anchors.log"; }
    std::filesystem::path backups() const { return home / "backups"; }
    std::filesystem::path journals() const { return home / "journals"; }
    // The folder of market data; a home that is called data, as in a checkout, is that folder itself.
    std::filesystem::path market_data() const { return home.filename() == "data" ? home : home / "data"; }
    std::filesystem::path bars() const { return market_data() / "timeframes"; }
    std::filesystem::path emergency_stop() const { return home / "EMERGENCY_STOP"; }
    std::filesystem::path limited_mode() const { return home / "LIMITED_MODE"; }
    std::filesystem::path books_differ() const { return home / "BOOKS_DIFFER"; }
    std::filesystem::path reconciliations() const { return home / "reconciliations"; }
    std::filesystem::path operator_log() const { return home / "operator.log"; }
    std::filesystem::path control_socket() const { return home / "control.sock"; }
    std::filesystem::path exchange_socket() const { return home / "exchange.sock"; }
    std::filesystem::path engine_lock() const { return home / "engine.lock"; }
    std::filesystem::path saved_states() const { return home / "state"; }
    std::filesystem::path incidents() const { return home / "incidents"; }
};

// Resources: $TIDE_RESOURCES, else the nearest folder above the program (or share/tide beside its bin) that has
// config/engine.toml. Home: `home_option` if not empty, else $TIDE_HOME, else data/ in a checkout, else
// ~/.local/share/tide.
Result<Paths> find_paths(const std::string& home_option);

// Makes the home folder and shows that it can be written to.
Result<void> prepare_home(const Paths& paths);

// Who operates: the login name, for the audit.
std::string operator_name();

}  // namespace tide
