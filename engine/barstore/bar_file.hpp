#pragma once
#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "barstore/data_files.hpp"
#include "barstore/field_parser.hpp"
#include "barstore/line_reader.hpp"
#include "core/bar.hpp"
#include "core/instrument.hpp"
#include "core/result.hpp"

namespace tide {

struct OptionTerm {
    Date expiry;
    Price strike;
    OptionRight right = OptionRight::none;
};

// What a series of bars or ticks is of.
struct SeriesName {
    std::string symbol;      // canonical; of an option its display symbol (market/instruments.hpp)
    std::string underlying;  // of an option; else empty
    std::optional<OptionTerm> option;
};

// Reads the symbol of a row: the `symbol` column, or option columns (`underlying` may be missing), or the file's name.
class SeriesColumns {
  public:
    SeriesColumns(const CsvHeader& header, std::string file_symbol);
    // Index into names(); -1 when the columns of this row make no sense (problem() says why).
    int index_of(const std::vector<std::string_view>& fields);
    const std::vector<SeriesName>& names() const { return names_; }
    std::string_view problem() const { return problem_; }
    bool many() const { return symbol_ >= 0 || right_ >= 0; }
    bool options() const { return expiry_ >= 0 && strike_ >= 0 && right_ >= 0; }

  private:
    std::optional<SeriesName> make(const std::vector<std::string_view>& fields);
    int symbol_, underlying_, expiry_, strike_, right_;
    std::string file_symbol_;
    std::string key_, last_key_;
    int last_ = -1;
    std::unordered_map<std::string, int> by_key_;
    std::vector<SeriesName> names_;
    std::string_view problem_;
};

// One accepted row of a bar file. Texts are valid until the next row.
struct BarFileRow {
    int64_t line = 0;
    int series = 0;                               // index into series()
    Bar bar;                                      // instrument not set
    std::string_view time_text;                   // as in the file
    std::array<std::string_view, 4> price_texts;  // open, high, low, close
};

enum class RowStatus { row, bad, end };

// Reads one CSV file of bars row by row. A row must have a readable time later than the one before of its symbol,
// positive prices with open and close inside [low, high] (a daily bar's range is widened to hold them, and counted),
// and no negative volume. Rows are not checked against session hours. A date alone is midnight in India.
class BarFileReader {
  public:
    // Errors: not_found, io, corrupt, input (no header, missing columns, no timeframe).
    static Result<BarFileReader> open(const std::filesystem::path& file);

    // After `bad`, problem() says why, problem_kind() what kind of trouble ("price", "time order", …: words for
    // counting) and line_number() where; reading may go on. After `end`, look at status().
    RowStatus next(BarFileRow& row);
    const std::string& problem() const { return problem_; }
    std::string_view problem_kind() const { return problem_kind_; }
    int64_t line_number() const { return lines_.line_number(); }
    Result<void> status() const { return lines_.status(); }

    const std::string& name() const { return lines_.name(); }
    Timeframe timeframe() const { return timeframe_; }
    const std::vector<SeriesName>& series() const { return columns_.names(); }
    bool many_symbols() const { return columns_.many(); }
    const std::string& time_column() const { return time_column_; }
    const std::vector<std::string>& notes() const { return notes_; }
    // Daily bars whose range had to be widened, so far, and the line of the first.
    int64_t widened_days() const { return widened_days_; }
    int64_t first_widened_line() const { return first_widened_line_; }

  private:
    BarFileReader(LineReader lines, const CsvHeader& header, const std::string& symbol, Timeframe timeframe);
    RowStatus refuse(std::string_view kind, std::string problem);
    bool read_prices(BarFileRow& row);
    bool read_counts(Bar& bar);

    LineReader lines_;
    SeriesColumns columns_;
    Timeframe timeframe_;
    std::string time_column_;
    int time_, open_, high_, low_, close_, volume_, oi_;
    size_t needed_ = 0;  // fields a row must have
    TimeColumnParser times_;
    std::vector<std::string_view> fields_;
    std::vector<ExchangeTime> last_;  // by series
    std::vector<std::string> notes_;
    std::string problem_;
    std::string_view problem_kind_;
    int64_t widened_days_ = 0;
    int64_t first_widened_line_ = 0;
};

}  // namespace tide
