#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "barstore/bar_file.hpp"
#include "core/bar.hpp"
#include "core/result.hpp"

namespace tide {

// All bars of one symbol (or option contract) at one timeframe, ascending. The bars' instrument is not set.
struct BarSeriesData {
    SeriesName name;
    Timeframe timeframe = Timeframe::m1;
    std::vector<Bar> bars;
    bool synthetic = false;  // of the synthetic market: never mixed with recorded bars in a store
};

struct RejectedRow {
    std::string file;
    int64_t line = 0;  // 0: the reason concerns the file
    std::string reason;
};

struct DataSet {
    static constexpr size_t kRejectedKept = 10;
    std::vector<BarSeriesData> series;  // by symbol, then timeframe
    std::vector<std::string> files;     // read, in order
    std::vector<std::string> notes;     // for a person: columns ignored, files passed over, …
    std::vector<RejectedRow> rejected;  // the first ten
    int64_t rejected_count = 0;
    int64_t accepted_count = 0;

    const BarSeriesData* find(std::string_view symbol, Timeframe timeframe) const;
};

struct ReadOptions {
    bool lenient = false;  // keep the good rows where there are bad ones
};

// Reads bar files and folders of them (CSV, gzip, the project's own JSON) into one set; of a folder, files of another
// kind are passed over with a note. A series in several files is put together; a time in two of them is a bad row of
// the later file. A volume that is 0 in every row of a series is taken as missing. Errors: not_found, io, corrupt,
// input (a file that is not of bars; bad rows unless lenient, see rejected_error).
Result<DataSet> read_bars(const std::vector<std::filesystem::path>& paths, const ReadOptions& options = {});

// One line: how many bad rows, the first one with file, line and reason, and what to do. `data.rejected` has the
// details.
Error rejected_error(const DataSet& data);

}  // namespace tide
