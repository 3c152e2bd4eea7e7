#pragma once
#include <memory>
#include <string>

#include "core/events.hpp"
#include "core/result.hpp"
#include "feeds/feed.hpp"
#include "feeds/synthetic_settings.hpp"
#include "market/calendar.hpp"
#include "market/contract_rules.hpp"

namespace tide {

// A made-up but plausible session of NIFTY, BANKNIFTY, INDIA VIX and their options, for paper trading without a broker.
// The same settings give the same events, byte for byte, on every machine with the same mathematics library.
//
// Events: instruments (1 NIFTY, 2 BANKNIFTY, 3 INDIAVIX, then options); a year of daily bars (with volume for the
// indices), then ten sessions of 1-minute bars, all kBarHistory; the trading day at 09:00; two pre-open ticks of each
// index at 09:08; ticks: each index once a second (`rate` times), VIX every 5 s, the chain of the two nearest
// expiries more than three days away every 5 s and 15 s; the day's end one minute after the close; the feed's end.
// Strikes once quoted stay quoted. Contracts that are wanted besides (want_contracts) are quoted at the pace of their
// expiry, 15 s where it is not quoted otherwise, in the last hundredth of a second; the other events stay as they are.
class SyntheticFeed : public Feed {
  public:
    // Errors: usage when the date is not a trading day or a setting is out of range; config when calendar or rules lack
    // what is needed.
    static Result<std::unique_ptr<SyntheticFeed>> create(const SyntheticSettings& settings,
                                                         const TradingCalendar& calendar, const ContractRules& rules);
    ~SyntheticFeed() override;
    Result<bool> next(Event& event) override;
    void want_contracts(std::span<const InstrumentId> contracts) override;
    std::string describe() const override;
    Date session_date() const;  // as asked for, except in the expiry scenario

  private:
    class Generator;
    explicit SyntheticFeed(std::unique_ptr<Generator> generator);
    std::unique_ptr<Generator> generator_;
};

}  // namespace tide
