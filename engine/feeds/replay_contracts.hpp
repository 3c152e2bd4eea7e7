#pragma once
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "core/instrument.hpp"
#include "feeds/replay_feed.hpp"

namespace tide {

// Gives instruments their ids and terms: those of the recorded series at the start, and, day by day, the option
// contracts that a model may price.
class ReplayContracts {
  public:
    ReplayContracts(const TradingCalendar& calendar, const ContractRules& rules) : calendar_(calendar), rules_(rules) {}

    // Ids 1, 2, 3, … in the order indices, equities, futures, volatility indices, options (by underlying, expiry,
    // strike, right); the underlying of a derivative is added where it has no series. Terms are those of `on`.
    void list(const std::vector<ReplayKey>& keys, Date on);
    const std::vector<Instrument>& listed() const { return instruments_; }
    // none when not listed.
    InstrumentId find(const ReplayKey& key) const;

    // The instruments to announce for an underlying whose price is known: contracts of the two nearest weeklies and the
    // two nearest monthlies, 15 strikes each side; and those whose lot has changed. Nothing new = empty.
    std::vector<Instrument> of_day(InstrumentId underlying, Date date, Price price);

    std::vector<std::string> notes() const;

  private:
    using OptionKey = std::tuple<uint32_t, Date, int64_t, OptionRight>;  // underlying, expiry, strike, right
    Instrument& add(const ReplayKey& key, InstrumentId underlying, Date on);
    void set_terms(Instrument& contract, const std::string& underlying, Date on);
    void note_once(const std::string& note);
    const std::vector<Expiry>& chosen_expiries(const std::string& underlying, Date date);

    const TradingCalendar& calendar_;
    const ContractRules& rules_;
    std::vector<Instrument> instruments_;            // index = id - 1
    std::map<std::string, InstrumentId> by_symbol_;  // without options
    std::map<OptionKey, InstrumentId> options_;
    std::map<std::string, std::pair<std::optional<Date>, std::vector<Expiry>>> chosen_;  // by underlying: of which day
    std::map<std::string, int64_t> notes_;                                               // how often
};

}  // namespace tide
