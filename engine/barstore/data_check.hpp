#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "barstore/data_files.hpp"
#include "barstore/data_set.hpp"
#include "core/events.hpp"

// What is wrong with data files, row by row, and what is missing from series.
namespace tide {

struct CheckedFile {
    std::string file;
    DataFileKind kind = DataFileKind::other;
    int64_t rows = 0;                         // good ones
    int64_t bad = 0;                          // bad ones; 1 where the file as a whole cannot be used
    std::map<std::string, int64_t> by_kind;   // of trouble: how many rows
    std::vector<RejectedRow> rejected;        // the first of them
    std::vector<std::string> symbols;         // in order of appearance
    std::vector<std::string> notes;           // no trouble, but worth knowing
    std::optional<ExchangeTime> first, last;  // times of good rows
};

// Told how far a piece of work has come, from 0 to 1.
using ProgressReport = std::function<void(double share)>;

struct DataCheckOptions {
    size_t rejected_kept = 10;  // of each file
    ProgressReport progress;
};
// Reads every file whole, as an import would, and reports bad rows instead of stopping. A bar that an earlier file of
// the call has already is a bad row of the later one. Of a folder, files that are neither bars nor ticks are left out
// with a note. Errors: not_found and io of the paths themselves.
Result<std::vector<CheckedFile>> check_data_files(const std::vector<std::filesystem::path>& paths,
                                                  const DataCheckOptions& options);

struct SessionsOnDate {
    bool known = false;                  // the calendar has a table for the year
    std::vector<SessionHours> sessions;  // of the calendar, or the usual hours when it is not known
};
using CalendarLookup = std::function<SessionsOnDate(Date)>;

// A stretch without bars inside a session: [from, to).
struct MissingStretch {
    ExchangeTime from, to;
    int64_t bars = 0;
};
struct SeriesGaps {
    std::string symbol;
    Timeframe timeframe = Timeframe::m1;
    ExchangeTime first, last;  // starts
    int64_t bars = 0;
    int64_t expected = 0;                   // on the days of [first, last] by the calendar
    int64_t outside = 0;                    // bars outside every session, or off its grid
    std::vector<Date> missing_days;         // sessions without any bar
    std::vector<MissingStretch> stretches;  // on days that have bars
    int64_t missing_bars = 0;               // in `stretches`
    int64_t unknown_days = 0;  // days with bars for which the calendar has no table: their usual hours are taken
};
// Days for which the calendar has no table are looked at only where there are bars. A weekly series is never missed.
SeriesGaps find_gaps(const BarSeriesData& series, const CalendarLookup& calendar);

}  // namespace tide
