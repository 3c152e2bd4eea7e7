#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/bar.hpp"
#include "core/events.hpp"
#include "core/result.hpp"
#include "feeds/feed.hpp"
#include "market/calendar.hpp"
#include "market/contract_rules.hpp"

namespace tide {

// What a series is of.
struct ReplayKey {
    std::string symbol;  // "NIFTY", "INDIAVIX"; of an option: of no meaning, the engine names it
    InstrumentKind kind = InstrumentKind::index;
    std::string exchange = "NSE";
    std::string calendar = "NSE";
    // Options and futures:
    std::string underlying;
    std::optional<Date> expiry;
    Price strike;
    OptionRight right = OptionRight::none;
};

// Bars in ascending order of start; their instrument and kBarHistory are set by the feed.
struct ReplaySeries {
    ReplayKey key;
    Timeframe timeframe = Timeframe::m1;
    std::vector<Bar> bars;
};
struct ReplayTick {
    ExchangeTime time;  // when it was received, where that was recorded; else the exchange's stamp
    TickEvent tick;     // its instrument is set by the feed
    std::optional<ExchangeTime> stamp = std::nullopt;  // the exchange's (1970: it gave none); without one: `time`
};
struct ReplayTickSeries {
    ReplayKey key;
    std::vector<ReplayTick> ticks;  // ascending
};

struct ReplayInput {
    std::string name;                     // for describe: "data/nifty"
    std::vector<ReplaySeries> traded;     // 1m
    std::vector<ReplayTickSeries> ticks;  // instead of bars, for instruments that have them
    std::vector<ReplaySeries> history;    // context only: 1d, or anything before the first traded day
    std::optional<Date> from;  // first and last day that is traded through; traded data before `from` is context
    std::optional<Date> to;
    // No instrument has data for so long inside a session: the feed is down until there is some. 0: not told.
    Duration hole{0};
    bool option_model = false;  // send the contracts of each day, for prices by model
    bool realised_vix = false;  // on days without any VIX: estimated from the daily closes of the first index
    const TradingCalendar* calendar = nullptr;  // must outlive the feed
    const ContractRules* rules = nullptr;       // must outlive the feed
};

// Recorded data as events, as they could have been known: nothing is sent before the moment it stands for is over.
//
// Order: instruments (ids dense from 1: indices, equities, futures, VIX, options by underlying, expiry, strike, right);
// history before the first traded day (kBarHistory; daily first, then by timeframe, each by time and id), received at
// midnight of that day. Then each day: the trading day, 15 minutes before its open (sessions from the calendar; a year
// without a table takes the day from the data: from_data); new contracts (option model: two nearest weeklies, two
// nearest monthlies, 15 strikes each side of the previous close, again of the first minute's close); where the VIX has
// only daily bars, its opening value as a kTickDailyValue tick at the open; minute by minute the path inside the bars
// when wanted (open, the extreme nearer to it 20 s in, the other 40 s in, close at 59 s, each over all instruments by
// id), then the bars in order of id, received at their end; ticks at their time, after bars that end at that time. At
// A hole in the data is told as FeedStatusEvent down, `hole` after the last data, and up before the next. At
// the end, one minute after the close: the official daily bars of the date (kBarHistory), then DayEndEvent. Last:
// FeedStatusEvent ended.
class ReplayFeed : public Feed {
  public:
    // Errors: input for series that are not ascending, of the wrong timeframe or twice of one instrument; not_found
    // when nothing lies in the range.
    static Result<std::unique_ptr<ReplayFeed>> create(ReplayInput input);
    ~ReplayFeed() override;
    Result<bool> next(Event& event) override;
    void want_bar_path(bool wanted) override;
    double share_given() const override;
    std::string describe() const override;
    // For a person: what was dropped, taken from the data, or is missing. Complete at the end.
    std::vector<std::string> notes() const;

  private:
    class Player;
    explicit ReplayFeed(std::unique_ptr<Player> player);
    std::unique_ptr<Player> player_;
};

}  // namespace tide
