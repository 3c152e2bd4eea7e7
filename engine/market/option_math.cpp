#include "market/option_math.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "core/assert.hpp"

// Black and Scholes (1973) and Black (1976), written on the forward: a call is D [F N(d1) - K N(d2)] with
// d1,2 = ln(F/K)/s +- s/2 and s = sigma sqrt(t). Greeks as in Hull, "Options, Futures, and Other Derivatives", chapters
// "The Greek letters" and "Futures options".
namespace tide {
namespace {

constexpr double kDaysPerYear = 365.0;

double normal_density(double x) {
    return std::exp(-0.5 * x * x) * (0.5 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi);
}

// What both models share once spot, rate and time have become a forward and a discount factor.
struct ForwardTerms {
    double forward = 0;
    double discount = 1;
    double log_moneyness = 0;  // ln(forward / strike)
};

ForwardTerms forward_terms(const OptionTerms& terms) {
    const double t = std::max(terms.t_years, 0.0);
    const double growth = terms.rate * t;
    const double log_ratio = std::log(terms.underlying / terms.strike);
    if (terms.model == PricingModel::black76) return {terms.underlying, std::exp(-growth), log_ratio};
    return {terms.underlying * std::exp(growth), std::exp(-growth), log_ratio + growth};
}

struct DParameters {
    double d1 = 0;
    double d2 = 0;
};

// Without volatility the option is surely exercised or surely not; exactly at the money the limit is one half.
DParameters d_parameters(double log_moneyness, double total_volatility) {
    if (total_volatility > 0) {
        const double centre = log_moneyness / total_volatility;
        return {centre + 0.5 * total_volatility, centre - 0.5 * total_volatility};
    }
    if (log_moneyness == 0) return {};
    const double sure = std::copysign(std::numeric_limits<double>::infinity(), log_moneyness);
    return {sure, sure};
}

double total_volatility_of(const OptionTerms& terms, double sigma) {
    return sigma > 0 && terms.t_years > 0 ? sigma * std::sqrt(terms.t_years) : 0.0;
}

double sign_of(OptionRight right) {
    TIDE_ASSERT(right != OptionRight::none);
    return right == OptionRight::call ? 1.0 : -1.0;
}

double discounted_intrinsic(const OptionTerms& terms, const ForwardTerms& on_forward) {
    const double spot_part =
        terms.model == PricingModel::black_scholes ? terms.underlying : on_forward.discount * on_forward.forward;
    return std::max(sign_of(terms.right) * (spot_part - on_forward.discount * terms.strike), 0.0);
}

// The out-of-the-money call in units of discount x sqrt(forward x strike), with x = -|ln(F/K)| <= 0 and s the total
// volatility (Jaeckel, "By implication", 2006, section 2; puts and in-the-money options map onto it by symmetry and
// parity):
//   b(x, s) = e^(x/2) N(x/s + s/2) - e^(-x/2) N(x/s - s/2),   0 < b < e^(x/2),   db/ds = phi(x/s + s/2) e^(x/2).
class NormalisedCall {
  public:
    explicit NormalisedCall(double x) : x_(x), half_up_(std::exp(0.5 * x)), half_down_(std::exp(-0.5 * x)) {}
    double upper_bound() const { return half_up_; }
    double value(double s) const {
        return half_up_ * normal_cdf(x_ / s + 0.5 * s) - half_down_ * normal_cdf(x_ / s - 0.5 * s);
    }
    // upper_bound() - value(s), without cancellation when the two are close.
    double complement(double s) const {
        return half_up_ * normal_cdf(-x_ / s - 0.5 * s) + half_down_ * normal_cdf(x_ / s - 0.5 * s);
    }
    double slope(double s) const { return half_up_ * normal_density(x_ / s + 0.5 * s); }
    // (d2b/ds2) / (db/ds)
    double curvature_ratio(double s) const { return x_ * x_ / (s * s * s) - 0.25 * s; }

  private:
    double x_;
    double half_up_;
    double half_down_;
};

// Value, and Newton and Halley terms, of an increasing function whose root is wanted.
struct Objective {
    double value = 0;
    double newton = 0;  // value / first derivative
    double ratio = 0;   // second / first derivative
};

// Below the inflection point b behaves as exp(-x^2 / 2s^2), so 1/ln b is close to a parabola in s and Halley's method
// on 1/ln(target) - 1/ln(b) converges from anywhere; above it ln(bound - b) plays that part, as b falls short of its
// bound by about exp(-s^2/8). (Jaeckel, "Let's be rational", 2015, section 3, uses the same two transformations.)
Objective low_objective(const NormalisedCall& call, double s, double log_target) {
    const double b = call.value(s);
    if (!(b > 0)) return {-1.0, 0.0, 0.0};
    const double log_b = std::log(b);
    const double first = call.slope(s) / b;  // of ln b
    const double slope = first / (log_b * log_b);
    const double value = 1.0 / log_target - 1.0 / log_b;
    return {value, value / slope, call.curvature_ratio(s) - first - 2.0 * first / log_b};
}

Objective high_objective(const NormalisedCall& call, double s, double log_target_gap) {
    const double gap = call.complement(s);
    if (!(gap > 0)) return {1.0, 0.0, 0.0};
    const double slope = call.slope(s) / gap;
    const double value = log_target_gap - std::log(gap);
    return {value, value / slope, call.curvature_ratio(s) + slope};
}

// Halley's method kept inside a bracket; a step that leaves it, or has no derivative, is replaced by its middle.
template <class Function>
double solve_increasing(Function objective, double low, double high, double start) {
    constexpr int kMaxSteps = 200;
    constexpr double kLastStep =
        2e-6;  // the method is of third order: the error left is about the cube of the last step
    double s = start;
    for (int step = 0; step < kMaxSteps; ++step) {
        const Objective at = objective(s);
        if (at.value == 0) return s;
        (at.value < 0 ? low : high) = s;
        const double halley = 1.0 - 0.5 * at.newton * at.ratio;
        double next = s - at.newton / std::clamp(halley, 0.5, 2.0);
        if (!(next > low && next < high) || at.newton == 0) next = 0.5 * (low + high);
        if (std::fabs(next - s) <= kLastStep * s) return next;
        s = next;
    }
    return s;
}

// The total volatility s with b(x, s) = target, 0 < target < bound. `gap` is bound - target.
double normalised_implied(double x, double target, double gap) {
    const NormalisedCall call(x);
    const double inflection = std::sqrt(2.0 * std::fabs(x));
    const double at_inflection = inflection > 0 ? call.value(inflection) : 0.0;
    if (target < at_inflection) {
        const double log_target = std::log(target);
        // ln b ~ -x^2 / 2s^2 for small s; exact at neither end, inside the bracket always.
        const double start = std::min(std::fabs(x) / std::sqrt(-2.0 * log_target + std::fabs(x)), 0.999 * inflection);
        return solve_increasing([&](double s) { return low_objective(call, s, log_target); }, 0.0, inflection, start);
    }
    // N(-y) <= exp(-y^2/2) / 2 for y >= 0 makes the complement at most exp(-s^2/8) beyond the inflection point.
    const double log_gap = std::log(gap);
    const double highest = inflection + std::sqrt(8.0 * std::max(-log_gap, 0.0)) + 1.0;
    const double slope = std::max(call.slope(std::max(inflection, 1e-12)), 1e-300);
    const double start = std::clamp(inflection + (target - at_inflection) / slope, inflection, highest);
    return solve_increasing([&](double s) { return high_objective(call, s, log_gap); }, inflection, highest,
                            start > 0 ? start : 0.5 * highest);
}

}  // namespace

double normal_cdf(double x) { return 0.5 * std::erfc(-x * (0.5 * std::numbers::sqrt2)); }

double option_price(const OptionTerms& terms, double sigma) {
    const ForwardTerms on_forward = forward_terms(terms);
    const double total = total_volatility_of(terms, sigma);
    if (total <= 0) return discounted_intrinsic(terms, on_forward);
    const double sign = sign_of(terms.right);
    const auto [d1, d2] = d_parameters(on_forward.log_moneyness, total);
    const double price = sign * on_forward.discount *
                         (on_forward.forward * normal_cdf(sign * d1) - terms.strike * normal_cdf(sign * d2));
    return std::max(price, 0.0);
}

Greeks option_greeks(const OptionTerms& terms, double sigma) {
    const ForwardTerms on_forward = forward_terms(terms);
    const double total = total_volatility_of(terms, sigma);
    const double sign = sign_of(terms.right);
    const auto [d1, d2] = d_parameters(on_forward.log_moneyness, total);
    const double t = std::max(terms.t_years, 0.0);
    const double n1 = normal_cdf(sign * d1);
    const double strike_part = terms.strike * on_forward.discount * normal_cdf(sign * d2);
    const double forward_part = on_forward.discount * on_forward.forward;  // the spot, for Black-Scholes
    const double carried = terms.model == PricingModel::black_scholes ? 1.0 : on_forward.discount;

    Greeks greeks;
    greeks.delta = sign * carried * n1;
    double decay = 0;  // from volatility alone, a year
    if (total > 0) {
        const double density = normal_density(d1);
        greeks.gamma = carried * density / (terms.underlying * total);
        greeks.vega_pct = forward_part * density * std::sqrt(t) / 100.0;
        decay = -forward_part * density * sigma / (2.0 * std::sqrt(t));
    }
    if (terms.model == PricingModel::black_scholes) {
        greeks.theta_day = (t > 0 ? decay - sign * terms.rate * strike_part : 0.0) / kDaysPerYear;
        greeks.rho_pct = sign * t * strike_part / 100.0;
    } else {
        const double price = sign * (forward_part * n1 - strike_part);
        greeks.theta_day = (t > 0 ? decay + terms.rate * price : 0.0) / kDaysPerYear;
        greeks.rho_pct = -t * price / 100.0;
    }
    return greeks;
}

std::optional<double> implied_volatility(const OptionTerms& terms, double price) {
    const bool usable = std::isfinite(price) && std::isfinite(terms.underlying) && std::isfinite(terms.strike) &&
                        std::isfinite(terms.t_years) && std::isfinite(terms.rate) && price > 0 &&
                        terms.underlying > 0 && terms.strike > 0 && terms.t_years > 0 &&
                        terms.right != OptionRight::none;
    if (!usable) return std::nullopt;
    const ForwardTerms on_forward = forward_terms(terms);
    const double intrinsic = discounted_intrinsic(terms, on_forward);
    const double forward_part =
        terms.model == PricingModel::black_scholes ? terms.underlying : on_forward.discount * terms.underlying;
    const double strike_part = on_forward.discount * terms.strike;
    const double upper = terms.right == OptionRight::call ? forward_part : strike_part;
    const double gap = upper - price;
    const double time_value = price - intrinsic;
    // A price is known to half a unit in its last place, and its intrinsic part to as much: less than that is no value.
    const double rounding =
        intrinsic > 0 ? 2.0 * std::numeric_limits<double>::epsilon() * (forward_part + strike_part) : 0.0;
    if (!(time_value > rounding) || !(gap > 0)) return std::nullopt;

    const double unit = std::sqrt(forward_part) * std::sqrt(strike_part);
    const double target = time_value / unit;
    const double x = -std::fabs(on_forward.log_moneyness);
    if (!std::isfinite(unit) || !(unit > 0) || !(target > 0) || !std::isfinite(x)) return std::nullopt;
    // Parity: bound - price of the in-the-money option is bound - time value of the out-of-the-money one.
    const double total = normalised_implied(x, target, gap / unit);
    const double sigma = total / std::sqrt(terms.t_years);
    return std::isfinite(sigma) && sigma > 0 ? std::optional(sigma) : std::nullopt;
}

}  // namespace tide
