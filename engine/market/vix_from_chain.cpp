#include "market/vix_from_chain.hpp"

#include <cmath>

// Cboe, "Volatility Index Methodology: Cboe Volatility Index", sections "Step 1" to "Step 3"; NSE, "India VIX:
// computation methodology".
namespace tide {
namespace {

constexpr double kThirtyDays = 30.0 / 365.0;
constexpr int kSilentStrikesMax = 2;  // consecutive strikes without a bid that end a side

struct StrikeQuotes {
    double strike = 0;
    double call = ChainQuote::kNone, put = ChainQuote::kNone;  // mids
};

double usable_mid(const ChainQuote& quote, double stale_s) {
    const bool usable = quote.bid > 0 && quote.ask >= quote.bid && quote.age_s <= stale_s;
    return usable ? 0.5 * (quote.bid + quote.ask) : ChainQuote::kNone;
}

std::vector<StrikeQuotes> by_strike(std::span<const ChainQuote> quotes, double stale_s) {
    std::vector<StrikeQuotes> strikes;
    for (const ChainQuote& quote : quotes) {
        if (strikes.empty() || strikes.back().strike != quote.strike) strikes.push_back({quote.strike});
        (quote.right == OptionRight::call ? strikes.back().call : strikes.back().put) = usable_mid(quote, stale_s);
    }
    return strikes;
}

struct Weighted {
    double strike = 0, price = 0;
};

// One side outwards from the strike at the money, until two in a row are silent.
template <class Next>
void walk(const std::vector<StrikeQuotes>& strikes, size_t first, Next next, double StrikeQuotes::*side,
          std::vector<Weighted>& out) {
    int silent = 0;
    for (size_t i = first; i < strikes.size() && silent < kSilentStrikesMax; i = next(i)) {
        if (std::isnan(strikes[i].*side)) {
            ++silent;
        } else {
            silent = 0;
            out.push_back({strikes[i].strike, strikes[i].*side});
        }
    }
}

}  // namespace

std::optional<ExpiryVariance> expiry_variance(std::span<const ChainQuote> quotes, double t_years, double rate,
                                              double stale_s) {
    if (!(t_years > 0)) return std::nullopt;
    const auto strikes = by_strike(quotes, stale_s);
    const double growth = std::exp(rate * t_years);
    double least = std::numeric_limits<double>::infinity(), forward = 0;
    for (const StrikeQuotes& at : strikes) {
        const double difference = at.call - at.put;
        if (!(std::fabs(difference) < least)) continue;
        least = std::fabs(difference);
        forward = at.strike + growth * difference;
    }
    if (std::isinf(least)) return std::nullopt;
    // The first strike at or below the forward that has both sides.
    size_t centre = strikes.size();
    for (size_t i = 0; i < strikes.size() && strikes[i].strike <= forward; ++i) {
        if (!std::isnan(strikes[i].call) && !std::isnan(strikes[i].put)) centre = i;
    }
    if (centre == strikes.size()) return std::nullopt;

    std::vector<Weighted> puts, all;
    walk(
        strikes, centre - 1, [](size_t i) { return i - 1; }, &StrikeQuotes::put, puts);  // past 0: past the end
    all.assign(puts.rbegin(), puts.rend());
    const StrikeQuotes& middle = strikes[centre];
    all.push_back({middle.strike, 0.5 * (middle.call + middle.put)});
    walk(
        strikes, centre + 1, [](size_t i) { return i + 1; }, &StrikeQuotes::call, all);
    if (all.size() < kVarianceStrikesMin) return std::nullopt;

    double sum = 0;
    for (size_t i = 0; i < all.size(); ++i) {
        const double low = all[i == 0 ? 0 : i - 1].strike;
        const double high = all[i + 1 == all.size() ? i : i + 1].strike;
        const double width = i == 0 || i + 1 == all.size() ? high - low : 0.5 * (high - low);
        sum += width / (all[i].strike * all[i].strike) * growth * all[i].price;
    }
    const double off_centre = forward / middle.strike - 1.0;
    const double variance = (2.0 * sum - off_centre * off_centre) / t_years;
    if (!(variance > 0)) return std::nullopt;
    return ExpiryVariance{t_years, variance, all.size()};
}

std::optional<ChainVix> chain_vix(std::span<const ExpiryVariance> expiries) {
    std::optional<ExpiryVariance> near, next;
    for (const ExpiryVariance& expiry : expiries) {
        if (expiry.t_years > kThirtyDays) {
            next = expiry;
            break;
        }
        near = expiry;
    }
    return chain_vix(near, next);
}

std::optional<ChainVix> chain_vix(const std::optional<ExpiryVariance>& near,
                                  const std::optional<ExpiryVariance>& next) {
    if (!near && !next) return std::nullopt;
    if (near && next && next->t_years > near->t_years) {
        const double span = next->t_years - near->t_years;
        const double total = near->t_years * near->variance * (next->t_years - kThirtyDays) / span +
                             next->t_years * next->variance * (kThirtyDays - near->t_years) / span;
        if (total > 0) return ChainVix{100.0 * std::sqrt(total / kThirtyDays), 2};
    }
    return ChainVix{100.0 * std::sqrt((near ? near : next)->variance), 1};
}

}  // namespace tide
