// Row 7 of the performance table: ADX 14 + RSI 14 + EMA 9 + EMA 20 a bar, through the engine's own interface, with the
// plain hand-written loop beside it as the limit. Time is for one bar.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <vector>

#include "market/bar_aggregator.hpp"
#include "market/bar_builder.hpp"
#include "market/indicator_hub.hpp"
#include "market/indicators/smoothing.hpp"

namespace tide {
namespace {

constexpr int64_t kBarCount = 100'000;

// A random walk of 1-minute bars by a fixed linear congruential generator, session after session.
std::vector<Bar> walk() {
    std::vector<Bar> bars;
    uint64_t seed = 7;
    const auto draw = [&seed](int64_t range) {
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<int64_t>((seed >> 33) % static_cast<uint64_t>(2 * range + 1)) - range;
    };
    int64_t price = 200'000'000;
    Date date = make_date(2024, 1, 1);
    for (int64_t i = 0; i < kBarCount; ++i) {
        if (i > 0 && i % 375 == 0) date += std::chrono::days(1);
        Bar bar;
        bar.instrument = InstrumentId(1);
        bar.start = ist_moment<ExchangeTime>(date, hours(9) + minutes(15) + minutes(i % 375));
        const int64_t open = price + draw(5'000);
        const int64_t close = open + draw(50'000);
        bar.open = Price::from_units(open);
        bar.close = Price::from_units(close);
        bar.high = Price::from_units(std::max(open, close) + std::abs(draw(20'000)));
        bar.low = Price::from_units(std::min(open, close) - std::abs(draw(20'000)));
        price = close;
        bars.push_back(bar);
    }
    return bars;
}
const std::vector<Bar>& bars() {
    static const std::vector<Bar> made = walk();
    return made;
}
std::vector<BarValues> values() {
    std::vector<BarValues> made;
    for (const Bar& bar : bars()) made.push_back(bar_values(bar));
    return made;
}

void per_item(benchmark::State& state, int64_t items) {
    state.counters["each"] =
        benchmark::Counter(static_cast<double>(items), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void four_indicators_virtual(benchmark::State& state) {
    const auto input = values();
    int64_t items = 0;
    for (auto _ : state) {
        const double fourteen[] = {14}, nine[] = {9}, twenty[] = {20};
        std::array<std::unique_ptr<Indicator>, 4> set{*make_indicator("adx", fourteen),
                                                      *make_indicator("rsi", fourteen), *make_indicator("ema", nine),
                                                      *make_indicator("ema", twenty)};
        double sum = 0;
        for (const BarValues& bar : input) {
            for (const auto& indicator : set) indicator->update(bar);
            if (set[0]->ready()) sum += set[0]->value() + set[1]->value() + set[2]->value() - set[3]->value();
        }
        benchmark::DoNotOptimize(sum);
        items += kBarCount;
    }
    per_item(state, items);
}
BENCHMARK(four_indicators_virtual);

// The same through IndicatorHub: from an integer bar to values kept in the ring of past values.
void four_indicators_hub(benchmark::State& state) {
    int64_t items = 0;
    for (auto _ : state) {
        IndicatorHub hub(nullptr);
        const double fourteen[] = {14}, nine[] = {9}, twenty[] = {20};
        const InstrumentId id(1);
        (void)hub.request(id, Timeframe::m1, "adx", fourteen);
        (void)hub.request(id, Timeframe::m1, "rsi", fourteen);
        (void)hub.request(id, Timeframe::m1, "ema", nine);
        (void)hub.request(id, Timeframe::m1, "ema", twenty);
        for (const Bar& bar : bars()) hub.on_bar(bar);
        benchmark::DoNotOptimize(hub.values(0)[0]);
        items += kBarCount;
    }
    per_item(state, items);
}
BENCHMARK(four_indicators_hub);

// The limit: everything in local variables, warmed up with plain means.
double plain_loop(const std::vector<BarValues>& input) {
    constexpr double kKeep = 13.0 / 14, kNew = 1.0 / 14;
    double tr = 1, plus = 1, minus = 1, adx = 20, gain = 1, loss = 1, fast = input[0].close, slow = fast;
    double high_before = input[0].high, low_before = input[0].low, close_before = input[0].close, sum = 0;
    for (size_t i = 1; i < input.size(); ++i) {
        const BarValues& bar = input[i];
        const double up = bar.high - high_before, down = low_before - bar.low;
        const double rise = positive_part(up), fall = positive_part(down);
        tr = tr * kKeep + (std::max(bar.high, close_before) - std::min(bar.low, close_before));
        plus = plus * kKeep + rise * (rise > fall);
        minus = minus * kKeep + fall * (fall > rise);
        const double scale = 100 / tr;
        const double dx = 100 * std::fabs(plus - minus) / (plus + minus);
        adx = adx * kKeep + dx * kNew;
        const double change = bar.close - close_before;
        gain = gain * kKeep + positive_part(change) * kNew;
        loss = loss * kKeep + positive_part(-change) * kNew;
        const double rsi = 100 * gain / (gain + loss);
        fast += (bar.close - fast) * 0.2;
        slow += (bar.close - slow) * (2.0 / 21);
        sum += adx + rsi + fast - slow + (plus - minus) * scale;
        high_before = bar.high;
        low_before = bar.low;
        close_before = bar.close;
    }
    return sum;
}
void four_indicators_plain_loop(benchmark::State& state) {
    const auto input = values();
    int64_t items = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(plain_loop(input));
        items += kBarCount;
    }
    per_item(state, items);
}
BENCHMARK(four_indicators_plain_loop);

TradingDayEvent usual_day(Date date) {
    TradingDayEvent day;
    day.date = date;
    day.session_count = 1;
    day.sessions[0] = {hours(9) + minutes(15), hours(15) + minutes(30)};
    return day;
}

// 1m to 5m, 15m, 1h and 1d.
void aggregate_four_timeframes(benchmark::State& state) {
    const Timeframe targets[] = {Timeframe::m5, Timeframe::m15, Timeframe::h1, Timeframe::d1};
    int64_t items = 0;
    for (auto _ : state) {
        BarAggregator aggregator(targets);
        size_t closed = 0;
        Date date{};
        for (const Bar& bar : bars()) {
            if (items++ % 375 == 0 || ist_date(bar.start) != date) {
                date = ist_date(bar.start);
                closed += aggregator.start_day(usual_day(date)).size();
            }
            closed += aggregator.on_bar(bar).size();
        }
        benchmark::DoNotOptimize(closed);
    }
    per_item(state, items);
}
BENCHMARK(aggregate_four_timeframes);

// Ticks to 1-minute bars, four ticks a second of one instrument.
void build_minutes_from_ticks(benchmark::State& state) {
    constexpr int64_t kTicks = 375 * 240;
    int64_t items = 0;
    const Date date = make_date(2024, 1, 1);
    for (auto _ : state) {
        BarBuilder builder;
        (void)builder.start_day(usual_day(date));
        size_t closed = 0;
        TickEvent tick;
        tick.instrument = InstrumentId(1);
        for (int64_t i = 0; i < kTicks; ++i) {
            const ReceiveTime now = at(date, hours(9) + minutes(15) + milliseconds(250) * i);
            tick.last = Price::from_units(200'000'000 + i * 7919 % 50'000);
            closed += builder.on_tick(now, as_exchange_time(now), tick).size();
        }
        benchmark::DoNotOptimize(closed);
        items += kTicks;
    }
    per_item(state, items);
}
BENCHMARK(build_minutes_from_ticks);

}  // namespace
}  // namespace tide
