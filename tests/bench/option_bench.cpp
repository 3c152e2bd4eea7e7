// Row 8 of the performance table: a chain of 200 strikes, price and five Greeks, and implied volatility to 1e-12, at
// each instruction set this processor runs, with plain hand-written loops over libm beside them. Time is for the whole
// chain.
#include <benchmark/benchmark.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "market/option_batch.hpp"

namespace tide {
namespace {

constexpr size_t kRows = 200;

// 100 strikes from 21 500 to 26 450 around a spot of 24 000, a week to expiry, with a smile.
OptionBatch chain_of_200() {
    OptionBatch batch;
    for (size_t i = 0; i < kRows; ++i) {
        OptionTerms terms;
        terms.right = i % 2 == 0 ? OptionRight::call : OptionRight::put;
        terms.underlying = 24'000;
        terms.strike = 21'500 + 50.0 * static_cast<double>(i / 2);
        terms.t_years = 7.0 / 365;
        terms.rate = 0.065;
        const double k = std::log(terms.strike / terms.underlying);
        batch.add(terms, std::numeric_limits<double>::quiet_NaN(), 0.13 - 0.3 * k + 2 * k * k);
    }
    batch.evaluate();
    const auto price = batch.column(OptionColumn::price);
    auto quote = batch.column(OptionColumn::quote);
    for (size_t i = 0; i < kRows; ++i) quote[i] = price[i];
    return batch;
}

bool runs(benchmark::State& state, SimdLevel level) {
    if (level <= best_simd_level()) return true;
    state.SkipWithError("this processor does not run it");
    return false;
}

void option_greeks_of_200_strikes(benchmark::State& state, SimdLevel level) {
    if (!runs(state, level)) return;
    OptionBatch batch = chain_of_200();
    for (auto _ : state) {
        batch.evaluate(level);
        benchmark::ClobberMemory();
    }
}
BENCHMARK_CAPTURE(option_greeks_of_200_strikes, avx512, SimdLevel::avx512);
BENCHMARK_CAPTURE(option_greeks_of_200_strikes, avx2, SimdLevel::avx2);
BENCHMARK_CAPTURE(option_greeks_of_200_strikes, baseline, SimdLevel::baseline);

void option_iv_of_200_strikes(benchmark::State& state, SimdLevel level) {
    if (!runs(state, level)) return;
    OptionBatch batch = chain_of_200();
    for (auto _ : state) {
        batch.imply(level);
        benchmark::ClobberMemory();
    }
}
BENCHMARK_CAPTURE(option_iv_of_200_strikes, avx512, SimdLevel::avx512);
BENCHMARK_CAPTURE(option_iv_of_200_strikes, avx2, SimdLevel::avx2);
BENCHMARK_CAPTURE(option_iv_of_200_strikes, baseline, SimdLevel::baseline);

struct PlainOption {
    double sign, spot, strike, t, rate, sigma, price, delta, gamma, theta, vega, rho;
};
std::vector<PlainOption> plain_chain() {
    const OptionBatch batch = chain_of_200();
    const auto at = [&](OptionColumn column, size_t i) { return batch.column(column)[i]; };
    std::vector<PlainOption> rows;
    for (size_t i = 0; i < kRows; ++i) {
        rows.push_back({at(OptionColumn::sign, i), at(OptionColumn::underlying, i), at(OptionColumn::strike, i),
                        at(OptionColumn::t_years, i), at(OptionColumn::rate, i), at(OptionColumn::sigma, i),
                        at(OptionColumn::price, i), 0, 0, 0, 0, 0});
    }
    return rows;
}
double cdf(double x) { return 0.5 * std::erfc(-x * (0.5 * std::numbers::sqrt2)); }

void plain_greeks(PlainOption& o) {
    const double root_t = std::sqrt(o.t), total = o.sigma * root_t, discount = std::exp(-o.rate * o.t);
    const double d1 = (std::log(o.spot / o.strike) + o.rate * o.t) / total + 0.5 * total, d2 = d1 - total;
    const double n1 = cdf(o.sign * d1), n2 = cdf(o.sign * d2);
    const double density = std::exp(-0.5 * d1 * d1) * 0.5 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
    o.price = o.sign * (o.spot * n1 - o.strike * discount * n2);
    o.delta = o.sign * n1;
    o.gamma = density / (o.spot * total);
    o.vega = o.spot * density * root_t / 100;
    o.theta = (-o.spot * density * o.sigma / (2 * root_t) - o.sign * o.rate * o.strike * discount * n2) / 365;
    o.rho = o.sign * o.t * o.strike * discount * n2 / 100;
}
void option_greeks_plain_loop(benchmark::State& state) {
    auto rows = plain_chain();
    for (auto _ : state) {
        for (PlainOption& o : rows) plain_greeks(o);
        benchmark::ClobberMemory();
    }
}
BENCHMARK(option_greeks_plain_loop);

// Bisection, then Newton on the price once it is close: what one writes by hand, safe on far strikes.
double plain_implied(const PlainOption& row) {
    double low = 1e-4, high = 5;
    PlainOption o = row;
    for (int i = 0; i < 60; ++i) {
        o.sigma = 0.5 * (low + high);
        if (high - low < 0.02 * o.sigma) break;
        plain_greeks(o);
        (o.price < row.price ? low : high) = o.sigma;
    }
    for (int i = 0; i < 20; ++i) {
        plain_greeks(o);
        const double step = (o.price - row.price) / (100 * o.vega);
        o.sigma -= step;
        if (!(std::fabs(step) > 1e-13)) break;
    }
    return o.sigma;
}
void option_iv_plain_loop(benchmark::State& state) {
    const auto rows = plain_chain();
    for (auto _ : state) {
        double sum = 0;
        for (const PlainOption& o : rows) sum += plain_implied(o);
        benchmark::DoNotOptimize(sum);
    }
}
BENCHMARK(option_iv_plain_loop);

}  // namespace
}  // namespace tide
