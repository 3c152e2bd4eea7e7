// Rows 1, 3, 4 and 16 of the performance table: the whole Session with a Lua strategy over a million 1-minute bars and
// over ticks, and a journal replayed; with the plain hand-written loops beside them as limits.
#include <benchmark/benchmark.h>

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "app/journal_replay.hpp"
#include "journal/journal_reader.hpp"
#include "journal/journal_writer.hpp"
#include "session_parts.hpp"

namespace tide {
namespace {

using namespace bench;

void report(benchmark::State& state, int64_t items, const RunCounts& counts) {
    state.counters["each"] = benchmark::Counter(
        static_cast<double>(items), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
    state.counters["trades"] = static_cast<double>(counts.trades);
    state.counters["events"] = static_cast<double>(counts.events);
}

// Row 1: audit hash, charges and paper fills on, no journal.
void session_million_bars(benchmark::State& state) {
    RunCounts counts;
    bars();
    for (auto _ : state) {
        DisabledJournal journal;
        MemoryFeed feed(bars(), false);
        counts = run_session(feed, bench_strategy("ema_cross.lua"), journal);
    }
    report(state, kBars, counts);
}
BENCHMARK(session_million_bars)->Unit(benchmark::kMillisecond)->Repetitions(3)->ReportAggregatesOnly(true);

// The same with every event encoded, checksummed and digested.
void session_million_bars_journal_digest(benchmark::State& state) {
    RunCounts counts;
    bars();
    for (auto _ : state) {
        auto journal = JournalWriter::digest_only({"bench", "bench"});
        MemoryFeed feed(bars(), false);
        counts = run_session(feed, bench_strategy("ema_cross.lua"), *journal);
    }
    report(state, kBars, counts);
}
BENCHMARK(session_million_bars_journal_digest)->Unit(benchmark::kMillisecond);

// Row 3: ticks to bars, engine stops on every tick, Lua on bars only.
void session_two_million_ticks(benchmark::State& state) {
    RunCounts counts;
    bars();
    for (auto _ : state) {
        DisabledJournal journal;
        MemoryFeed feed(bars(), true);
        counts = run_session(feed, bench_strategy("ema_cross.lua"), journal);
    }
    report(state, kTickBars * kTicksPerBar, counts);
}
BENCHMARK(session_two_million_ticks)->Unit(benchmark::kMillisecond);

// Row 4: the same with a callback on every tick.
constexpr const char* kTickStrategy = R"lua(
local S = strategy { name = "ticks", version = "1", api = 1,
  needs = { symbols = { "BENCH" }, bars = { "1m" }, ticks = true } }
local ema
local above, below = 0, 0
function S.on_start(ctx) ema = ctx:indicator("BENCH", "1m", "ema", 9) end
function S.on_bar(ctx, bar) end
function S.on_tick(ctx, tick)
  local average = ema:value()
  if not average then return end
  if tick.last > average then above = above + 1 else below = below + 1 end
end
return S
)lua";
void session_two_million_ticks_on_tick(benchmark::State& state) {
    RunCounts counts;
    bars();
    for (auto _ : state) {
        DisabledJournal journal;
        MemoryFeed feed(bars(), true);
        counts = run_session(feed, strategy_from(kTickStrategy), journal);
    }
    report(state, kTickBars * kTicksPerBar, counts);
}
BENCHMARK(session_two_million_ticks_on_tick)->Unit(benchmark::kMillisecond);

// Row 16: a journal of ticks (two million of them; a day of five takes as much longer) read and run again.
void recovery_of_two_million_ticks(benchmark::State& state) {
    const std::string path =
        (std::filesystem::temp_directory_path() / ("tide-recovery-bench-" + std::to_string(::getpid()))).string();
    std::filesystem::remove(path);
    {
        auto journal = must(JournalWriter::create(path, {"bench", "bench"}));
        MemoryFeed feed(bars(), true);
        run_session(feed, bench_strategy("ema_cross.lua"), *journal);
        must(journal->close());
    }
    RunCounts counts;
    for (auto _ : state) {
        auto reader = must(JournalReader::open(path));
        JournalReplay replay(reader, false);
        must(replay.run());
        counts.events = replay.events();
    }
    std::filesystem::remove(path);
    report(state, static_cast<int64_t>(counts.events), counts);
    state.counters["five_million"] =
        benchmark::Counter(static_cast<double>(counts.events) / 5e6,
                           benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(recovery_of_two_million_ticks)->Unit(benchmark::kMillisecond);

struct WilderAdx {
    double tr = 0, up = 0, down = 0, adx = 0, high = 0, low = 0, close = 0, sum = 0;
    int64_t seen = 0;
    void update(const Bar& bar) {
        const double h = bar.high.to_double(), l = bar.low.to_double(), c = bar.close.to_double();
        if (seen++ > 0) {
            const double range = std::max({h - l, std::fabs(h - close), std::fabs(l - close)});
            const double rise = h - high, fall = low - l;
            const double plus = rise > fall && rise > 0 ? rise : 0, minus = fall > rise && fall > 0 ? fall : 0;
            if (seen <= 15) {
                tr += range, up += plus, down += minus;
            } else {
                tr += range - tr / 14, up += plus - up / 14, down += minus - down / 14;
            }
            if (seen >= 15) {
                const double di_sum = up + down;
                const double dx = di_sum > 0 ? 100 * std::fabs(up - down) / di_sum : 0;
                if (seen <= 28) {
                    sum += dx;
                    adx = sum / 14;
                } else {
                    adx += (dx - adx) / 14;
                }
            }
        }
        high = h, low = l, close = c;
    }
};

// The limit: the same rule by hand, fill at the next open with a commission.
void plain_loop_million_bars(benchmark::State& state) {
    const auto& data = bars();
    double pnl = 0;
    int64_t trades = 0;
    for (auto _ : state) {
        WilderAdx adx;
        double fast = data[0].close.to_double(), slow = fast, entry = 0, cash = 0;
        int side = 0, wanted = 0;
        trades = 0;
        for (const Bar& bar : data) {
            const double open = bar.open.to_double();
            if (wanted != side) {
                if (side != 0) {
                    cash += side * (open - entry) - 20;
                    ++trades;
                }
                entry = open;
                side = wanted;
            }
            const double close = bar.close.to_double();
            fast += (close - fast) * (2.0 / 10);
            slow += (close - slow) * (2.0 / 21);
            adx.update(bar);
            if (adx.adx > 25) wanted = fast > slow ? 1 : 0;
            if (fast < slow) wanted = 0;
        }
        pnl = cash;
        benchmark::DoNotOptimize(pnl);
    }
    report(state, kBars, {0, trades});
}
BENCHMARK(plain_loop_million_bars)->Unit(benchmark::kMillisecond);

// The limit of row 3: ticks to bars and a stop by hand.
void plain_loop_two_million_ticks(benchmark::State& state) {
    const auto& data = bars();
    for (auto _ : state) {
        int64_t stops = 0;
        double level = 0, fast = 0;
        for (int64_t i = 0; i < kTickBars; ++i) {
            const Bar& bar = data[static_cast<size_t>(i)];
            const double path[] = {bar.open.to_double(), bar.low.to_double(), bar.high.to_double(),
                                   bar.close.to_double()};
            double high = path[0], low = path[0], last = path[0];
            for (int64_t k = 0; k < kTicksPerBar; ++k) {
                last = path[k % 4];
                high = std::max(high, last);
                low = std::min(low, last);
                stops += last < level ? 1 : 0;
            }
            fast += (last - fast) * 0.2;
            level = fast - (high - low) * 5;
        }
        benchmark::DoNotOptimize(stops);
    }
    report(state, kTickBars * kTicksPerBar, {});
}
BENCHMARK(plain_loop_two_million_ticks)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tide
