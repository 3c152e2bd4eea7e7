#pragma once
#include <immintrin.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <numbers>

#include "market/option_batch.hpp"

// Option maths on `Lanes` rows at a time. A translation unit for each instruction set includes this header with that
// set switched on and instantiates it with the set's lanes: 2 (every x86-64), 4 (AVX2), 8 (AVX-512). Only IEEE
// additions, multiplications, divisions, square roots and bit operations are used, no library function and no
// contraction, so that a row's result depends on nothing but the row: not on the lanes, the neighbours, the processor
// or the C library.
namespace tide {

#define TIDE_KERNEL [[gnu::always_inline]] static inline

template <int Lanes>
struct OptionKernel {
    // NOLINTBEGIN(modernize-use-using): g++ drops a dependent vector_size from an alias.
    typedef double V __attribute__((vector_size(Lanes * 8)));
    typedef int64_t I __attribute__((vector_size(Lanes * 8)));
    typedef uint64_t U __attribute__((vector_size(Lanes * 8)));
    // NOLINTEND(modernize-use-using)
    using C = OptionColumn;

    static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    static constexpr double kInvSqrt2Pi = 0.3989422804014327;
    static constexpr double kLogSqrt2Pi = 0.9189385332046727;
    // ln 2 in two parts, the first with 32 zero bits at its end: n x kLn2High is exact.
    static constexpr double kLn2High = 0x1.62e42fee00000p-1;
    static constexpr double kLn2Low = 0x1.a39ef35793c76p-33;

    // ---- lanes

    TIDE_KERNEL V all(double value) { return V{} + value; }
    TIDE_KERNEL V load(const double* from) {
        V value;
        std::memcpy(&value, from, sizeof value);
        return value;
    }
    TIDE_KERNEL void store(double* to, V value) { std::memcpy(to, &value, sizeof value); }
    TIDE_KERNEL V in(const OptionColumns& columns, C column, size_t row) {
        return load(columns[static_cast<size_t>(column)] + row);
    }
    // Missing where the row's input is.
    TIDE_KERNEL void out(const OptionColumns& columns, C column, size_t row, I valid, V value) {
        store(columns[static_cast<size_t>(column)] + row, valid ? value : all(kNan));
    }
    // Unsigned: what a value that is not a number makes of the sums below is nonsense that nobody reads, but defined.
    TIDE_KERNEL U bits(V value) { return reinterpret_cast<U>(value); }
    TIDE_KERNEL V from_bits(U value) { return reinterpret_cast<V>(value); }
    TIDE_KERNEL V magnitude(V value) { return from_bits(bits(value) & 0x7fffffffffffffff); }
    TIDE_KERNEL V smaller(V a, V b) { return a < b ? a : b; }
    TIDE_KERNEL V larger(V a, V b) { return a > b ? a : b; }
    TIDE_KERNEL V root(V value) {
        // The unmasked form draws a false warning from g++ 12 (its bug 105593).
        if constexpr (Lanes == 8)
            return reinterpret_cast<V>(_mm512_maskz_sqrt_pd(0xff, reinterpret_cast<__m512d>(value)));
        if constexpr (Lanes == 4) return reinterpret_cast<V>(_mm256_sqrt_pd(reinterpret_cast<__m256d>(value)));
        if constexpr (Lanes == 2) return reinterpret_cast<V>(_mm_sqrt_pd(reinterpret_cast<__m128d>(value)));
    }
    TIDE_KERNEL bool any(I mask) {
        if constexpr (Lanes == 8) return _mm512_movepi64_mask(reinterpret_cast<__m512i>(mask)) != 0;
        if constexpr (Lanes == 4) return _mm256_movemask_pd(reinterpret_cast<__m256d>(mask)) != 0;
        if constexpr (Lanes == 2) return _mm_movemask_pd(reinterpret_cast<__m128d>(mask)) != 0;
    }

    // ---- elementary functions

    // e^x to about one unit in the last place; 0 below -708. x <= 709.
    TIDE_KERNEL V exponential(V x) {
        constexpr double kToInteger = 0x1.8p52;
        const V inside = larger(x, all(-708.0));
        const V shifted = inside * (std::numbers::log2e) + kToInteger;
        const V n = shifted - kToInteger;
        const V r = (inside - n * kLn2High) - n * kLn2Low;
        const V r2 = r * r;
        const V r4 = r2 * r2;
        // Taylor's terms from r^2 / 2! to r^13 / 13!, by pairs.
        const V low = (r * (1.0 / 6) + 0.5) + r2 * (r * (1.0 / 120) + 1.0 / 24);
        const V middle = (r * (1.0 / 5040) + 1.0 / 720) + r2 * (r * (1.0 / 362880) + 1.0 / 40320);
        const V high = (r * (1.0 / 39916800) + 1.0 / 3628800) + r2 * (r * (1.0 / 6227020800) + 1.0 / 479001600);
        const V value = 1.0 + (r + r2 * (low + r4 * (middle + r4 * high)));
        const V scale = from_bits((bits(shifted) + 1023) << 52);
        return x < -708.0 ? all(0.0) : value * scale;
    }

    // ln((1 + f) / (1 - f)) = 2 atanh f, for |f| <= 0.172.
    TIDE_KERNEL V twice_atanh(V f) {
        const V w = f * f;
        const V w2 = w * w;
        const V w4 = w2 * w2;
        const V low = (w * (2.0 / 5) + 2.0 / 3) + w2 * (w * (2.0 / 9) + 2.0 / 7);
        const V middle = (w * (2.0 / 13) + 2.0 / 11) + w2 * (w * (2.0 / 17) + 2.0 / 15);
        const V high = (w * (2.0 / 21) + 2.0 / 19);
        return 2.0 * f + f * w * (low + w4 * (middle + w4 * high));
    }

    // A positive normal number as m x 2^n with m in [sqrt(1/2), sqrt(2)): gives n and m.
    struct Split {
        V n, m;
    };
    TIDE_KERNEL Split split(V value) {
        constexpr uint64_t kSqrtHalf = 0x3fe6a09e667f3bcd;
        constexpr uint64_t kOne = 0x3ff0000000000000;
        const U raised = bits(value) + (kOne - kSqrtHalf);
        const U exponent = raised & 0x7ff0000000000000;  // n + 1023, in place
        constexpr double kIntegers = 0x1p52;
        const V n = from_bits((exponent >> 52) | 0x4330000000000000) - (kIntegers + 1023.0);
        return {n, from_bits(bits(value) - exponent + kOne)};
    }

    // ln of a positive normal number.
    TIDE_KERNEL V logarithm(V value) {
        const Split parts = split(value);
        const V f = (parts.m - 1.0) / (parts.m + 1.0);
        return parts.n * kLn2High + (twice_atanh(f) + parts.n * kLn2Low);
    }
    // ln(a / b) with full relative precision where the two are close: a - b is then exact.
    TIDE_KERNEL V log_ratio(V a, V b) {
        const Split parts = split(a / b);
        const V scaled = b * from_bits((bits(parts.n + 0x1.8p52) + 1023) << 52);
        const V f = (a - scaled) / (a + scaled);
        return parts.n * kLn2High + (twice_atanh(f) + parts.n * kLn2Low);
    }

    // ---- the normal distribution

    // Mills' ratio N(-y) / phi(y), y >= 0. With u = 1 / (y + 5) and c = (y - 5) u in [-1, 1) it is u P(c), P the
    // Chebyshev expansion cut at degree 23 (the transformation of Shepherd and Laframboise, "Chebyshev approximation of
    // (1 + 2x) exp(x^2) erfc x", 1981), computed at 60 digits; the relative error is below 1e-15.
    TIDE_KERNEL V mills_ratio(V y) {
        const V u = 1.0 / (y + 5.0);
        const V c = (y - 5.0) * u;
        const V c2 = c * c;
        const V c4 = c2 * c2;
        const V c8 = c4 * c4;
        const V p0 = (c * -1.66786659518896 + 1.9280810471531575) + c2 * (c * -0.7859110755465453 + 1.241547061573877);
        const V p1 =
            (c * -0.17325473408715042 + 0.41364471573217226) + c2 * (c * -0.007503282820678759 + 0.05212550242182693);
        const V p2 = (c * 0.0013658591609424361 + -0.0019999620670556138) +
                     c2 * (c * -0.00012473565818721082 + -0.00014883252854029768);
        const V p3 = (c * 9.974780085542733e-06 + 4.181269707272043e-05) +
                     c2 * (c * -8.360675980181407e-07 + -6.9405498481783575e-06);
        const V p4 = (c * 9.668428357216325e-08 + 1.0865648093633823e-06) +
                     c2 * (c * -1.7398124277679196e-08 + -1.6898908396071304e-07);
        const V p5 = (c * 3.1868668438665133e-09 + 2.324918339616538e-08) +
                     c2 * (c * -3.336850487923168e-10 + -1.968820796668673e-09);
        return u * ((p0 + c4 * p1) + c8 * ((p2 + c4 * p3) + c8 * (p4 + c4 * p5)));
    }
    // phi(d), 0 <= d <= 1e4; the square in two parts, as its error would be magnified d^2 times.
    TIDE_KERNEL V normal_density(V d) {
        const V head = from_bits(bits(d) & ~uint64_t(0x7ffffff));
        const V rest = (d - head) * (d + head);
        return kInvSqrt2Pi * exponential(-0.5 * (head * head)) * (1.0 - 0.5 * rest * (1.0 - 0.25 * rest));
    }

    // ---- price and Greeks

    // What both models share once spot, rate and time have become a forward.
    struct Terms {
        V sign, t, rate, discount;
        V forward_part;  // discount x forward: the spot, for Black-Scholes
        V strike_part;   // discount x strike
        V x;             // ln(forward / strike)
        V carried;       // d(forward_part) / d(underlying)
        I spot;          // the model is Black-Scholes
        I valid;
    };
    TIDE_KERNEL Terms terms_of(const OptionColumns& columns, size_t row) {
        constexpr double kLeast = 1e-150, kMost = 1e150;
        Terms terms;
        const V underlying = in(columns, C::underlying, row);
        const V strike = in(columns, C::strike, row);
        const V t_years = in(columns, C::t_years, row);
        terms.sign = in(columns, C::sign, row);
        terms.spot = in(columns, C::carry, row) != 0.0;
        terms.t = larger(t_years, all(0.0));
        terms.rate = in(columns, C::rate, row);
        const V growth = terms.rate * terms.t;
        terms.valid = (underlying > kLeast) & (underlying < kMost) & (strike > kLeast) & (strike < kMost) &
                      (magnitude(growth) < 600.0) & (t_years == t_years);
        terms.discount = exponential(0.0 - smaller(growth, all(600.0)));
        terms.forward_part = terms.spot ? underlying : terms.discount * underlying;
        terms.strike_part = terms.discount * strike;
        const V ratio = log_ratio(underlying, strike);
        terms.x = terms.spot ? ratio + growth : ratio;
        terms.carried = terms.spot ? all(1.0) : terms.discount;
        return terms;
    }

    TIDE_KERNEL void evaluate_at(const OptionColumns& columns, size_t row) {
        constexpr double kDaysPerYear = 365.0;
        const Terms at = terms_of(columns, row);
        const V underlying = in(columns, C::underlying, row);
        const V sigma = in(columns, C::sigma, row);
        const V zero = all(0.0);
        const V root_t = root(at.t);
        const I moving = (sigma > 0.0) & (at.t > 0.0);
        const V total = moving ? sigma * root_t : all(1.0);
        const V centre = at.x / total;
        const V d1 = centre + 0.5 * total;
        const V d2 = centre - 0.5 * total;
        const V y1 = smaller(magnitude(d1), all(1e4));
        const V y2 = smaller(magnitude(d2), all(1e4));
        // strike_part x phi(d2) = forward_part x phi(d1): one density serves both terms.
        const V density = normal_density(y1);
        const V tail1 = density * mills_ratio(y1);
        const V scaled_tail2 = at.forward_part * density * mills_ratio(y2);
        const V sure = at.x == 0.0 ? all(0.5) : (at.sign * at.x > 0.0 ? all(1.0) : zero);
        const V n1 = moving ? (at.sign * d1 > 0.0 ? 1.0 - tail1 : tail1) : sure;
        const V strike_term =
            moving ? (at.sign * d2 > 0.0 ? at.strike_part - scaled_tail2 : scaled_tail2) : at.strike_part * sure;
        const V signed_price = at.sign * (at.forward_part * n1 - strike_term);
        const V intrinsic = at.sign * (at.forward_part - at.strike_part);
        const V price = larger(moving ? signed_price : intrinsic, zero);
        const V gamma = moving ? at.carried * density / (underlying * total) : zero;
        const V vega = moving ? at.forward_part * density * root_t : zero;
        // Decay from volatility alone is half of gamma x variance of the underlying a year, in both models.
        const V spread = underlying * sigma;
        const V decay = moving ? 0.5 * gamma * (spread * spread) : zero;
        const V carry_cost = at.spot ? at.sign * at.rate * strike_term : 0.0 - at.rate * signed_price;
        const V theta = at.t > 0.0 ? 0.0 - decay - carry_cost : zero;
        const V rho = at.spot ? at.sign * at.t * strike_term : 0.0 - at.t * signed_price;
        const I valid = at.valid & (sigma == sigma);
        out(columns, C::price, row, valid, price);
        out(columns, C::delta, row, valid, at.sign * at.carried * n1);
        out(columns, C::gamma, row, valid, gamma);
        out(columns, C::theta_day, row, valid, theta * (1.0 / kDaysPerYear));
        out(columns, C::vega_pct, row, valid, vega * 0.01);
        out(columns, C::rho_pct, row, valid, rho * 0.01);
    }

    // ---- implied volatility
    //
    // In units of discount x sqrt(forward x strike) the out-of-the-money option is, with x = |ln(F/K)| and s the total
    // volatility, d1,2 = -x/s +- s/2 (Jaeckel, "By implication", 2006, section 2):
    //   b = e^(-x/2) N(d1) - e^(x/2) N(d2) = phi* (R(-d1) - R(-d2))          for d1 <= 0
    //   e^(-x/2) - b                       = phi* (R(d1) + R(-d2))           for d1 > 0
    // where R is Mills' ratio and phi* = exp(-(x^2/s^2 + s^2/4) / 2) / sqrt(2 pi) = db/ds. So d ln b / ds = 1 / (R - R)
    // needs no exponential, and nothing under- or overflows on the farthest strike. Below the inflection point d1 = 0,
    // 1 / ln b is close to a parabola in s; above it ln(bound - b) is (the two objectives of Jaeckel, "Let's be
    // rational", 2015, section 3). Steps taken in s on b itself overshoot there.

    struct Target {
        V x, log_value, log_gap;
    };
    // The next estimate by Householder's method of third order on the objective that suits s, and on which side the
    // root is.
    struct Step {
        V delta;
        I too_low;  // s is below the root
    };
    TIDE_KERNEL Step step_from(const Target& target, V s) {
        const V inverse = 1.0 / s;
        const V h = target.x * inverse;
        const V t = 0.5 * s;
        const V d1 = t - h;
        const I low = d1 <= 0.0;
        const V r1 = mills_ratio(magnitude(d1));
        const V r2 = mills_ratio(h + t);
        const V sum = low ? r1 - r2 : r1 + r2;
        const V log_sum = logarithm(larger(sum, all(1e-300)));
        const V level = log_sum - 0.5 * (h * h + t * t) - kLogSqrt2Pi;  // ln b, or ln(bound - b)
        const V wanted = low ? target.log_value : target.log_gap;
        const V first = (low ? all(1.0) : all(-1.0)) / sum;  // of level
        const V kappa = h * h * inverse - 0.25 * s;          // b'' / b'
        const V kappa_slope = -3.0 * (h * inverse) * (h * inverse) - 0.25;
        const V second = kappa - first;  // level'' / level'
        const V third = kappa * kappa + kappa_slope - 3.0 * kappa * first + 2.0 * first * first;
        // 1 / level in place of level, where b is small.
        const V bend = low ? first / level : all(0.0);
        const V difference = level - wanted;
        const V newton = difference / first * (low ? level / wanted : all(1.0));
        const V ratio2 = second - 2.0 * bend;
        const V ratio3 = third - 6.0 * bend * second + 6.0 * bend * bend;
        const V top = 1.0 - 0.5 * newton * ratio2;
        const V bottom = 1.0 - newton * ratio2 + newton * newton * ratio3 * (1.0 / 6);
        const V factor = top / bottom;
        const I sane = (factor > 0.25) & (factor < 4.0);
        const V kept = sane ? factor : all(1.0);
        const I positive = sum > 0.0;
        const I vanished = ~positive;
        const I below = low ? difference < 0.0 : difference > 0.0;
        return {vanished ? all(kNan) : 0.0 - newton * kept, vanished | below};
    }

    // A start within a few parts in 10 000 for s < 0.1: for small s the option's value is Bachelier's,
    // b / x = phi(h) / h - N(-h) with h = x / s; h as a rational function of z = sqrt(ln(1 + x / b)), fitted to 3.4e-4
    // for every h.
    TIDE_KERNEL V start_of(V x, V value) {
        const V used = larger(x, 1e-8 * value);
        const V z = root(log_ratio(value + used, value));
        const V top = z * (0.39880461273347667 +
                           z * (0.021581432878401932 + z * (0.036296921879472865 + z * 0.02190610095840543)));
        const V bottom = 1.0 + z * (0.04658730937278056 +
                                    z * (0.11673683534055546 + z * (0.02550832188971438 + z * 0.01549642259592081)));
        const V s = used * bottom / (z * top);
        return s * (1.0 + smaller(s * s, all(4.0)) * (1.0 / 24));
    }

    TIDE_KERNEL V solve(const Target& target, V start, I wanted) {
        constexpr int kMaxSteps = 100;
        constexpr double kLastStep = 1e-4;  // of fourth order: the error left is about the fourth power of it
        V low = all(0.0);
        V high = root(2.0 * target.x) + root(8.0 * larger(0.0 - target.log_gap, all(0.0))) + 1.0;
        V s = smaller(start, high);
        I open = wanted;
        for (int count = 0; count < kMaxSteps && any(open); ++count) {
            const Step step = step_from(target, s);
            low = step.too_low ? s : low;
            high = step.too_low ? high : s;
            const V proposed = s + step.delta;
            const I inside = (proposed >= low) & (proposed <= high);
            const V next = inside ? proposed : 0.5 * (low + high);
            s = open ? next : s;
            open &= ~(inside & (magnitude(step.delta) <= kLastStep * s)) & (low < high);
        }
        return s;
    }

    TIDE_KERNEL void imply_at(const OptionColumns& columns, size_t row) {
        const Terms at = terms_of(columns, row);
        const V quote = in(columns, C::quote, row);
        const V intrinsic = larger(at.sign * (at.forward_part - at.strike_part), all(0.0));
        const V upper = at.sign > 0.0 ? at.forward_part : at.strike_part;
        const V gap = upper - quote;
        const V time_value = quote - intrinsic;
        // A price is known to half a unit in its last place, and its intrinsic part to as much: less is no value.
        constexpr double kRounding = 2.0 * std::numeric_limits<double>::epsilon();
        const V rounding = intrinsic > 0.0 ? kRounding * (at.forward_part + at.strike_part) : all(0.0);
        const V unit = root(at.forward_part) * root(at.strike_part);
        const V value = time_value / unit;
        const V value_gap = gap / unit;
        constexpr double kTiny = 1e-300;
        const I usable = at.valid & (at.t > 0.0) & (at.t < 1e6) & (quote > 0.0) & (time_value > rounding) &
                         (gap > 0.0) & (value > kTiny) & (value_gap > kTiny);
        Target target;
        target.x = usable ? magnitude(at.x) : all(0.0);
        const V safe_value = usable ? value : all(0.1);
        target.log_value = logarithm(safe_value);
        // Parity: bound - price of the in-the-money option is bound - time value of the out-of-the-money one.
        target.log_gap = logarithm(usable ? value_gap : all(0.9));
        const V total = solve(target, start_of(target.x, safe_value), usable);
        const V sigma = total / root(at.t);
        out(columns, C::sigma, row, usable & (sigma > 0.0), sigma);
    }

    // One number for tests and for prices made outside the batch: N(x).
    static double distribution(double x) {
        const V y = smaller(all(x < 0 ? -x : x), all(1e4));
        double tail[Lanes];
        store(tail, normal_density(y) * mills_ratio(y));
        return x < 0 ? tail[0] : 1.0 - tail[0];
    }

    // Rows are a multiple of Lanes.
    static void evaluate(const OptionColumns& columns, size_t rows) {
        for (size_t row = 0; row < rows; row += Lanes) evaluate_at(columns, row);
    }
    static void imply(const OptionColumns& columns, size_t rows) {
        for (size_t row = 0; row < rows; row += Lanes) imply_at(columns, row);
    }
};

#undef TIDE_KERNEL

}  // namespace tide
