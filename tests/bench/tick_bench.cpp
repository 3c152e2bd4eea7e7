// Ticks to bars for 200 interleaved instruments: the builder alone, with the bars of longer timeframes and of activity,
// and a hand-written loop as the limit.
#include <benchmark/benchmark.h>

#include <array>
#include <vector>

#include "market/activity_bars.hpp"
#include "market/bar_aggregator.hpp"
#include "market/bar_builder.hpp"

namespace tide {
namespace {

constexpr uint32_t kInstruments = 200;
constexpr int64_t kMinutes = 100;
constexpr int64_t kTicksAMinute = 30;  // of each instrument
const Date kDay = make_date(2024, 1, 1);

struct Arrival {
    ReceiveTime received;
    TickEvent tick;
};

// Every two seconds one tick of each instrument, in an order that changes; prices walk, day volumes rise.
std::vector<Arrival> arrivals() {
    std::vector<Arrival> made;
    made.reserve(static_cast<size_t>(kInstruments * kMinutes * kTicksAMinute));
    std::array<int64_t, kInstruments> price{}, volume{};
    price.fill(200'000);
    uint64_t seed = 7;
    const ReceiveTime open = at(kDay, hours(9) + minutes(15));
    for (int64_t round = 0; round < kMinutes * kTicksAMinute; ++round) {
        for (uint32_t i = 0; i < kInstruments; ++i) {
            seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
            const auto id = static_cast<uint32_t>((i * 37 + static_cast<uint32_t>(round)) % kInstruments);
            price[id] += static_cast<int64_t>(seed >> 62) - 1;
            volume[id] += static_cast<int64_t>((seed >> 40) % 100);
            TickEvent tick;
            tick.instrument = InstrumentId(id + 1);
            tick.flags = kTickHasVolume | kTickHasOi;
            tick.last = Price::from_units(price[id] * 500);
            tick.volume = volume[id];
            tick.oi = 1000;
            made.push_back({open + milliseconds(round * 2000 + i * 9), tick});
        }
    }
    return made;
}
const std::vector<Arrival>& stream() {
    static const std::vector<Arrival> made = arrivals();
    return made;
}

TradingDayEvent usual_day() {
    TradingDayEvent day;
    day.date = kDay;
    day.session_count = 1;
    day.sessions[0] = {hours(9) + minutes(15), hours(15) + minutes(30)};
    return day;
}

void report(benchmark::State& state, size_t bars) {
    state.counters["each"] =
        benchmark::Counter(static_cast<double>(stream().size()),
                           benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
    state.counters["bars"] = static_cast<double>(bars);
}

void minutes_of_200_interleaved(benchmark::State& state) {
    const auto& ticks = stream();
    size_t bars = 0;
    for (auto _ : state) {
        bars = 0;
        BarBuilder builder;
        (void)builder.start_day(usual_day());
        for (const Arrival& one : ticks) {
            bars += builder.close_due(one.received).size();
            bars += builder.on_tick(one.received, as_exchange_time(one.received), one.tick).size();
        }
        bars += builder.end_day(ticks.back().received).size();
    }
    report(state, bars);
}
BENCHMARK(minutes_of_200_interleaved)->Unit(benchmark::kMillisecond);

void all_timeframes_of_200_interleaved(benchmark::State& state) {
    const auto& ticks = stream();
    size_t bars = 0;
    for (auto _ : state) {
        bars = 0;
        BarBuilder builder;
        constexpr Timeframe kTargets[] = {Timeframe::m3, Timeframe::m5, Timeframe::m15, Timeframe::m30, Timeframe::h1};
        BarAggregator aggregator(kTargets);
        (void)builder.start_day(usual_day());
        (void)aggregator.start_day(usual_day());
        const auto take = [&](std::span<const Bar> closed) {
            for (const Bar& bar : closed) bars += aggregator.on_bar(bar).size();
        };
        for (const Arrival& one : ticks) {
            take(builder.close_due(one.received));
            take(builder.on_tick(one.received, as_exchange_time(one.received), one.tick));
            bars += aggregator.close_due(one.received).size();
        }
    }
    report(state, bars);
}
BENCHMARK(all_timeframes_of_200_interleaved)->Unit(benchmark::kMillisecond);

void minutes_and_three_activity_bars_of_200_interleaved(benchmark::State& state) {
    const auto& ticks = stream();
    size_t bars = 0;
    for (auto _ : state) {
        bars = 0;
        ActivityFrames frames;
        for (const char* spec : {"500t", "10000v", "20r"}) (void)frames.place(*parse_activity(spec));
        BarBuilder builder;
        ActivityBars activity(frames);
        for (uint32_t id = 1; id <= kInstruments; ++id) activity.follow(InstrumentId(id), Price::from_units(500));
        (void)builder.start_day(usual_day());
        for (const Arrival& one : ticks) {
            bars += builder.close_due(one.received).size();
            bars += builder.on_tick(one.received, as_exchange_time(one.received), one.tick).size();
            if (const PlacedTick* placed = builder.placed()) bars += activity.on_tick(one.tick, *placed).size();
        }
    }
    report(state, bars);
}
BENCHMARK(minutes_and_three_activity_bars_of_200_interleaved)->Unit(benchmark::kMillisecond);

// The limit: no sessions, stamps, repeats or disorder; the same bars of this stream.
void plain_loop_minutes_of_200_interleaved(benchmark::State& state) {
    struct Plain {
        int64_t minute = -1, open = 0, high = 0, low = 0, close = 0, volume = 0, level = 0, oi = 0;
    };
    const auto& ticks = stream();
    size_t bars = 0;
    for (auto _ : state) {
        bars = 0;
        std::vector<Plain> open(kInstruments + 1);
        std::vector<Plain> closed;
        for (const Arrival& one : ticks) {
            Plain& bar = open[one.tick.instrument.value()];
            const int64_t minute = one.received.time_since_epoch().count() / 60'000'000'000;
            const int64_t price = one.tick.last.units();
            if (minute != bar.minute) {
                if (bar.minute >= 0) {
                    closed.push_back(bar);
                    if (closed.size() == kInstruments) closed.clear();
                    ++bars;
                }
                bar.minute = minute;
                bar.open = bar.high = bar.low = price;
                bar.volume = 0;
            }
            bar.high = std::max(bar.high, price);
            bar.low = std::min(bar.low, price);
            bar.close = price;
            bar.volume += one.tick.volume - bar.level;
            bar.level = one.tick.volume;
            bar.oi = one.tick.oi;
        }
        benchmark::DoNotOptimize(open.data());
        bars += kInstruments;
    }
    report(state, bars);
}
BENCHMARK(plain_loop_minutes_of_200_interleaved)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tide
