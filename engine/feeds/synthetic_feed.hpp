#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "core/events.hpp"
#include "core/result.hpp"
#include "feeds/feed.hpp"
#include "market/calendar.hpp"
#include "market/contract_rules.hpp"

namespace tide {

enum class SyntheticScenario : uint8_t {
    usual,        // whatever the seed gives
    trend,        // an established daily trend that goes on all day
    range,        // no trend, on the day or before
    gap_up,       // opens 2.4 % above the previous close
    flash_crash,  // falls 4.5 % in four minutes before noon, half of it comes back
    vix_spike,    // VIX rises by 8 points in four minutes at noon
    expiry,       // the session is moved to NIFTY's next expiry day; the chain shows contracts that expire today
    dead_feed,    // no tick at all from 11:00 to 11:12
};
std::string_view name_of(SyntheticScenario scenario);

// A day that a trend follower can show itself on: see the seed's figures in tests/unit/feeds/synthetic_feed_test.cpp.
inline constexpr uint64_t kDefaultSyntheticSeed = 149;

struct SyntheticSettings {
    uint64_t seed = kDefaultSyntheticSeed;
    SyntheticScenario scenario = SyntheticScenario::usual;
    Date session_date{};         // a trading day of the NSE calendar
    int64_t chain_strikes = 10;  // quoted each side of at-the-money, 1 to 40
};
// What stands after "--feed": "synthetic", "synthetic:SEED", "synthetic:SCENARIO", "synthetic:SCENARIO:SEED".
Result<SyntheticSettings> parse_synthetic_feed(std::string_view text);

// A made-up but plausible session of NIFTY, BANKNIFTY, INDIA VIX and their options, for paper trading without a broker.
// The same settings give the same events, byte for byte, on every machine with the same mathematics library.
//
// Events: instruments (1 NIFTY, 2 BANKNIFTY, 3 INDIAVIX, then options); a year of daily bars (with volume for the
// indices), then ten sessions of 1-minute bars, all kBarHistory; the trading day at 09:00; two pre-open ticks of each
// index at 09:08; ticks: each index about once a second, VIX every 5 s, the chain of the two nearest expiries more than
// three days away every 5 s and 15 s; the day's end one minute after the close; the feed's end. Strikes once quoted
// stay quoted.
class SyntheticFeed : public Feed {
  public:
    // Errors: usage when the date is not a trading day or a setting is out of range; config when calendar or rules lack
    // what is needed.
    static Result<std::unique_ptr<SyntheticFeed>> create(const SyntheticSettings& settings,
                                                         const TradingCalendar& calendar, const ContractRules& rules);
    ~SyntheticFeed() override;
    Result<bool> next(Event& event) override;
    std::string describe() const override;
    Date session_date() const;  // as asked for, except in the expiry scenario

  private:
    class Generator;
    explicit SyntheticFeed(std::unique_ptr<Generator> generator);
    std::unique_ptr<Generator> generator_;
};

}  // namespace tide
