#include "risk/risk_settings.hpp"

#include <algorithm>

#include "core/percent.hpp"

namespace tide {
namespace {

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

}  // namespace

void AccountSettings::register_in(SettingsRegistry& registry) {
    registry.add("account.equity", equity, 1'000, 1'000'000'000, "cash at the start of the session");
}

RiskSettings::RiskSettings()
    : sectors(
          "NIFTY=broad, SENSEX=broad, BANKNIFTY=financials, FINNIFTY=financials, BANKEX=financials, "
          "MIDCPNIFTY=midcap, NIFTYNXT50=nextfifty") {}

void RiskSettings::register_in(SettingsRegistry& registry) {
    register_session(registry);
    register_limits(registry);
    register_losses(registry);
    register_volatility(registry);
    emergency.register_in(registry);
    margin.register_in(registry);
    register_strategies(registry);
}

void RiskSettings::register_session(SettingsRegistry& registry) {
    registry.add("session.entry_from", entry_from, "no entries before");
    registry.add("session.entry_until", entry_until, "no entries from here on");
    registry.add("session.cancel_before_close_min", cancel_before_close_min, 0, 120, "minutes",
                 "waiting entries are cancelled this long before the close");
    registry.add("session.exit_before_close_min", exit_before_close_min, 0, 240, "minutes",
                 "all positions are closed this long before the close");
    registry.add("session.exit_latest", exit_latest, "all positions are closed at this time at the latest");
    registry.add("session.exit_before_expiry_days", exit_before_expiry_days, 0, 60, "calendar days",
                 "positions with this many days to expiry, or fewer, are closed and not opened");
}

void RiskSettings::register_limits(SettingsRegistry& registry) {
    registry.add("risk.max_positions", max_positions, 0, 100, "positions", "open or being opened at once");
    registry.add("risk.max_per_underlying", max_per_underlying, 1, 100, "positions", "on one underlying at once");
    registry.add("risk.same_direction_pct", same_direction_pct, 1, 100, "%",
                 "largest share of positions that profit from the same direction of their underlyings");
    registry.add("risk.same_sector_pct", same_sector_pct, 1, 100, "%", "largest share of positions in one sector");
    registry.add("risk.concentration_from", concentration_from, 1, 100, "positions",
                 "the two shares are looked at once this many positions are open");
    registry.add("risk.two_expiries_from", two_expiries_from, 2, 100, "positions",
                 "from this position on, at least two expiries");
    registry.add("risk.sectors", sectors, {}, "sector of each underlying: SYMBOL=sector, joined by commas");
    registry.add("risk.position_size_pct", position_size_pct, 0.01, 100, "% of equity", "value of one entry");
    registry.add("risk.trade_loss_pct", trade_loss_pct, 0.01, 100, "% of equity",
                 "estimated loss of one trade at its stop");
    registry.add("risk.assumed_delta", assumed_delta, 0.01, 1, "",
                 "delta with which a stop on the underlying becomes a loss on the premium");
    registry.add("risk.margin_entry_pct", margin_entry_pct, 1, 100, "% of equity", "margin in use after an entry");
    registry.add("risk.margin_close_pct", margin_close_pct, 1, 200, "% of equity",
                 "margin in use at which the weakest position is closed");
    registry.add("risk.margin_kill_pct", margin_kill_pct, 1, 200, "% of equity",
                 "margin in use at which the kill switch acts");
    registry.add("risk.underlying_exposure_pct", underlying_exposure_pct, 0.1, 100, "% of equity",
                 "value of all positions on one underlying");
    registry.add("risk.max_delta_pct", max_delta_pct, 1, 10'000, "% of equity",
                 "net delta x price of the underlying x quantity");
    registry.add("risk.max_vega_pct", max_vega_pct, 0.01, 100, "% of equity", "net change for one volatility point");
    registry.add("risk.max_gamma_pct", max_gamma_pct, 1, 10'000, "% of equity",
                 "net change of the delta's value when the underlying moves 1 %");
    registry.add("risk.max_theta_pct", max_theta_pct, 0.001, 100, "% of equity", "net loss of a day by time alone");
    registry.add("risk.min_open_interest", min_open_interest, 0, 1'000'000, "units",
                 "an option with less is not entered (where open interest is known)");
    registry.add("risk.stale_quote_s", stale_quote_s, 0.1, 86'400, "s", "an entry needs a price no older than this");
    registry.add("risk.stale_quote_in_position_s", stale_quote_in_position_s, 0.1, 86'400, "s",
                 "the same for an option that is already held");
    registry.add("risk.limited_size_pct", limited_size_pct, 1, 100, "%", "size in limited mode");
    registry.add("risk.limited_positions", limited_positions, 0, 100, "positions", "positions in limited mode");
    registry.add("risk.limited_minutes", limited_minutes, 0, 1'440, "minutes", "shortest stay in limited mode");
}

void RiskSettings::register_losses(SettingsRegistry& registry) {
    registry.add("risk.day_loss_pct", day_loss_pct, 0.01, 100, "% of the day's first equity",
                 "loss at which all is closed and the day is over");
    registry.add("risk.day_loss_warn_pct", day_loss_warn_pct, 0.01, 100, "% of the day's first equity",
                 "loss at which a warning is given");
    registry.add("risk.drawdown_pct", drawdown_pct, 0.01, 100, "% of the day's highest equity",
                 "fall from it at which entries end for the day");
    registry.add("risk.losing_streak", losing_streak, 1, 100, "trades",
                 "losing trades in a row at which entries end for the day");
    registry.add("risk.equity_floor_pct", equity_floor_pct, 0, 100, "% of the day's first equity",
                 "equity at which the kill switch acts");
    registry.add("risk.disaster_underlying_pct", disaster_underlying_pct, 0.1, 100, "%",
                 "the engine's own stop: move of the underlying against the position since entry");
    registry.add("risk.disaster_premium_pct", disaster_premium_pct, 1, 100, "%",
                 "the engine's own stop: share of the premium lost");
    registry.add("risk.exit_retry_s", exit_retry_s, 0.1, 60, "s",
                 "a mandatory exit that failed is asked for again after this, doubled at each try up to 16 times");
}

void RiskSettings::register_volatility(SettingsRegistry& registry) {
    registry.add("breakers.vix_high", vix_high, 1, 200, "points", "above: no entries, positions closed");
    registry.add("breakers.vix_extreme", vix_extreme, 1, 200, "points", "above: all closed, the day is over");
    registry.add("breakers.vix_spike", vix_spike, 0.1, 100, "points", "rise at which all is closed and cancelled");
    registry.add("breakers.vix_spike_min", vix_spike_min, 1, 60, "minutes", "window of that rise");
    registry.add("breakers.vix_kill", vix_kill, 0.1, 100, "points", "rise at which the kill switch acts");
    registry.add("breakers.vix_kill_min", vix_kill_min, 1, 60, "minutes", "window of that rise");
    registry.add("breakers.vix_hysteresis", vix_hysteresis, 0, 20, "points",
                 "a VIX breaker ends this far below its limit");
    registry.add("breakers.vix_stale_min", vix_stale_min, 0.1, 1'440, "minutes", "an older VIX is treated as high");
    registry.add("breakers.vix_from_chain", vix_from_chain,
                 "a missing or stale VIX is computed from NIFTY's option chain (flagged); off: it refuses entries");
    registry.add("breakers.underlying_move_pct", underlying_move_pct, 0.1, 100, "%",
                 "move of an underlying that halts entries");
    registry.add("breakers.underlying_move_min", underlying_move_min, 1, 60, "minutes", "window of that move");
    registry.add("breakers.volume_spike_pct", volume_spike_pct, 101, 10'000, "% of its average",
                 "volume of an underlying that halts entries");
    registry.add("breakers.volume_spike_min", volume_spike_min, 1, 60, "minutes", "window of that volume");
    registry.add("breakers.resume_size_pct", resume_size_pct, 1, 100, "%", "size after a volatility breaker has ended");
    registry.add("breakers.resume_step_min", resume_step_min, 1, 1'440, "minutes",
                 "it grows by as much again after this");
}

const std::vector<std::string>& StrategyLimits::keys() {
    static const std::vector<std::string> kKeys{
        "capital_pct",        "margin_pct", "day_loss_pct",           "max_positions",
        "max_per_underlying", "max_lots",   "exit_before_expiry_days"};
    return kKeys;
}

void StrategyLimits::register_in(SettingsRegistry& registry) {
    const std::string prefix = "strategy." + name + ".";
    registry.add(prefix + "capital_pct", capital_pct, 0.1, 100, "% of equity",
                 "its capital: what its size and its losses are measured against");
    registry.add(prefix + "margin_pct", margin_pct, 0.1, 100, "% of its capital",
                 "margin and premium in use by it after an entry");
    registry.add(prefix + "day_loss_pct", day_loss_pct, 0.01, 100, "% of its capital at the day's start",
                 "its own loss at which its positions are closed and it alone is halted for the day");
    registry.add(prefix + "max_positions", max_positions, 0, 100, "positions", "its own, open or being opened");
    registry.add(prefix + "max_per_underlying", max_per_underlying, 1, 100, "positions",
                 "on one underlying at once, in place of risk.max_per_underlying");
    registry.add(prefix + "max_lots", max_lots, 0, 100'000, "lots", "of one entry");
    registry.add(prefix + "exit_before_expiry_days", exit_before_expiry_days, 0, 60, "calendar days",
                 "in place of session.exit_before_expiry_days");
}

void RiskSettings::register_strategies(SettingsRegistry& registry) {
    for (StrategyLimits& limits : per_strategy) limits.register_in(registry);
    registry.add_family("strategy", StrategyLimits::keys(), [this, &registry](const std::string& name) {
        per_strategy.push_back({});
        per_strategy.back().name = name;
        per_strategy.back().register_in(registry);
    });
}

void RiskSettings::bind_strategy(std::string_view name, StrategyId strategy) {
    for (StrategyLimits& limits : per_strategy) {
        if (limits.name == name) limits.strategy = strategy;
    }
}
const StrategyLimits* RiskSettings::limits_of(StrategyId strategy) const {
    if (!strategy.valid()) return nullptr;
    const auto found = std::find_if(per_strategy.begin(), per_strategy.end(),
                                    [&](const StrategyLimits& limits) { return limits.strategy == strategy; });
    return found == per_strategy.end() ? nullptr : &*found;
}
int64_t RiskSettings::exit_before_expiry_days_of(StrategyId strategy) const {
    const StrategyLimits* limits = limits_of(strategy);
    return limits == nullptr ? exit_before_expiry_days
                             : limits->exit_before_expiry_days.value_or(exit_before_expiry_days);
}
int64_t RiskSettings::max_per_underlying_of(StrategyId strategy) const {
    const StrategyLimits* limits = limits_of(strategy);
    return limits == nullptr ? max_per_underlying : limits->max_per_underlying.value_or(max_per_underlying);
}
double RiskSettings::capital_pct_of(StrategyId strategy) const {
    const StrategyLimits* limits = limits_of(strategy);
    return limits == nullptr ? 100 : limits->capital_pct.value_or(100);
}

Money RiskSettings::day_loss_limit_of(const StrategyLimits& limits, Money day_start_equity) {
    return percent_of(percent_of(day_start_equity, limits.capital_pct.value_or(100)),
                      limits.day_loss_pct.value_or(100));
}

std::string_view RiskSettings::sector_of(std::string_view underlying) const {
    std::string_view rest = sectors;
    while (!rest.empty()) {
        const auto comma = rest.find(',');
        const std::string_view pair = rest.substr(0, comma);
        const auto equals = pair.find('=');
        if (equals != std::string_view::npos && trimmed(pair.substr(0, equals)) == underlying) {
            return trimmed(pair.substr(equals + 1));
        }
        rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
    return underlying;
}

}  // namespace tide
