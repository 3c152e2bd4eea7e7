#pragma once
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "app/engine_settings.hpp"
#include "app/session_driver.hpp"
#include "bindings/lua_host.hpp"
#include "bindings/script_bundle.hpp"
#include "brokers/paper_broker.hpp"
#include "market/charge_rates.hpp"
#include "ops/recorder_fan_out.hpp"
#include "support/paths.hpp"

// What benchmarks of whole sessions share: a market in memory and a session over it.
namespace tide::bench {

inline constexpr int64_t kBars = 1'000'000;
inline constexpr int64_t kBarsPerDay = 375;
inline constexpr int64_t kTicksPerBar = 10;
inline constexpr int64_t kTickBars = 200'000;

// A random walk with drifting regimes by a fixed linear congruential generator; prices on a 5-paise grid.
inline std::vector<Bar> walk(int64_t count) {
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
inline const std::vector<Bar>& bars() {
    static const std::vector<Bar> made = walk(kBars);
    return made;
}

// The bars as a feed: one equity, days of 375 minutes. With ticks, ten a minute instead of the bar.
class MemoryFeed final : public Feed {
  public:
    // `tick_bars`: how many of the bars, as ticks.
    MemoryFeed(const std::vector<Bar>& bars, bool ticks, int64_t tick_bars = kTickBars)
        : bars_(bars), ticks_(ticks), tick_bars_(static_cast<size_t>(tick_bars)) {}
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
    size_t limit() const { return ticks_ ? tick_bars_ : bars_.size(); }
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
    size_t tick_bars_;
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
inline constexpr std::string_view kWideLimits = R"(
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

template <class T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// A strategy of the repository that watches BENCH on minutes; or one from its text.
inline ScriptBundle bench_strategy(const std::string& file) {
    const std::filesystem::path root = source_dir();
    ScriptBundle bundle = must(load_bundle(root / "strategies" / file, {root / "scripts"}));
    bundle.parameters = "symbol=BENCH\ntf=1m\n";
    return bundle;
}
inline ScriptBundle strategy_from(std::string text) {
    ScriptBundle bundle;
    bundle.name = "bench";
    bundle.text = std::move(text);
    return bundle;
}

struct RunCounts {
    uint64_t events = 0;
    int64_t trades = 0;
    int64_t ticks = 0;  // that the Session has seen
};

// What a run has beside its feed, script and journal.
struct RunParts {
    // May put something of its own before the paper exchange.
    std::function<std::unique_ptr<ExchangeLink>(ExchangeLink&)> around = nullptr;
    StrategyHost* host = nullptr;  // null: one in this process
    Recorder* store = nullptr;     // of the records; null: none
    Pacing* pacing = nullptr;      // null: as fast as it goes
    bool durable = false;          // orders are on the disk before they leave
};

// From the opening to the end of the feed.
inline RunCounts run_session(Feed& feed, const ScriptBundle& bundle, JournalSink& journal, const RunParts& parts = {}) {
    EngineSettings settings;
    must(settings.read_text(kWideLimits));
    settings.session.mode = "backtest";
    SessionOpening opening{
        settings.canonical_text(), must(load_charge_rates(source_dir() / "config" / "charges")), {bundle}};
    PaperBroker paper(settings.paper);
    const std::unique_ptr<ExchangeLink> outer = parts.around ? parts.around(paper) : nullptr;
    ExchangeLink& broker = outer ? *outer : paper;
    JournalledLink link(broker, parts.durable);
    link.attach(journal);
    LuaHost own;
    NoRecorder counting;
    RecorderFanOut recorders;
    recorders.add(counting);
    if (parts.store != nullptr) recorders.add(*parts.store);
    Recorder& recorder = parts.store != nullptr ? static_cast<Recorder&>(recorders) : counting;
    Session session(settings.session, parts.host != nullptr ? *parts.host : own, link, recorder);
    SessionDriver driver({feed, broker, link, session, journal, parts.pacing, {}});
    must(driver.run(opening));
    return {driver.events(), counting.trades, session.market().ticks_seen()};
}

}  // namespace tide::bench
