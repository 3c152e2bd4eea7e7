// Rows 1 and 3 of the performance table: the whole Session with a Lua strategy over a million 1-minute bars, and over
// ticks, with the plain hand-written loop for the same strategy beside it as the limit.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "app/engine_settings.hpp"
#include "app/session_driver.hpp"
#include "bindings/lua_host.hpp"
#include "bindings/script_bundle.hpp"
#include "journal/journal_writer.hpp"
#include "market/charge_rates.hpp"

namespace tide {
namespace {

constexpr int64_t kBars = 1'000'000;
constexpr int64_t kBarsPerDay = 375;
constexpr int64_t kTicksPerBar = 10;
constexpr int64_t kTickBars = 200'000;

// A random walk with drifting regimes by a fixed linear congruential generator; prices on a 5-paise grid.
std::vector<Bar> walk(int64_t count) {
    std::vector<Bar> bars;
    bars.reserve(static_cast<size_t>(count));
    uint64_t seed = 11;
    const auto draw = [&seed](int64_t range) {
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<int64_t>((seed >> 33) % static_cast<uint64_t>(2 * range + 1)) - range;
    };
    int64_t price = 1'000'000;          // 5-paise steps: 50 000 rupees
    Date date = make_date(2026, 5, 4);  // by the charges in force since then
    for (int64_t i = 0; i < count; ++i) {
        if (i > 0 && i % kBarsPerDay == 0) date += std::chrono::days(1);
        const int64_t drift = (i / 97) % 3 - 1;
        const int64_t open = price;
        const int64_t close = std::max<int64_t>(200'000, open + drift * 40 + draw(300));
        Bar bar;
        bar.instrument = InstrumentId(1);
        bar.flags = kBarHasVolume;
        bar.start = ist_moment<ExchangeTime>(date, hours(9) + minutes(15) + minutes(i % kBarsPerDay));
        bar.open = Price::from_units(open * 500);
        bar.close = Price::from_units(close * 500);
        bar.high = Price::from_units((std::max(open, close) + std::abs(draw(100))) * 500);
        bar.low = Price::from_units((std::min(open, close) - std::abs(draw(100))) * 500);
        bar.volume = 10'000;
        price = close;
        bars.push_back(bar);
    }
    return bars;
}
const std::vector<Bar>& bars() {
    static const std::vector<Bar> made = walk(kBars);
    return made;
}

// The bars as a feed: one equity, days of 375 minutes. With ticks, ten a minute instead of the bar.
class MemoryFeed final : public Feed {
  public:
    MemoryFeed(const std::vector<Bar>& bars, bool ticks) : bars_(bars), ticks_(ticks) {}
    void want_bar_path(bool wanted) override { path_ = wanted; }
    std::string describe() const override { return "memory"; }
    Result<bool> next(Event& event) override {
        if (stage_ == Stage::instrument) {
            Instrument instrument;
            instrument.id = InstrumentId(1);
            instrument.symbol = "BENCH";
            instrument.kind = InstrumentKind::equity;
            event.received = as_receive_time(bars_.front().start);
            event.payload = InstrumentEvent{instrument};
            stage_ = Stage::vix_instrument;
            return true;
        }
        if (stage_ == Stage::vix_instrument) {
            Instrument vix;
            vix.id = InstrumentId(2);
            vix.symbol = "INDIAVIX";
            vix.kind = InstrumentKind::volatility_index;
            event.payload = InstrumentEvent{vix};
            stage_ = Stage::day;
            return true;
        }
        if (at_ == limit()) {
            if (stage_ == Stage::ended) return false;
            event.payload = stage_ == Stage::bars ? EventPayload(DayEndEvent{date_})
                                                  : FeedStatusEvent{FeedState::ended, "memory", ""};
            stage_ = stage_ == Stage::bars ? Stage::day_over : Stage::ended;
            return true;
        }
        const Bar& bar = bars_[at_];
        if (stage_ == Stage::bars && bar.start >= day_end_) {
            event.payload = DayEndEvent{date_};
            stage_ = Stage::day;
            return true;
        }
        if (stage_ == Stage::day) {
            date_ = ist_date(bar.start);
            day_end_ = ist_moment<ExchangeTime>(date_, hours(24));
            TradingDayEvent day;
            day.date = date_;
            day.session_count = 1;
            day.sessions[0] = {hours(9) + minutes(15), hours(15) + minutes(30)};
            day.calendar = "NSE";
            event.received = as_receive_time(bar.start);
            event.payload = day;
            stage_ = Stage::vix;
            return true;
        }
        if (stage_ == Stage::vix) {
            TickEvent vix;
            vix.instrument = InstrumentId(2);
            vix.flags = kTickDailyValue;
            vix.last = Price::from_rupees(14);
            event.payload = vix;
            stage_ = Stage::bars;
            return true;
        }
        event.exchange = bar.start;
        if (ticks_) return next_tick(bar, event);
        if (path_ && step_ < 4) {
            const Price path[] = {bar.open, bar.low, bar.high, bar.close};
            static constexpr int64_t kSeconds[] = {0, 20, 40, 59};
            TickEvent tick;
            tick.instrument = bar.instrument;
            tick.flags = kTickPathOfBar;
            tick.last = path[step_];
            event.received = as_receive_time(bar.start) + seconds(kSeconds[step_]);
            event.payload = tick;
            ++step_;
            return true;
        }
        step_ = 0;
        event.received = as_receive_time(bar.start) + minutes(1);
        event.payload = BarEvent{bar};
        ++at_;
        return true;
    }

  private:
    enum class Stage { instrument, vix_instrument, day, vix, bars, day_over, ended };
    size_t limit() const { return ticks_ ? static_cast<size_t>(kTickBars) : bars_.size(); }
    Result<bool> next_tick(const Bar& bar, Event& event) {
        const Price path[] = {bar.open, bar.low, bar.high, bar.close};
        TickEvent tick;
        tick.instrument = bar.instrument;
        tick.last = step_ == kTicksPerBar - 1 ? bar.close : path[static_cast<size_t>(step_ % 4)];
        event.received = as_receive_time(bar.start) + seconds(6 * step_);
        event.exchange = as_exchange_time(event.received);
        event.payload = tick;
        if (++step_ == kTicksPerBar) {
            step_ = 0;
            ++at_;
        }
        return true;
    }
    const std::vector<Bar>& bars_;
    bool ticks_;
    bool path_ = false;
    Stage stage_ = Stage::instrument;
    size_t at_ = 0;
    int64_t step_ = 0;
    Date date_{};
    ExchangeTime day_end_;
};

class NoRecorder final : public Recorder {
  public:
    void record(const Record& record) override { trades += std::holds_alternative<TradeRecord>(record.body) ? 1 : 0; }
    int64_t trades = 0;
};

// Limits of the risk gate that would keep a benchmark strategy on one symbol from trading all day, made wide.
constexpr std::string_view kWideLimits = R"(
session.entry_from = 09:15
session.entry_until = 15:00
risk.losing_streak = 100
risk.day_loss_pct = 90
risk.day_loss_warn_pct = 80
risk.drawdown_pct = 90
risk.equity_floor_pct = 1
session.over_history = true
risk.position_size_pct = 100
risk.trade_loss_pct = 100
risk.underlying_exposure_pct = 100
account.equity = 100000000
)";

struct RunCounts {
    uint64_t events = 0;
    int64_t trades = 0;
};

RunCounts run(bool ticks, JournalSink& journal) {
    EngineSettings settings;
    if (auto read = settings.read_text(kWideLimits); !read) throw std::runtime_error(read.error().message);
    settings.session.mode = "backtest";
    const std::filesystem::path root = TIDE_SOURCE_DIR;
    auto bundle = load_bundle(root / "strategies" / "ema_cross.lua", {root / "scripts"});
    if (!bundle) throw std::runtime_error(bundle.error().message);
    bundle->parameters = "symbol=BENCH\ntf=1m\n";
    auto charges = load_charge_rates(root / "config" / "charges");
    if (!charges) throw std::runtime_error(charges.error().message);
    SessionOpening opening{settings.canonical_text(), *charges, {*bundle}};
    MemoryFeed feed(bars(), ticks);
    PaperBroker broker(settings.paper);
    JournalledLink link(broker, false);
    link.attach(journal);
    LuaHost host;
    NoRecorder recorder;
    Session session(settings.session, host, link, recorder);
    SessionDriver driver({feed, broker, link, session, journal, nullptr, {}});
    if (auto done = driver.run(opening); !done) throw std::runtime_error(done.error().message);
    return {driver.events(), recorder.trades};
}

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
        counts = run(false, journal);
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
        counts = run(false, *journal);
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
        counts = run(true, journal);
    }
    report(state, kTickBars * kTicksPerBar, counts);
}
BENCHMARK(session_two_million_ticks)->Unit(benchmark::kMillisecond);

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
