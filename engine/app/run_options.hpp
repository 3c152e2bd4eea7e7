#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace tide {

enum class RunMode { paper, live, backtest };

// What `engine run` and `engine backtest` were asked to do.
struct RunOptions {
    RunMode mode = RunMode::paper;
    std::vector<std::string> scripts;
    std::vector<std::string> parameters;  // "name=value"
    // "synthetic[:SEED]", "replay:PATH"; none: synthetic. More than one: the first, and others that stand by.
    std::vector<std::string> feeds;
    std::string feed_mode = "fallback";  // or "redundant"
    bool exchange_process = false;       // --broker paper-process
    bool in_process = false;             // scripts run in the engine's own process, whatever scripts.transport says
    std::vector<std::string> data;       // files or folders that are traded through
    std::vector<std::string> history;    // context only
    std::string speed;                   // "1", "60", "max"; empty: what suits the feed
    std::optional<Date> from, to;
    bool option_model = false;
    bool realised_vix = false;
    std::string instruments;  // a contract master; empty: market.instruments of the configuration
    std::string config_file;  // empty: the shipped config/engine.toml
    std::string home;
    bool json = false;
    bool plain = false;  // lines instead of a living screen
    bool lenient = false;
    bool journal = true;
    bool fresh = false;  // a new session, even where one was interrupted
};

}  // namespace tide
