#pragma once
#include <string>
#include <vector>

#include "core/result.hpp"
#include "market/calendar.hpp"
#include "market/contract_master.hpp"
#include "market/contract_rules.hpp"

namespace tide {

// One thing that a contract master and the dated rules say differently. An empty side says nothing there.
struct MasterDifference {
    std::string underlying;
    InstrumentKind kind = InstrumentKind::option;
    Date expiry{};
    std::string what;  // "lot", "tick", "freeze", "expiry", "status"
    std::string master;
    std::string rules;
};

// Compares what trades on `on`, for underlyings that the rules know and the master lists: expiries up to the last
// weekly (or, without weeklies, the last serial monthly) that the rules give; lot, tick and freeze quantity of each
// expiry that both have; contracts that the master calls suspended. By underlying, kind, expiry. Errors: config, from
// the calendar.
Result<std::vector<MasterDifference>> compare_with_rules(const ContractMaster& master, const ContractRules& rules,
                                                         const TradingCalendar& calendar, Date on);

}  // namespace tide
