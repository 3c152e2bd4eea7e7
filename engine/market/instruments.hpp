#pragma once
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/assert.hpp"
#include "core/instrument.hpp"
#include "core/result.hpp"

namespace tide {

// The instruments known to a session, by id and by symbol, with the options of an underlying by expiry and strike.
class InstrumentBook {
  public:
    // Adds or updates (same id). Ids are small and dense: 1, 2, 3, …
    void add(const Instrument& instrument);
    const Instrument* find(InstrumentId id) const {
        return id.valid() && id.value() <= by_id_.size() ? &by_id_[id.value() - 1] : nullptr;
    }
    const Instrument* find(std::string_view symbol) const;
    const Instrument& get(InstrumentId id) const {  // asserts that it is known
        const Instrument* instrument = find(id);
        TIDE_ASSERT(instrument != nullptr);
        return *instrument;
    }
    size_t size() const { return by_id_.size(); }
    const std::vector<Instrument>& all() const { return by_id_; }  // index = id - 1

    // Expiries of an underlying's options on or after `from`, ascending, without repeats.
    std::vector<Date> option_expiries(InstrumentId underlying, Date from) const;
    // Options of one expiry, by strike, calls before puts.
    std::vector<const Instrument*> options(InstrumentId underlying, Date expiry) const;

  private:
    std::vector<Instrument> by_id_;
    std::unordered_map<std::string, InstrumentId> by_symbol_;
};

// One name for one thing: "INDIA VIX", "INDIAVIX", "India VIX" are "INDIAVIX"; blanks trimmed, upper case.
std::string canonical_symbol(std::string_view symbol);
// "NIFTY 2024-01-25 21700 CE": the engine's own display symbol of an option; never sent to a broker.
std::string option_symbol(std::string_view underlying, Date expiry, Price strike, OptionRight right);

}  // namespace tide
