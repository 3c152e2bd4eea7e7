#include "market/option_model.hpp"

#include <algorithm>
#include <cmath>

namespace tide {
namespace {

constexpr double kNanosecondsPerYear = 365.0 * 86'400.0 * 1e9;  // actual/365, as theta is a calendar day's
constexpr double kFlatBeyond = 5.0;                             // standard deviations
constexpr double kLowestShareOfVix = 0.25;

}  // namespace

double years_to_expiry(const OptionModelSettings& settings, Date expiry, ReceiveTime now) {
    return static_cast<double>((at(expiry, settings.expiry_time) - now).count()) / kNanosecondsPerYear;
}

std::optional<ModelQuote> model_quote(const OptionModelSettings& settings, const Instrument& option, Price spot,
                                      double vix, ReceiveTime now) {
    if (!option.is_option() || !option.expiry || option.right == OptionRight::none) return std::nullopt;
    if (!spot.positive() || !option.strike.positive() || !option.tick.positive() || !(vix > 0) || !std::isfinite(vix)) {
        return std::nullopt;
    }
    const double years = years_to_expiry(settings, *option.expiry, now);
    if (!(years > 0)) return std::nullopt;

    OptionTerms terms;
    terms.right = option.right;
    terms.underlying = spot.to_double();
    terms.strike = option.strike.to_double();
    terms.t_years = years;
    terms.rate = settings.rate;
    const double at_the_money = vix / 100.0;
    const double k = std::clamp(std::log(terms.strike / terms.underlying) / (at_the_money * std::sqrt(terms.t_years)),
                                -kFlatBeyond, kFlatBeyond);
    const double smile = 1.0 + settings.skew * k + settings.curvature * k * k;

    ModelQuote quote;
    quote.sigma = at_the_money * std::max(smile, kLowestShareOfVix);
    quote.price = option_price(terms, quote.sigma);
    const Price model = Price::from_double(quote.price);
    const Price half = std::max(Price::from_double(quote.price * settings.half_spread_pct / 100.0), option.tick);
    quote.last = std::max(round_to_nearest_tick(model, option.tick), option.tick);
    quote.bid = std::max(round_down_to_tick(model - half, option.tick), option.tick);
    quote.ask = std::max(round_up_to_tick(model + half, option.tick), option.tick + option.tick);
    return quote;
}

}  // namespace tide
