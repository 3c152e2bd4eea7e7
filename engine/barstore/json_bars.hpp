#pragma once
#include <filesystem>
#include <string>

#include "barstore/data_set.hpp"

namespace tide {

// The project's own bar file, data/timeframes/<symbol>/<timeframe>.json:
//   {"schema_version": 1, "symbol": "NIFTY", "timeframe": "1m", "checksum": "crc32c:e3069283", "bars": [
//     {"start_ts_utc": "2025-10-15T03:45:00Z", "end_ts_utc": "2025-10-15T03:46:00Z", "o": 23450, "h": 23470, "l":
//     23445,
//      "c": 23465, "v": 12000}, …]}
// "v" and "oi" are left out where there is none; an option has "underlying", "expiry", "strike" and "right".
// "end_ts_utc" is the start plus the timeframe's length (24 hours for 1d, a week for 1w). The checksum is of symbol,
// timeframe, option terms and bars in their canonical text, so that only the content counts, not blanks or the order of
// keys.

std::string json_bars_text(const BarSeriesData& series);
// Written atomically. Errors: io.
Result<void> write_json_bars(const std::filesystem::path& file, const BarSeriesData& series);
// Errors: not_found, io, corrupt (not such a file, unknown schema_version, checksum, a bar that makes no sense, times
// not ascending).
Result<BarSeriesData> read_json_bars(const std::filesystem::path& file);

}  // namespace tide
