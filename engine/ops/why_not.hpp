#pragma once
#include <string>
#include <vector>

#include "ops/store_view.hpp"

namespace tide {

// One thing that stood against a trade.
struct WhyNotReason {
    ReceiveTime time;  // since when, or when
    std::string what;  // phase, halt, quality, script, refusal, skip
    std::string who;   // a strategy, a contract, "feed", or empty
    std::string code;  // stable: a halt's kind, a refusal's code, what is wrong with the data; none of a skip
    std::string text;
};
inline constexpr Duration kWhyNotWindow = minutes(1);

// What stood against a trade in `symbol` from a minute before `moment` to a minute after: the session's phase, halts
// (manual mode is one), quarantined and failing scripts, doubtful data, refused intents, skips. Oldest first.
Result<std::vector<WhyNotReason>> why_not(const LedgerReader& ledger, const StoreViewContext& context,
                                          const std::string& symbol, ReceiveTime moment);

}  // namespace tide
