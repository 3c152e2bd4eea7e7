#pragma once
#include <optional>

#include "core/instrument.hpp"

namespace tide {

enum class PricingModel { black76, black_scholes };

// underlying: spot (Black-Scholes) or forward (Black-76); t_years > 0; rate continuously compounded; sigma a year.
struct OptionTerms {
    PricingModel model = PricingModel::black_scholes;
    OptionRight right = OptionRight::call;
    double underlying = 0;
    double strike = 0;
    double t_years = 0;
    double rate = 0;
};

struct Greeks {
    double delta = 0;
    double gamma = 0;
    double theta_day = 0;  // per calendar day
    double vega_pct = 0;   // per volatility point (0.01)
    double rho_pct = 0;    // per percentage point of rate
};

// The standard normal distribution function, to full relative precision in the lower tail too.
double normal_cdf(double x);

// Price at expiry (t_years <= 0) or without volatility is the discounted intrinsic value.
double option_price(const OptionTerms& terms, double sigma);
// With Black-76 the forward is held when the rate moves.
Greeks option_greeks(const OptionTerms& terms, double sigma);
// The volatility whose price is `price`, or none: at or below the discounted intrinsic value (time value lost in the
// rounding of the price counts as none), at or above the upper bound, zero time, non-finite input. The price it gives
// back agrees with `price` to 1e-12 relative to the underlying.
std::optional<double> implied_volatility(const OptionTerms& terms, double price);

}  // namespace tide
