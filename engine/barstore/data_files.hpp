#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bar.hpp"
#include "core/result.hpp"

namespace tide {

// What a file's name says: "<SYMBOL>_<timeframe>[_anything].csv[.gz]".
struct DataFileName {
    std::string symbol;                  // canonical; the words before the timeframe, without _spot, _chain, _options
    std::optional<Timeframe> timeframe;  // none where the name has no such word
};
DataFileName parse_data_file_name(const std::filesystem::path& file);

enum class DataFileKind {
    bars,       // CSV with open, high, low, close
    ticks,      // CSV with ltp, or NDJSON of raw_tick
    json_bars,  // the project's own (has a schema_version)
    other,
};
bool is_json_name(const std::filesystem::path& file);
// By its name and its header. Errors: those of opening and reading.
Result<DataFileKind> classify_data_file(const std::filesystem::path& file);

// Files as given; of a folder its .csv, .json, .ndjson and .jsonl files (also with .gz), sorted by name, without its
// sub-folders. Errors: not_found.
Result<std::vector<std::filesystem::path>> list_data_files(const std::vector<std::filesystem::path>& paths);

// A CSV header: column names in lower case, by position.
class CsvHeader {
  public:
    explicit CsvHeader(std::string_view line);
    // Position of the first of `names` that there is, or -1.
    int find(std::initializer_list<std::string_view> names) const;
    const std::vector<std::string>& columns() const { return columns_; }
    bool has_ohlc() const;
    // Column with the time of a row: ts_ist, timestamp, datetime, date; -1 where there is none.
    int time_column() const;

  private:
    std::vector<std::string> columns_;
};

}  // namespace tide
