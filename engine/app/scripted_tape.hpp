#pragma once
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "feeds/feed.hpp"
#include "feeds/replay_contracts.hpp"
#include "market/option_model.hpp"

namespace tide {

// One bar as a test wrote it.
struct ScriptedBar {
    Price open, high, low, close;
    std::optional<int64_t> volume, oi;
};

// Prices and quotes of one tick; what is missing stays as it was.
struct ScriptedTick {
    std::optional<Price> last, bid, ask;
    std::optional<int64_t> volume, oi;  // volume: traded since the last tick
};

// The options of one underlying that are quoted all day long.
struct ScriptedChain {
    size_t strikes = 10;  // quoted, each side of the money
    double iv = 0;        // 0.14 is 14 %; 0: as the VIX
    double half_spread_pct = 0.25;
    int64_t oi = 100'000;
    int64_t volume = 100'000;    // the day's so far
    std::optional<Date> expiry;  // none: all that are listed
};

// A market that a test plays: what the feed of a bar source would bring, a minute at a time. Prices stand still where
// the test says nothing. Every minute of a session is a bar of every symbol, with the path inside it where that is
// wanted; ticks that the test gives make the bar of their minute. The options of a chain are quoted (bid and ask around
// the model's price) whenever their underlying has a new price.
class ScriptedTape final : public Feed {
  public:
    ScriptedTape(const TradingCalendar& calendar, const ContractRules& rules, const OptionModelSettings& model);

    // ---- before the first event
    // The market opens on the day of `start`. Errors: closed on that day.
    Result<void> set_start(ReceiveTime start);
    void add(const ReplayKey& key, Price price);
    bool has(const std::string& symbol) const { return find(symbol) != nullptr; }
    // Bars before the first day, oldest first; the last one ends with the trading day before.
    Result<void> add_history(const std::string& symbol, Timeframe timeframe, const std::vector<ScriptedBar>& bars);
    // Instruments, history, the first day.
    Result<void> open();

    // ---- while it runs. What happens is queued for next().
    ReceiveTime now() const { return now_; }
    // One step towards `until`: at most to the end of a minute.
    Result<void> step(ReceiveTime until, bool path_wanted);
    // The next full multiple of `length` in a session of today, not before now; none: the day is over.
    std::optional<ReceiveTime> next_boundary(Duration length) const;
    // A bar of so many minutes from `start` on, made of 1-minute bars. Prices are on the instrument's tick.
    Result<void> plan(const std::string& symbol, ReceiveTime start, Duration length, const ScriptedBar& bar);
    Result<void> tick(const std::string& symbol, const ScriptedTick& tick);
    Result<void> quote_chain(const std::string& underlying, const ScriptedChain& chain);
    // This quote of one option stays until the test gives another.
    Result<void> fix_quote(const std::string& underlying, std::optional<Date> expiry, Price strike, OptionRight right,
                           const ScriptedTick& quote);
    // Anything else that comes in now: a script's sources, an operator's word. Texts must live until it was handled.
    void tell(EventPayload payload) { push(now_, std::move(payload)); }
    // Without data until it is up again.
    void set_feed(bool up);
    std::optional<Date> today() const { return day_ ? std::optional(day_->date) : std::nullopt; }

    // What a symbol of the market is; nullptr: it has none.
    const Instrument* instrument(const std::string& symbol) const;
    Price price(const std::string& symbol) const;
    // Of all symbols but options, in the order of their ids.
    std::vector<std::string> symbols() const;

    Result<bool> next(Event& event) override;
    std::string describe() const override { return "scripted market"; }

  private:
    struct Series {
        InstrumentId id;
        std::string symbol;
        Price tick;
        Price last;
        bool index = false;
        std::optional<ScriptedBar> formed;           // by ticks of this minute
        std::map<ReceiveTime, ScriptedBar> planned;  // by start
    };
    struct HistoryBars {
        InstrumentId id;
        Timeframe timeframe;
        std::vector<ScriptedBar> bars;
    };
    struct Option {
        Instrument instrument;
        bool quoted = false;
        std::optional<ScriptedTick> fixed;
    };

    const Series* find(const std::string& symbol) const;
    Series* find(const std::string& symbol);
    void push(ReceiveTime at, EventPayload payload);
    Result<void> begin_day(Date date);
    Result<std::optional<TradingDay>> trading_day(Date date) const;
    Result<std::vector<ExchangeTime>> starts_before(Date date, Timeframe timeframe, size_t count) const;
    Result<void> push_history();
    void play_minute(ReceiveTime start, bool path_wanted);
    void play_path(ReceiveTime start, const std::vector<ScriptedBar>& bars);
    void announce(const std::string& underlying);
    void quote_options(const Series& underlying, ReceiveTime at);
    void quote(const Option& option, const ScriptedChain& chain, Price spot, ReceiveTime at);
    TickEvent path_tick(InstrumentId id, Price price) const;

    const TradingCalendar& calendar_;
    ReplayContracts contracts_;
    OptionModelSettings model_;
    std::vector<ReplayKey> keys_;
    std::map<std::string, Price> opening_prices_;  // by symbol
    std::vector<Series> series_;                   // by id
    std::map<std::string, std::vector<HistoryBars>> history_;
    std::map<std::string, ScriptedChain> chains_;         // by underlying
    std::map<std::string, std::vector<Option>> options_;  // by underlying, in the order they were listed
    std::string vix_symbol_ = "INDIAVIX";
    ReceiveTime start_, now_;
    std::optional<TradingDay> day_;  // none: between two days
    Date last_date_{};
    bool up_ = true;
    std::deque<Event> queue_;
};

}  // namespace tide
