#pragma once
#include <string>
#include <string_view>

#include "core/settings.hpp"

namespace tide {

// Numbers of what can go wrong outside the market's prices: the line to the broker, its answers, orders that are not
// what was decided, outages, halts of the whole market (option-bot-flow 13.14.2, 13.14.4, 14.2.1; india-market 3.6).
struct EmergencySettings {
    // broker's answers
    double error_rate_pct = 50;
    double error_rate_min = 5;
    int64_t error_rate_answers = 10;
    double error_rate_span_s = 60;
    // broker's session
    double broker_exit_min = 10;
    // wrong orders
    double wrong_order_kill_pct = 0;  // 0: each one
    double wrong_order_exit_pct = 1;
    double wrong_order_price_pct = 10;
    int64_t wrong_order_repeats = 3;
    double wrong_order_repeat_s = 10;
    // outages
    double medium_outage_min = 5;
    double long_outage_min = 30;
    double quiet_after_outage_min = 15;
    double outage_adverse_pct = 0.5;
    double outage_vix_rise = 3;
    bool recorded_holes = false;
    // halts of the whole market
    std::string halt_indices = "NIFTY, SENSEX";
    double halt_1_pct = 10, halt_2_pct = 15, halt_3_pct = 20;
    TimeOfDay halt_early_until = std::chrono::hours(13);
    TimeOfDay halt_middle_until = std::chrono::hours(14);
    TimeOfDay halt_late_until = std::chrono::hours(14) + std::chrono::minutes(30);
    double halt_1_early_min = 45, halt_1_late_min = 15;
    double halt_2_early_min = 105, halt_2_middle_min = 45;
    double halt_pre_open_min = 15;

    void register_in(SettingsRegistry& registry);
    bool is_halt_index(std::string_view symbol) const;

  private:
    void register_outages(SettingsRegistry& registry);
    void register_market_halts(SettingsRegistry& registry);
};

}  // namespace tide
