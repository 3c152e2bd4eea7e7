// Rows 5, 6 and 12 of the performance table: from the bytes of a tick to the bytes of its order; the same with the
// order on the disk first and the script in a process of its own; and ticks as they come in real time.
#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/pacing.hpp"
#include "bindings/worker_host.hpp"
#include "bindings/worker_process.hpp"
#include "brokers/exchange_wire.hpp"
#include "journal/event_codec.hpp"
#include "journal/journal_writer.hpp"
#include "ledger/ledger.hpp"
#include "session_parts.hpp"

namespace tide {
namespace {

using namespace bench;
using SteadyTime = std::chrono::steady_clock::time_point;

double micros(SteadyTime from, SteadyTime to) { return std::chrono::duration<double, std::micro>(to - from).count(); }

// `values` in any order; -1 of none.
double percentile(std::vector<double>& values, double share) {
    if (values.empty()) return -1;
    std::sort(values.begin(), values.end());
    return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
}

// A folder of its own for the files of one benchmark.
struct Folder {
    explicit Folder(const char* name)
        : path(std::filesystem::temp_directory_path() / (std::string(name) + std::to_string(::getpid()))) {
        std::filesystem::remove_all(path);
        std::filesystem::create_directory(path);
    }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::filesystem::path path;
};

constexpr const char* kOrderStrategy = R"lua(
local S = strategy { name = "orders", version = "1", api = 1,
  needs = { symbols = { "BENCH" }, bars = { "1m" }, ticks = true } }
local ticks, open = 0, nil
function S.on_tick(ctx, tick)
  ticks = ticks + 1
  if ticks % 20 ~= 0 then return end
  if open then
    ctx:exit(open, { rule = "turn", reason = "twenty ticks on", priority = 4 })
  else
    ctx:enter { symbol = "BENCH", lots = 1, stop_pct = 5, why = "twenty ticks on" }
  end
end
function S.on_fill(ctx, fill)
  open = nil
  for _, position in ipairs(ctx:positions()) do open = position.id end
end
return S
)lua";

// Gives each tick out of its bytes, in the form in which ticks travel between processes and into journals, and notes
// the moment before they are read.
class DecodedFeed final : public Feed {
  public:
    explicit DecodedFeed(Feed& feed) : feed_(feed) {}
    std::string describe() const override { return feed_.describe(); }
    Result<bool> next(Event& event) override {
        auto more = feed_.next(event);
        if (!more || !*more || !std::holds_alternative<TickEvent>(event.payload)) return more;
        bytes_.clear();
        event.sequence = 1;
        encode(event, bytes_);
        arrived = std::chrono::steady_clock::now();
        if (auto read = decode(bytes_, record_); !read) return read.error();
        event = record_.event;
        return true;
    }
    SteadyTime arrived;

  private:
    Feed& feed_;
    std::string bytes_;
    JournalRecord record_;
};

// Writes each order's bytes as they go to an exchange in another process, and notes how long after its tick they were
// there.
class EncodedExchange final : public ExchangeLink {
  public:
    EncodedExchange(ExchangeLink& exchange, const DecodedFeed& feed, std::vector<double>& delays_us)
        : exchange_(exchange), feed_(feed), delays_us_(delays_us) {}
    void submit(const Order& order) override {
        bytes_.clear();
        WireWriter(bytes_, WireKind::submit)
            .put(order.id.value())
            .put(order.instrument.value())
            .put(order.side)
            .put(order.purpose)
            .put(order.quantity.units())
            .put(order.limit.units());
        benchmark::DoNotOptimize(bytes_.data());
        delays_us_.push_back(micros(feed_.arrived, std::chrono::steady_clock::now()));
        exchange_.submit(order);
    }
    void cancel(const Order& order) override { exchange_.cancel(order); }
    void replace(const Order& order, Price limit) override { exchange_.replace(order, limit); }
    void ask(const Order& order) override { exchange_.ask(order); }
    void on_event(const Event& event) override { exchange_.on_event(event); }
    void set_now(ReceiveTime now) override { exchange_.set_now(now); }
    std::optional<ReceiveTime> next_due() override { return exchange_.next_due(); }
    bool pop_due(ReceiveTime until, Event& out) override { return exchange_.pop_due(until, out); }
    Result<ExchangeBooks> books() override { return exchange_.books(); }
    void ask_books() override { exchange_.ask_books(); }

  private:
    ExchangeLink& exchange_;
    const DecodedFeed& feed_;
    std::vector<double>& delays_us_;
    std::string bytes_;
};

RunCounts run_orders(JournalSink& journal, int64_t tick_bars, std::vector<double>& delays_us, RunParts parts) {
    MemoryFeed market(bars(), true, tick_bars);
    DecodedFeed feed(market);
    parts.around = [&](ExchangeLink& paper) { return std::make_unique<EncodedExchange>(paper, feed, delays_us); };
    return run_session(feed, strategy_from(kOrderStrategy), journal, parts);
}

void report_orders(benchmark::State& state, std::vector<double>& delays_us, const RunCounts& counts) {
    state.counters["p50_us"] = percentile(delays_us, 0.5);
    state.counters["p99_us"] = percentile(delays_us, 0.99);
    state.counters["max_us"] = percentile(delays_us, 1);
    state.counters["orders"] = static_cast<double>(delays_us.size());
    state.counters["trades"] = static_cast<double>(counts.trades);
}

// Row 5: bytes read, journal append, bars, engine checks, Lua, risk gate, the order in the journal, bytes written; no
// fsync.
void tick_to_order(benchmark::State& state) {
    RunCounts counts;
    std::vector<double> delays_us;
    bars();
    for (auto _ : state) {
        auto journal = JournalWriter::digest_only({"bench", "bench"});
        counts = run_orders(*journal, kTickBars, delays_us, {});
    }
    report_orders(state, delays_us, counts);
}
BENCHMARK(tick_to_order)->Unit(benchmark::kMillisecond);

// What this disk takes to make a tick's worth of new bytes durable, in microseconds.
std::vector<double> syncs_of(const std::filesystem::path& file) {
    auto journal = must(JournalWriter::create(file.string(), {"bench", "bench"}));
    Event event;
    event.payload = TickEvent{};
    std::vector<double> took_us;
    for (int i = 0; i < 400; ++i) {
        ++event.sequence;
        must(journal->append(event));
        const auto begin = std::chrono::steady_clock::now();
        must(journal->sync());
        took_us.push_back(micros(begin, std::chrono::steady_clock::now()));
    }
    return took_us;
}

// Row 6: with the order durable before it leaves, and with the script in this process (0) or in one of its own (1).
void tick_to_durable_order(benchmark::State& state) {
    constexpr int64_t kDurableBars = 2'000;  // a thousand orders
    RunCounts counts;
    std::vector<double> delays_us;
    const Folder folder("tide-durable-bench-");
    auto syncs_us = syncs_of(folder.path / "syncs.journal");
    bars();
    for (auto _ : state) {
        std::unique_ptr<WorkerHost> host;
        if (state.range(0) != 0) {
            const WorkerPatience patience{std::chrono::seconds(10), std::chrono::seconds(10)};
            host = std::make_unique<WorkerHost>(must(WorkerZygote::start(&run_worker)), LuaLimits{}, patience);
        }
        auto journal = must(JournalWriter::create((folder.path / "orders.journal").string(), {"bench", "bench"}));
        counts = run_orders(*journal, kDurableBars, delays_us, {.host = host.get(), .durable = true});
    }
    report_orders(state, delays_us, counts);
    state.counters["sync_p50_us"] = percentile(syncs_us, 0.5);
    state.counters["sync_p99_us"] = percentile(syncs_us, 0.99);
    state.counters["p99_syncs"] = percentile(delays_us, 0.99) / percentile(syncs_us, 0.99);
}
BENCHMARK(tick_to_durable_order)->ArgName("worker")->Arg(0)->Arg(1)->Iterations(1)->Unit(benchmark::kMillisecond);

// ---- row 12

constexpr uint32_t kLiveInstruments = 200;
constexpr int64_t kLiveRate = 10'000;  // ticks a second, evenly apart

// Ticks of 200 shares, each at its moment; notes how late each was handled: when the next event is asked for.
class LiveFeed final : public Feed {
  public:
    explicit LiveFeed(int64_t seconds_long) : ticks_(seconds_long * kLiveRate) {
        lateness_us.reserve(static_cast<size_t>(ticks_));
    }
    std::string describe() const override { return "live"; }
    Result<bool> next(Event& event) override {
        const auto now = std::chrono::steady_clock::now();
        if (tick_due_) lateness_us.push_back(micros(*began_ + (*tick_due_ - kOpening), now));
        tick_due_.reset();
        event.exchange = {};
        event.received = kOpening;
        const int64_t number = given_++;
        if (number < kLiveInstruments) {
            Instrument share;
            share.id = InstrumentId(static_cast<uint32_t>(number) + 1);
            share.symbol = number == 0 ? "BENCH" : "SHARE" + std::to_string(number);
            share.kind = InstrumentKind::equity;
            event.payload = InstrumentEvent{share};
        } else if (number == kLiveInstruments) {
            TradingDayEvent day;
            day.date = kDay;
            day.session_count = 1;
            day.sessions[0] = {hours(9) + minutes(15), hours(15) + minutes(30)};
            day.calendar = "NSE";
            event.payload = day;
        } else if (const int64_t tick = number - kLiveInstruments - 1; tick < ticks_) {
            give_tick(event, tick);
        } else {
            return false;
        }
        return true;
    }
    // The first event is due at once: from then on session time runs beside that of the wall.
    void clock_runs() {
        if (!began_) began_ = std::chrono::steady_clock::now();
    }
    std::vector<double> lateness_us;

  private:
    static constexpr Date kDay = make_date(2026, 5, 4);
    static constexpr ReceiveTime kOpening = at(kDay, hours(10));
    static constexpr Duration kHeadStart = seconds(1);  // scripts load, caches warm

    void give_tick(Event& event, int64_t number) {
        TickEvent tick;
        tick.instrument = InstrumentId(static_cast<uint32_t>(number % kLiveInstruments) + 1);
        tick.flags = kTickHasBid | kTickHasAsk;
        const int64_t step = (number / kLiveInstruments * 7 + tick.instrument.value()) % 11;
        tick.last = Price::from_units((20'000 + step) * 500);
        tick.bid = tick.last - Price::from_units(500);
        tick.ask = tick.last + Price::from_units(500);
        event.received = kOpening + kHeadStart + Duration(1'000'000'000 / kLiveRate) * number;
        event.exchange = as_exchange_time(event.received);
        event.payload = tick;
        tick_due_ = event.received;
    }
    int64_t ticks_;
    int64_t given_ = 0;
    std::optional<SteadyTime> began_;
    std::optional<ReceiveTime> tick_due_;
};

double processor_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds_of = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

constexpr const char* kLiveStrategy = R"lua(
local S = strategy { name = "live", version = "1", api = 1,
  needs = { symbols = { "BENCH", "SHARE1", "SHARE2", "SHARE3" }, bars = { "1m" }, ticks = true } }
local ema
local above = 0
function S.on_start(ctx) ema = ctx:indicator("BENCH", "1m", "ema", 9) end
function S.on_bar(ctx, bar) end
function S.on_tick(ctx, tick)
  local average = ema:value()
  if average and tick.last > average then above = above + 1 end
end
return S
)lua";

// Row 12: the clock on the wall, a journal on the disk, the store beside it, Lua on the ticks of four shares. Two
// seconds of it, or TIDE_LIVE_SECONDS=60.
void ticks_in_real_time(benchmark::State& state) {
    const char* asked = std::getenv("TIDE_LIVE_SECONDS");
    const int64_t seconds_long = std::clamp<int64_t>(asked == nullptr ? 2 : std::atoll(asked), 1, 3600);
    const Folder folder("tide-live-bench-");
    for (auto _ : state) {
        LedgerOptions options;
        options.session_id = "bench";
        options.mode = "paper";
        auto ledger = must(Ledger::open((folder.path / "ledger.db").string(), options));
        auto journal = must(JournalWriter::create((folder.path / "live.journal").string(), {"bench", "bench"}));
        PacingOptions real_time;
        real_time.emergency_stop_file = (folder.path / "EMERGENCY_STOP").string();
        LiveFeed feed(seconds_long);
        real_time.beat = [&feed] { feed.clock_runs(); };  // at the beginning of each wait
        Pacing pacing(real_time);
        const double processor_before = processor_seconds();
        const auto begin = std::chrono::steady_clock::now();
        const RunCounts counts =
            run_session(feed, strategy_from(kLiveStrategy), *journal, {.store = ledger.get(), .pacing = &pacing});
        const double wall_s = micros(begin, std::chrono::steady_clock::now()) / 1e6;
        must(ledger->flush());
        auto& late = feed.lateness_us;
        state.counters["p50_us"] = percentile(late, 0.5);
        state.counters["p99_us"] = percentile(late, 0.99);
        state.counters["max_us"] = percentile(late, 1);
        state.counters["core_pct"] = 100 * (processor_seconds() - processor_before) / wall_s;
        state.counters["lost"] = static_cast<double>(seconds_long * kLiveRate - counts.ticks);
        state.counters["seconds"] = wall_s;
    }
}
BENCHMARK(ticks_in_real_time)->Iterations(1)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tide
