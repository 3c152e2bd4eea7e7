#pragma once
#include <string>

#include "core/settings.hpp"
#include "market/data_quality_settings.hpp"
#include "market/option_model.hpp"
#include "market/strike_window.hpp"
#include "market/volatility_state.hpp"
#include "risk/risk_settings.hpp"
#include "session/reconcile_settings.hpp"
#include "session/script_settings.hpp"

namespace tide {

// Everything a Session can be told by configuration. The canonical text of all registered settings is the first event.
struct SessionConfig {
    AccountSettings account;
    RiskSettings risk;
    OrderSettings orders;
    OptionModelSettings option_model;
    VolatilitySettings volatility;
    StrikeWindowSettings chain;
    DataQualitySettings data;
    ScriptSettings scripts;
    ReconcileSettings reconcile;
    std::string mode = "paper";     // for the records only; nothing inside depends on it
    bool use_option_model = false;  // options without a recorded price are priced by model, flagged
    bool over_history = false;      // prices are recorded ones: a daily or realised VIX holds for its day
    bool synthetic_market = false;  // prices are made up: their bars are never mixed with recorded ones
    bool start_limited = false;     // an earlier session was killed: half size, one position, until an operator says
    int64_t seed = 1;               // of math.random in scripts and of client order ids
    std::string charges_broker = "angelone";  // whose rounding the charges follow (config/charges/brokers)
    int64_t bars_kept = 1024;                 // per instrument and timeframe
    double chain_refresh_s = 60;              // on_chain at most this often for each underlying

    void register_settings(SettingsRegistry& registry);
};

}  // namespace tide
