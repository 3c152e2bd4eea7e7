#include "session/session_config.hpp"

#include "market/charge_rates.hpp"

namespace tide {

void SessionConfig::register_settings(SettingsRegistry& registry) {
    account.register_in(registry);
    risk.register_in(registry);
    orders.register_in(registry);
    volatility.register_in(registry);
    data.register_in(registry);
    scripts.register_in(registry);
    reconcile.register_in(registry);
    registry.add("option_model.rate", option_model.rate, -0.05, 0.3, "a year, continuous",
                 "interest rate of the option model");
    registry.add("option_model.skew", option_model.skew, -1, 1, "",
                 "slope of volatility over standardised log-moneyness; below 0: puts are dearer");
    registry.add("option_model.curvature", option_model.curvature, 0, 1, "", "curvature of the smile");
    registry.add("option_model.half_spread_pct", option_model.half_spread_pct, 0, 10, "% of price",
                 "half the spread of a model quote, at least one tick");
    chain.register_in(registry);
    registry.add("session.mode", mode, {"backtest", "paper", "live"}, "what drives the session; for the records only");
    registry.add("session.use_option_model", use_option_model,
                 "options without a recorded price are priced by model (flagged)");
    registry.add("session.over_history", over_history,
                 "the market is recorded: a daily or realised VIX holds for its day");
    registry.add("session.synthetic_market", synthetic_market, "the market is made up; for the records only");
    registry.add("session.start_limited", start_limited, "begin in limited mode (set after a kill switch was resumed)");
    registry.add("session.seed", seed, 0, 9'000'000'000'000'000'000, "",
                 "seed of math.random in scripts and of order ids");
    registry.add("charges.broker", charges_broker, {std::begin(kChargeBrokers), std::end(kChargeBrokers)},
                 "whose rounding, and brokerage on exercise, the charges follow (config/charges/brokers)");
    registry.add("session.chain_refresh_s", chain_refresh_s, 1, 3'600, "s",
                 "scripts are told of an underlying's option chain at most this often");
    registry.add("session.bars_kept", bars_kept, 64, 100'000, "bars", "kept for each instrument and timeframe");
}

}  // namespace tide
