#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "ledger/ledger_reader.hpp"

// Views of a session's past, read from the store.
namespace tide {

// A script's run of skips that goes on, and so is not in the store yet.
struct RunningSkip {
    std::string strategy, symbol, why;
    ReceiveTime first, last;
    int64_t count = 0;
};
// What is known of the session beside its store.
struct StoreViewContext {
    std::string session_id;
    ReceiveTime now;
    std::vector<RunningSkip> running_skips;
    // Symbols that active scripts declared, each once.
    std::vector<std::string> followed;
};

inline constexpr size_t kStoreViewRowsMax = 2000;

bool is_store_view(std::string_view view);  // trades, skips, why, why_not
// A JSON document with schema_version. `argument` as of a control view: trades n=; skips symbol=, from=, to=; why
// subject= (order:11, trade:3, position:2, intent:7); why_not symbol=, at=. Times are "11:05" on the day of `now`, or
// with a date. Errors: usage, not_found, and those of the reader.
Result<std::string> store_view(const LedgerReader& ledger, const StoreViewContext& context, std::string_view view,
                               std::string_view argument);

}  // namespace tide
