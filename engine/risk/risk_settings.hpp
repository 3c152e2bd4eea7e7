#pragma once
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/settings.hpp"
#include "core/strong_id.hpp"
#include "risk/emergency_settings.hpp"
#include "trading/margin.hpp"
#include "trading/order_settings.hpp"

namespace tide {

struct AccountSettings {
    Money equity = Money::from_rupees(2'500'000);
    void register_in(SettingsRegistry& registry);
};

// Limits that the configuration may set for one strategy ([strategy.NAME]); the rest hold for all. What is not set is
// as for all. A strategy's limits tighten those of the account, but for max_per_underlying and exit_before_expiry_days,
// which take their place.
struct StrategyLimits {
    std::string name;
    StrategyId strategy;                   // once it is loaded
    std::optional<double> capital_pct;     // share of equity that its size and its losses are measured against
    std::optional<double> margin_pct;      // of its capital, margin and premium in use after an entry
    std::optional<double> day_loss_pct;    // of its capital at the day's start: closed, and halted alone for the day
    std::optional<int64_t> max_positions;  // its own, open or being opened
    std::optional<int64_t> max_per_underlying;
    std::optional<int64_t> max_lots;  // of one entry
    std::optional<int64_t> exit_before_expiry_days;

    void register_in(SettingsRegistry& registry);
    static const std::vector<std::string>& keys();
};

// Every number of trading-rules "Session and calendar", "Risk limits", "Volatility breakers". Percentages are in
// percent.
struct RiskSettings {
    // session
    TimeOfDay entry_from = std::chrono::hours(10);
    TimeOfDay entry_until = std::chrono::hours(14) + std::chrono::minutes(30);
    double cancel_before_close_min = 5;
    double exit_before_close_min = 30;
    TimeOfDay exit_latest = std::chrono::hours(15) + std::chrono::minutes(10);
    int64_t exit_before_expiry_days = 3;
    // limits
    int64_t max_positions = 3;
    int64_t max_per_underlying = 1;
    double same_direction_pct = 70;
    double same_sector_pct = 50;
    int64_t concentration_from = 2;  // open positions from which the two shares above are looked at
    int64_t two_expiries_from = 3;   // the n-th position needs a second expiry
    std::string sectors;             // "BANKNIFTY=financials, FINNIFTY=financials, …"; others are their own
    double position_size_pct = 2.5;  // premium of one entry, of equity
    double trade_loss_pct = 1;
    double day_loss_pct = 3;
    double day_loss_warn_pct = 2;
    double drawdown_pct = 5;
    int64_t losing_streak = 3;
    double equity_floor_pct = 80;  // of the day's start: kill switch
    double margin_entry_pct = 70;
    double margin_close_pct = 80;
    double margin_kill_pct = 95;
    double underlying_exposure_pct = 20;
    double max_delta_pct = 600;       // delta x underlying's price x quantity, net, of equity
    double max_vega_pct = 1;          // a volatility point, net, of equity
    double max_gamma_pct = 600;       // change of the delta's value when the underlying moves 1 %, net, of equity
    double max_theta_pct = 1;         // what a calendar day costs, net, of equity
    double assumed_delta = 0.5;       // for the loss at a stop on the underlying
    int64_t min_open_interest = 500;  // where it is known
    double disaster_underlying_pct = 2;
    double disaster_premium_pct = 50;
    double stale_quote_s = 60;
    double stale_quote_in_position_s = 5;
    // limited mode
    double limited_size_pct = 50;
    int64_t limited_positions = 1;
    double limited_minutes = 60;
    // volatility
    double vix_high = 30;
    double vix_extreme = 40;
    double vix_spike = 5;
    double vix_spike_min = 10;
    double vix_kill = 7;
    double vix_kill_min = 5;
    double vix_hysteresis = 2;
    double vix_stale_min = 5;
    bool vix_from_chain = false;  // a missing VIX is computed from the NIFTY chain, flagged
    double underlying_move_pct = 2;
    double underlying_move_min = 5;
    double volume_spike_pct = 300;
    int64_t volume_spike_min = 15;
    double resume_size_pct = 25;  // after a volatility halt; grows by itself every step
    double resume_step_min = 15;
    // guardian
    MarginSettings margin;
    double exit_retry_s = 1;  // doubled at each try, at most four times

    EmergencySettings emergency;

    std::deque<StrategyLimits> per_strategy;  // a deque: settings point into it

    RiskSettings();
    void register_in(SettingsRegistry& registry);
    // A strategy of this name has been loaded.
    void bind_strategy(std::string_view name, StrategyId strategy);
    // nullptr: none of its own.
    const StrategyLimits* limits_of(StrategyId strategy) const;
    int64_t exit_before_expiry_days_of(StrategyId strategy) const;
    int64_t max_per_underlying_of(StrategyId strategy) const;
    // 100 where it has none of its own.
    double capital_pct_of(StrategyId strategy) const;
    // What a strategy with a loss limit of its own may lose in a day.
    static Money day_loss_limit_of(const StrategyLimits& limits, Money day_start_equity);
    // The sector of an underlying's symbol; the symbol itself when none is configured.
    std::string_view sector_of(std::string_view underlying) const;

  private:
    void register_session(SettingsRegistry& registry);
    void register_limits(SettingsRegistry& registry);
    void register_losses(SettingsRegistry& registry);
    void register_volatility(SettingsRegistry& registry);
    void register_strategies(SettingsRegistry& registry);
};

}  // namespace tide
