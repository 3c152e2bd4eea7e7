#pragma once
#include <optional>
#include <span>

#include "market/option_chain.hpp"

namespace tide {

// Expected variance of one expiry from its chain, by the method of Cboe's VIX (which NSE's India VIX follows): the
// forward from the strike with the smallest |call - put|, then the out-of-the-money mids weighted by dK / K^2. Quotes
// without a bid are left out, and beyond two in a row without one nothing is counted.
struct ExpiryVariance {
    double t_years = 0;
    double variance = 0;  // a year
    size_t strikes = 0;   // that took part
};
// None without a strike that has both mids, with fewer than kVarianceStrikesMin strikes, at no time, or when the sum is
// not positive. Rows as in OptionChain::compute. (NSE in addition replaces wide quotes by a cubic spline; here a
// crossed quote is left out.)
inline constexpr size_t kVarianceStrikesMin = 10;
std::optional<ExpiryVariance> expiry_variance(std::span<const ChainQuote> quotes, double t_years, double rate,
                                              double stale_s);

struct ChainVix {
    double level = 0;  // points: 14.2
    int expiries = 0;  // 2: interpolated to 30 days; 1: that expiry's own volatility, only near to what a VIX would say
};
// `near` expires first. At t_years of 30 days the two are weighted by time; when both lie on one side of it, it is
// extrapolated as Cboe does, unless that gives no positive variance.
std::optional<ChainVix> chain_vix(const std::optional<ExpiryVariance>& near, const std::optional<ExpiryVariance>& next);
// The same from the two expiries around 30 days, of any number in ascending order; else from the one nearest to it.
std::optional<ChainVix> chain_vix(std::span<const ExpiryVariance> expiries);
// Expiries with less left than this say little of the next month: leave them out.
inline constexpr double kVixYearsMin = 2.0 / 365.0;

}  // namespace tide
