#pragma once
#include <optional>

#include "core/instrument.hpp"
#include "market/option_math.hpp"

namespace tide {

// Prices an option from its underlying when a backtest has no recorded price (explicit: --option-model bs; every price
// is flagged). At-the-money volatility is the VIX; the smile is sigma(k) = vix x (1 + skew x k + curvature x k^2) with
// k = ln(strike / spot) / (vix x sqrt(t)), floored at a quarter of the VIX. Beyond five standard deviations the smile
// is flat: it was never observed there, and in an option's last hour every strike is that far.
struct OptionModelSettings {
    double rate = 0.065;
    double skew = -0.05;
    double curvature = 0.02;
    double half_spread_pct = 0.25;  // of the price, at least one tick
    TimeOfDay expiry_time = hours(15) + minutes(30);
};

struct ModelQuote {
    double price = 0;
    double sigma = 0;
    Price last, bid, ask;  // on the instrument's tick, at least one tick
};

// Years from `now` to the option's last moment, actual/365; 0 or below once that has passed.
double years_to_expiry(const OptionModelSettings& settings, Date expiry, ReceiveTime now);

// vix in points (15.2). None when the option has expired or an input is not positive.
std::optional<ModelQuote> model_quote(const OptionModelSettings& settings, const Instrument& option, Price spot,
                                      double vix, ReceiveTime now);

}  // namespace tide
