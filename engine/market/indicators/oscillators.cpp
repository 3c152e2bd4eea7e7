#include "market/indicators/oscillators.hpp"

namespace tide {

Rsi::Rsi(int64_t period) : Indicator(kOutputs), gain_(SeededMean::wilder(period)), loss_(SeededMean::wilder(period)) {}

void Rsi::update(const BarValues& bar) {
    const double change = bar.close - previous_close_;
    previous_close_ = bar.close;
    if (!started_) {
        started_ = true;
        return;
    }
    gain_.push(positive_part(change));
    if (!loss_.push(positive_part(-change))) return;
    const double total = gain_.mean() + loss_.mean();
    values_[0] = total > 0 ? 100 * gain_.mean() / total : 50;
    ready_ = true;
}

Macd::Macd(int64_t fast, int64_t slow, int64_t signal)
    : Indicator(kOutputs),
      fast_(SeededMean::ema(fast)),
      slow_(SeededMean::ema(slow)),
      signal_(SeededMean::ema(signal)) {}

void Macd::update(const BarValues& bar) {
    const bool fast_ready = fast_.push(bar.close);
    const bool slow_ready = slow_.push(bar.close);
    if (!fast_ready || !slow_ready) return;
    const double line = fast_.mean() - slow_.mean();
    values_[0] = line;
    if (!signal_.push(line)) return;
    values_[1] = signal_.mean();
    values_[2] = line - signal_.mean();
    ready_ = true;
}

Stochastic::Stochastic(int64_t period, int64_t smooth, int64_t d)
    : Indicator(kOutputs),
      highest_(period, RollingExtreme::Side::highest),
      lowest_(period, RollingExtreme::Side::lowest),
      k_(smooth),
      d_(d) {}

void Stochastic::update(const BarValues& bar) {
    highest_.push(bar.high);
    if (!lowest_.push(bar.low)) return;
    const double range = highest_.value() - lowest_.value();
    const double raw = range > 0 ? 100 * (bar.close - lowest_.value()) / range : 50;
    if (!k_.push(raw)) return;
    values_[0] = k_.mean();
    if (!d_.push(values_[0])) return;
    values_[1] = d_.mean();
    ready_ = true;
}

Cci::Cci(int64_t period) : Indicator(kOutputs), typical_(period) {}

void Cci::update(const BarValues& bar) {
    const double typical = (bar.high + bar.low + bar.close) / 3;
    if (!typical_.push(typical)) return;
    const double mean = typical_.mean();
    double deviation = 0;
    for (const double value : typical_.window().storage()) deviation += std::fabs(value - mean);
    deviation /= static_cast<double>(typical_.window().size());
    // A flat market leaves rounding residue in both; below this there is no movement to measure.
    const double nothing = 1e-12 * std::fabs(mean);
    values_[0] = deviation > nothing ? (typical - mean) / (0.015 * deviation) : 0;
    ready_ = true;
}

Roc::Roc(int64_t period) : Indicator(kOutputs), closes_(period) {}

void Roc::update(const BarValues& bar) {
    const bool full = closes_.full();
    const double before = closes_.push(bar.close);
    if (!full) return;
    values_[0] = before > 0 ? 100 * (bar.close / before - 1) : 0;
    ready_ = true;
}

WilliamsR::WilliamsR(int64_t period)
    : Indicator(kOutputs),
      highest_(period, RollingExtreme::Side::highest),
      lowest_(period, RollingExtreme::Side::lowest) {}

void WilliamsR::update(const BarValues& bar) {
    highest_.push(bar.high);
    if (!lowest_.push(bar.low)) return;
    const double range = highest_.value() - lowest_.value();
    values_[0] = range > 0 ? -100 * (highest_.value() - bar.close) / range : -50;
    ready_ = true;
}

Trix::Trix(int64_t period)
    : Indicator(kOutputs),
      first_(SeededMean::ema(period)),
      second_(SeededMean::ema(period)),
      third_(SeededMean::ema(period)) {}

void Trix::update(const BarValues& bar) {
    if (!first_.push(bar.close) || !second_.push(first_.mean()) || !third_.push(second_.mean())) return;
    const double now = third_.mean();
    if (started_) {
        values_[0] = previous_ > 0 ? 100 * (now / previous_ - 1) : 0;
        ready_ = true;
    }
    previous_ = now;
    started_ = true;
}

ZScore::ZScore(int64_t period) : Indicator(kOutputs), moments_(period) {}

void ZScore::update(const BarValues& bar) {
    if (!moments_.push(bar.close)) return;
    const double deviation = std::sqrt(moments_.population_variance());
    values_[0] = deviation > 0 ? (bar.close - moments_.mean()) / deviation : 0;
    ready_ = true;
}

}  // namespace tide
