#include <gtest/gtest.h>

#include <utility>

#include "../trading/allocation_counter.hpp"
#include "app/engine_settings.hpp"
#include "app/session_driver.hpp"
#include "bindings/lua_host.hpp"
#include "journal/journal_writer.hpp"

namespace tide {
namespace {

// Looks at bars, indicators and ticks, and never asks for anything.
constexpr const char* kQuietStrategy = R"lua(
local S = strategy { name = "quiet", version = "1", api = 1,
  needs = { symbols = { "QUIET" }, bars = { "1m", "5m" }, ticks = true } }
local ema, adx, bars
function S.on_start(ctx)
  ema = ctx:indicator("QUIET", "1m", "ema", 9)
  adx = ctx:indicator("QUIET", "5m", "adx", 14)
  bars = ctx:bars("QUIET", "1m")
end
function S.on_bar(ctx, bar)
  local average, strength, before = ema:value(), adx:value(), bars:close(3)
  if average and strength and before and average + before < bar.low then ctx:log("cannot be") end
end
function S.on_tick(ctx, tick)
  if tick.last < 0 then ctx:log("cannot be") end
end
return S
)lua";

constexpr int64_t kMinutes = 375;
constexpr int64_t kWarmUntil = 165;      // 12:00: every series inside the day has had its first bars
constexpr int64_t kMeasuredUntil = 285;  // 14:00: before the day's phases change
constexpr int64_t kTicksPerMinute = 10;

enum class Kind { bars, ticks };

// One day of one share, as bars or as ticks; notes how many allocations there were at the two ends of the measured
// part.
class QuietFeed final : public Feed {
  public:
    explicit QuietFeed(Kind kind) : kind_(kind) {}
    std::string describe() const override { return "quiet"; }
    Result<bool> next(Event& event) override {
        event.received = at(kDate, hours(9) + minutes(15));
        if (opening_ == 0) {
            Instrument instrument;
            instrument.id = InstrumentId(1);
            instrument.symbol = "QUIET";
            instrument.kind = InstrumentKind::equity;
            event.payload = InstrumentEvent{instrument};
        } else if (opening_ == 1) {
            TradingDayEvent day;
            day.date = kDate;
            day.session_count = 1;
            day.sessions[0] = {hours(9) + minutes(15), hours(15) + minutes(30)};
            day.calendar = "NSE";
            event.payload = day;
        } else if (minute_ == kMinutes) {
            event.received = at(kDate, hours(15) + minutes(31));
            event.payload = DayEndEvent{kDate};
            return !std::exchange(ended_, true);
        } else {
            play(event);
        }
        ++opening_;
        return true;
    }
    size_t at_start = 0, at_end = 0;  // allocations

  private:
    static constexpr Date kDate = make_date(2026, 11, 20);
    Price price() const { return Price::from_rupees(1'000 + (7 * minute_ + tick_) % 5); }
    void play(Event& event) {
        if (tick_ == 0 && minute_ == kWarmUntil) at_start = testing::allocations;
        if (tick_ == 0 && minute_ == kMeasuredUntil) at_end = testing::allocations;
        event.received += minutes(minute_);
        if (kind_ == Kind::bars) {
            Bar bar;
            bar.instrument = InstrumentId(1);
            bar.start = as_exchange_time(event.received);
            bar.open = bar.low = price();
            bar.close = bar.high = price() + Price::from_rupees(1);
            bar.volume = 100;
            bar.flags = kBarHasVolume;
            event.received += minutes(1);
            event.payload = BarEvent{bar};
            ++minute_;
            return;
        }
        TickEvent tick;
        tick.instrument = InstrumentId(1);
        tick.last = price();
        event.received += seconds(60 / kTicksPerMinute * tick_);
        event.payload = tick;
        if (++tick_ < kTicksPerMinute) return;
        tick_ = 0;
        ++minute_;
    }
    Kind kind_;
    int64_t opening_ = 0, minute_ = 0, tick_ = 0;
    bool ended_ = false;
};

class LogRecorder final : public Recorder {
  public:
    void record(const Record& record) override {
        if (std::holds_alternative<NoteRecord>(record.body)) ++notes;
    }
    int notes = 0;
};

size_t allocations_of_two_hours(Kind kind) {
    EngineSettings settings;
    settings.session.mode = "backtest";
    QuietFeed feed(kind);
    PaperBroker broker(settings.paper);
    JournalledLink link(broker, false);
    const auto writer = JournalWriter::digest_only({"test", "test"});
    JournalWriter& journal = *writer;
    link.attach(journal);
    LuaHost host;
    LogRecorder recorder;
    Session session(settings.session, host, link, recorder);
    SessionDriver driver({feed, broker, link, session, journal, nullptr, {}});
    const auto done = driver.run({settings.canonical_text(), {}, {{"quiet", kQuietStrategy, {}, "", 0}}});
    EXPECT_TRUE(done.has_value());
    EXPECT_EQ(recorder.notes, 0);  // the strategy ran, and logged nothing
    EXPECT_EQ(session.market().series().count(InstrumentId(1), Timeframe::m1), static_cast<size_t>(kMinutes));
    EXPECT_GT(feed.at_start, 0U);
    return feed.at_end - feed.at_start;
}

TEST(SessionHotPath, bars_to_a_lua_strategy_without_intents_allocate_nothing) {
    EXPECT_EQ(allocations_of_two_hours(Kind::bars), 0U);
}

TEST(SessionHotPath, ticks_to_bars_and_a_lua_strategy_without_intents_allocate_nothing) {
    EXPECT_EQ(allocations_of_two_hours(Kind::ticks), 0U);
}

}  // namespace
}  // namespace tide
