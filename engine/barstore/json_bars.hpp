#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "barstore/data_set.hpp"

namespace tide {

// The project's own bar file, data/timeframes/<symbol>/<timeframe>.json:
//   {"schema_version": 1, "symbol": "NIFTY", "timeframe": "1m", "checksum": "crc32c:e3069283", "bars": [
//     {"start_ts_utc": "2025-10-15T03:45:00Z", "end_ts_utc": "2025-10-15T03:46:00Z", "o": 23450, "h": 23470, "l":
//     23445,
//      "c": 23465, "v": 12000}, …]}
// "v" and "oi" are left out where there is none; "filled", "gap" and "partial" are true or left out (core/bar.hpp,
// BarFlag); an option has "underlying", "expiry", "strike" and "right"; bars of the synthetic market have "source":
// "synthetic". "end_ts_utc" is the start plus the timeframe's length (24 hours for 1d, a week for 1w). The checksum is
// of symbol, timeframe, option terms and bars in their canonical text, so that only the content counts, not blanks or
// the order of keys.
//
// Version 0, which is read and becomes version 1 when it is written again: only the array of bars; symbol and timeframe
// come from the file's place.
inline constexpr int kBarSchemaVersion = 1;

std::string json_bars_text(const BarSeriesData& series);
// Written atomically. Errors: io.
Result<void> write_json_bars(const std::filesystem::path& file, const BarSeriesData& series);

struct JsonBarsFile {
    BarSeriesData series;
    int schema_version = kBarSchemaVersion;
};
// What a file without a head is of.
struct SeriesHint {
    std::string symbol;
    std::optional<Timeframe> timeframe;  // none: told by the length of the first bar
};
// `where` names the text in errors. Errors: corrupt (not such a file, checksum, a bar that makes no sense, times not
// ascending); input (a schema_version of a later engine).
Result<JsonBarsFile> parse_json_bars(std::string_view text, const std::string& where, const SeriesHint& hint);
// Reads a file; the hint is "<symbol>/<timeframe>.json" or "<symbol>_<timeframe>….json". Errors: not_found, io, and as
// above.
Result<BarSeriesData> read_json_bars(const std::filesystem::path& file);

}  // namespace tide
