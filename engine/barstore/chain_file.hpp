#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"
#include "market/option_chain.hpp"

namespace tide {

// One expiry of a recorded chain at one moment: the last row of each contract up to then, by strike, calls before puts.
// Volume and open interest are in the file's own unit, lots or contracts. First values are the day's first in the file.
struct RecordedExpiry {
    Date expiry;
    std::vector<ChainQuote> quotes;
};
struct RecordedChain {
    std::string underlying;
    ReceiveTime at;  // asked for, or the file's last row
    bool in_lots = false;
    int64_t bad_rows = 0;
    std::vector<RecordedExpiry> expiries;  // not yet expired, ascending
};

// Reads a file of ticks with option columns (barstore/tick_file.hpp) up to `at`; without it, to its end. Only rows of
// that day (India) count. Errors: those of the reader; input when there are bad rows and not `lenient` (the first one
// is named), or no option row of that day up to then.
Result<RecordedChain> read_chain(const std::filesystem::path& file, std::optional<ReceiveTime> at, bool lenient);

}  // namespace tide
