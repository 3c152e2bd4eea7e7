#include "market/indicators/volatility.hpp"

#include <numbers>

namespace tide {
namespace {

// ln(a / b); 0 where a price is not positive, which no consistent bar has.
double log_ratio(double a, double b) { return a > 0 && b > 0 ? std::log(a / b) : 0; }

double percent_a_year(double variance_a_bar, double bars_per_year) {
    return variance_a_bar > 0 ? 100 * std::sqrt(variance_a_bar * bars_per_year) : 0;
}

}  // namespace

Atr::Atr(int64_t period) : Indicator(kOutputs), mean_(SeededMean::wilder(period)) {}

void Atr::update(const BarValues& bar) {
    if (!mean_.push(true_range_.push(bar.high, bar.low, bar.close))) return;
    values_[0] = mean_.mean();
    ready_ = true;
}

Natr::Natr(int64_t period) : Indicator(kOutputs), mean_(SeededMean::wilder(period)) {}

void Natr::update(const BarValues& bar) {
    if (!mean_.push(true_range_.push(bar.high, bar.low, bar.close))) return;
    values_[0] = bar.close > 0 ? 100 * mean_.mean() / bar.close : 0;
    ready_ = true;
}

Bollinger::Bollinger(int64_t period, double width) : Indicator(kOutputs), moments_(period), width_(width) {}

void Bollinger::update(const BarValues& bar) {
    if (!moments_.push(bar.close)) return;
    const double middle = moments_.mean();
    const double distance = width_ * std::sqrt(moments_.population_variance());
    values_ = {middle, middle + distance, middle - distance};
    ready_ = true;
}

Keltner::Keltner(int64_t period, double width, int64_t atr_period)
    : Indicator(kOutputs), middle_(SeededMean::ema(period)), atr_(SeededMean::wilder(atr_period)), width_(width) {}

void Keltner::update(const BarValues& bar) {
    const bool middle_ready = middle_.push(bar.close);
    const bool atr_ready = atr_.push(true_range_.push(bar.high, bar.low, bar.close));
    if (!middle_ready || !atr_ready) return;
    const double distance = width_ * atr_.mean();
    values_ = {middle_.mean(), middle_.mean() + distance, middle_.mean() - distance};
    ready_ = true;
}

Donchian::Donchian(int64_t period)
    : Indicator(kOutputs),
      highest_(period, RollingExtreme::Side::highest),
      lowest_(period, RollingExtreme::Side::lowest) {}

void Donchian::update(const BarValues& bar) {
    highest_.push(bar.high);
    if (!lowest_.push(bar.low)) return;
    values_ = {highest_.value(), lowest_.value(), (highest_.value() + lowest_.value()) / 2};
    ready_ = true;
}

StdDev::StdDev(int64_t period) : Indicator(kOutputs), moments_(period) {}

void StdDev::update(const BarValues& bar) {
    if (!moments_.push(bar.close)) return;
    values_[0] = std::sqrt(moments_.population_variance());
    ready_ = true;
}

RealisedVolatility::RealisedVolatility(int64_t period, double bars_per_year)
    : Indicator(kOutputs), returns_(period), bars_per_year_(bars_per_year) {}

void RealisedVolatility::update(const BarValues& bar) {
    const double before = previous_close_;
    previous_close_ = bar.close;
    if (before <= 0) return;
    if (!returns_.push(log_ratio(bar.close, before))) return;
    values_[0] = percent_a_year(returns_.sample_variance(), bars_per_year_);
    ready_ = true;
}

Parkinson::Parkinson(int64_t period, double bars_per_year)
    : Indicator(kOutputs), variances_(period), bars_per_year_(bars_per_year) {}

void Parkinson::update(const BarValues& bar) {
    const double range = log_ratio(bar.high, bar.low);
    if (!variances_.push(range * range / (4 * std::numbers::ln2))) return;
    values_[0] = percent_a_year(variances_.mean(), bars_per_year_);
    ready_ = true;
}

GarmanKlass::GarmanKlass(int64_t period, double bars_per_year)
    : Indicator(kOutputs), variances_(period), bars_per_year_(bars_per_year) {}

void GarmanKlass::update(const BarValues& bar) {
    const double range = log_ratio(bar.high, bar.low);
    const double body = log_ratio(bar.close, bar.open);
    if (!variances_.push(range * range / 2 - (2 * std::numbers::ln2 - 1) * body * body)) return;
    values_[0] = percent_a_year(variances_.mean(), bars_per_year_);
    ready_ = true;
}

}  // namespace tide
