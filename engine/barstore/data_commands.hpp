#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/events.hpp"
#include "core/result.hpp"
#include "market/bar_aggregator.hpp"

// What `engine indicators`, `engine data aggregate` and `engine data resample` do, without the command line around it.
namespace tide {

// A command's answer: CSV for stdout, remarks for a person (stderr).
struct DataCommandOutput {
    std::string csv;
    std::vector<std::string> notes;
};

// The sessions of a date, in order; none when it is not a trading day.
using SessionsOfDate = std::function<std::vector<SessionHours>(Date)>;

// The engine's indicators over one bar file: its time column as it is, then a column for each output ("adx_14",
// "plus_di_14", …), empty until it is ready. A file of many symbols has the column `symbol` after the time, and each
// symbol its own indicators. `set`: "adx:14,rsi:14,supertrend:10:3". Errors: usage (set), not_found, io, corrupt, input
// (not a bar file; bad rows unless lenient).
Result<DataCommandOutput> indicators_csv(const std::filesystem::path& file, std::string_view set, bool lenient);

// Ticks (a file or a folder) to bars of 1m or longer inside the day: ts_ist,open,high,low,close,volume,oi by the
// engine's builder, longer ones made of the 1m bars; or to tick, volume and range bars ("500t", "10000v", "20r": steps
// of 5 paise). Several symbols: a leading column `symbol`. Errors: usage (`to`), and as above.
Result<DataCommandOutput> aggregate_ticks_csv(const std::vector<std::filesystem::path>& paths, std::string_view to,
                                              const SessionsOfDate& sessions, bool lenient);

struct ResampleOptions {
    Timeframe to = Timeframe::m5;
    bool lenient = false;
    // How missing minutes are treated; none: underlying for everything but options, option for those.
    std::optional<GapPolicy> gaps;
};
// Bars (a file or a folder) to longer ones, by the engine's aggregator; each date's bars on that date's sessions.
// Errors: usage (no whole multiple of the bars' timeframe), and as above.
Result<DataCommandOutput> resample_bars_csv(const std::vector<std::filesystem::path>& paths,
                                            const ResampleOptions& options, const SessionsOfDate& sessions);

}  // namespace tide
