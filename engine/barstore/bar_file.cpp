#include "barstore/bar_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "market/instruments.hpp"

namespace tide {
namespace {

constexpr int64_t kRowsToGuessFrom = 2000;

std::string_view field(const std::vector<std::string_view>& fields, int column) {
    return column >= 0 && static_cast<size_t>(column) < fields.size() ? fields[static_cast<size_t>(column)]
                                                                      : std::string_view();
}

std::optional<Timeframe> timeframe_of_spacing(Duration spacing) {
    for (const Timeframe timeframe :
         {Timeframe::s1, Timeframe::m1, Timeframe::m3, Timeframe::m5, Timeframe::m15, Timeframe::m30, Timeframe::h1}) {
        if (*length_of(timeframe) == spacing) return timeframe;
    }
    if (spacing == hours(24)) return Timeframe::d1;
    return spacing == hours(24 * 7) ? std::optional(Timeframe::w1) : std::nullopt;
}

// The smallest distance between two neighbouring times of the file's first symbol.
std::optional<Timeframe> guess_timeframe(const std::filesystem::path& file, const std::string& symbol) {
    auto lines = LineReader::open(file);
    std::string_view line;
    if (!lines || !lines->next(line)) return std::nullopt;
    const CsvHeader header(line);
    const int time_column = header.time_column();
    SeriesColumns columns(header, symbol);
    TimeColumnParser times;
    std::vector<std::string_view> fields;
    std::optional<ExchangeTime> last;
    Duration smallest = Duration::max();
    for (int64_t i = 0; i < kRowsToGuessFrom && lines->next(line); ++i) {
        split_csv(line, fields);
        const auto time = times.parse(field(fields, time_column));
        if (!time || columns.index_of(fields) != 0) continue;
        if (last && *time > *last) smallest = std::min<Duration>(smallest, *time - *last);
        last = time;
    }
    return timeframe_of_spacing(smallest);
}

}  // namespace

SeriesColumns::SeriesColumns(const CsvHeader& header, std::string file_symbol)
    : symbol_(header.find({"symbol"})),
      underlying_(header.find({"underlying"})),
      expiry_(header.find({"expiry"})),
      strike_(header.find({"strike"})),
      right_(header.find({"right", "option_type"})),
      file_symbol_(std::move(file_symbol)) {}

std::optional<SeriesName> SeriesColumns::make(const std::vector<std::string_view>& fields) {
    if (right_ < 0) {
        SeriesName name{symbol_ >= 0 ? canonical_symbol(field(fields, symbol_)) : file_symbol_, {}, {}};
        problem_ = "no symbol";
        return name.symbol.empty() ? std::nullopt : std::optional(std::move(name));
    }
    const auto right = parse_option_right(field(fields, right_));
    problem_ = "right is not CE or PE";
    if (!right) return std::nullopt;
    std::string underlying = underlying_ >= 0 ? canonical_symbol(field(fields, underlying_)) : file_symbol_;
    // Calls and puts without a contract (a rolling at-the-money series): two series that nothing can trade.
    if (!options()) return SeriesName{file_symbol_ + "_" + std::string(name_of(*right)), {}, {}};
    const auto expiry = parse_date(field(fields, expiry_));
    problem_ = "expiry is not a date YYYY-MM-DD";
    if (!expiry) return std::nullopt;
    const auto strike = parse_file_price(field(fields, strike_));
    problem_ = "strike is not a positive number";
    if (!strike || !strike->positive()) return std::nullopt;
    problem_ = "no underlying";
    if (underlying.empty()) return std::nullopt;
    std::string symbol = option_symbol(underlying, *expiry, *strike, *right);
    return SeriesName{std::move(symbol), std::move(underlying), OptionTerm{*expiry, *strike, *right}};
}

int SeriesColumns::index_of(const std::vector<std::string_view>& fields) {
    key_.clear();
    for (const int column : {symbol_, underlying_, expiry_, strike_, right_}) {
        if (column < 0) continue;
        key_ += field(fields, column);
        key_ += '|';
    }
    if (last_ >= 0 && key_ == last_key_) return last_;
    const auto it = by_key_.find(key_);
    if (it != by_key_.end()) {
        last_ = it->second;
    } else {
        auto name = make(fields);
        if (!name) return -1;
        // Two spellings of one symbol ("INDIA VIX", "INDIAVIX") are one series.
        const auto known = std::find_if(names_.begin(), names_.end(),
                                        [&](const SeriesName& other) { return other.symbol == name->symbol; });
        last_ = static_cast<int>(known - names_.begin());
        if (known == names_.end()) names_.push_back(std::move(*name));
        by_key_.emplace(key_, last_);
    }
    last_key_ = key_;
    return last_;
}

Result<BarFileReader> BarFileReader::open(const std::filesystem::path& file) {
    auto lines = LineReader::open(file);
    if (!lines) return lines.error();
    std::string_view line;
    if (!lines->next(line)) {
        if (auto status = lines->status(); !status) return status.error();
        return make_error(ErrorCode::input, fmt::format("{}: the file is empty", file.string()));
    }
    const CsvHeader header(line);
    if (header.time_column() < 0 || !header.has_ohlc()) {
        return make_error(
            ErrorCode::input,
            fmt::format("{}:1: not a bar file: the header must name ts_ist (or date, timestamp), open, high, "
                        "low and close",
                        file.string()));
    }
    const DataFileName name = parse_data_file_name(file);
    auto timeframe = name.timeframe;
    bool guessed = false;
    if (!timeframe && header.columns()[static_cast<size_t>(header.time_column())] == "date") timeframe = Timeframe::d1;
    if (!timeframe) {
        timeframe = guess_timeframe(file, name.symbol);
        guessed = true;
    }
    if (!timeframe) {
        return make_error(ErrorCode::input,
                          fmt::format("{}: no timeframe in the name and none to be told from the times; name it "
                                      "<SYMBOL>_<1m|5m|15m|1h|1d>.csv",
                                      file.string()));
    }
    BarFileReader reader(std::move(*lines), header, name.symbol, *timeframe);
    if (guessed)
        reader.notes_.push_back(
            fmt::format("{}: taken as {} bars, from their spacing", file.string(), name_of(*timeframe)));
    return reader;
}

BarFileReader::BarFileReader(LineReader lines, const CsvHeader& header, const std::string& symbol, Timeframe timeframe)
    : lines_(std::move(lines)),
      columns_(header, symbol),
      timeframe_(timeframe),
      time_(header.time_column()),
      open_(header.find({"open"})),
      high_(header.find({"high"})),
      low_(header.find({"low"})),
      close_(header.find({"close"})),
      volume_(header.find({"volume", "trd_qty"})),
      oi_(header.find({"oi"})) {
    time_column_ = header.columns()[static_cast<size_t>(time_)];
    needed_ = static_cast<size_t>(std::max({time_, open_, high_, low_, close_})) + 1;
    std::string ignored;
    for (size_t i = 0; i < header.columns().size(); ++i) {
        const int column = static_cast<int>(i);
        const bool used = column == time_ || column == open_ || column == high_ || column == low_ || column == close_ ||
                          column == volume_ || column == oi_;
        const std::string& name = header.columns()[i];
        const bool names_series = name == "symbol" || name == "underlying" || name == "expiry" || name == "strike" ||
                                  name == "right" || name == "option_type";
        if (!used && !names_series) ignored += (ignored.empty() ? "" : ", ") + name;
    }
    if (!ignored.empty()) notes_.push_back(fmt::format("{}: columns ignored: {}", lines_.name(), ignored));
    if (columns_.many() && !columns_.options() && header.find({"right", "option_type"}) >= 0) {
        notes_.push_back(fmt::format("{}: options without expiry and strike, read as plain series", lines_.name()));
    }
}

RowStatus BarFileReader::refuse(std::string_view kind, std::string problem) {
    problem_kind_ = kind;
    problem_ = std::move(problem);
    return RowStatus::bad;
}

bool BarFileReader::read_prices(BarFileRow& row) {
    const int columns[] = {open_, high_, low_, close_};
    constexpr std::string_view kNames[] = {"open", "high", "low", "close"};
    Price* const prices[] = {&row.bar.open, &row.bar.high, &row.bar.low, &row.bar.close};
    for (size_t i = 0; i < 4; ++i) {
        row.price_texts[i] = field(fields_, columns[i]);
        const auto price = parse_file_price(row.price_texts[i]);
        if (!price || !price->positive()) {
            problem_kind_ = "price";
            problem_ = fmt::format("{} '{}' is not a positive price", kNames[i], row.price_texts[i].substr(0, 30));
            return false;
        }
        *prices[i] = *price;
    }
    if (row.bar.consistent()) return true;
    // A day's official open and close come from auctions and averages, and may lie outside the range that was traded.
    if (timeframe_ == Timeframe::d1 && row.bar.low <= row.bar.high) {
        row.bar.low = std::min({row.bar.low, row.bar.open, row.bar.close});
        row.bar.high = std::max({row.bar.high, row.bar.open, row.bar.close});
        if (widened_days_++ == 0) first_widened_line_ = lines_.line_number();
        return true;
    }
    const bool open_outside = row.bar.open < row.bar.low || row.bar.open > row.bar.high;
    problem_kind_ = row.bar.low > row.bar.high ? "low above high" : "open or close outside [low, high]";
    problem_ = row.bar.low > row.bar.high
                   ? fmt::format("low {} is above high {}", row.price_texts[2], row.price_texts[1])
                   : fmt::format("{} {} is outside [{}, {}]", open_outside ? "open" : "close",
                                 row.price_texts[open_outside ? 0 : 3], row.price_texts[2], row.price_texts[1]);
    return false;
}

bool BarFileReader::read_counts(Bar& bar) {
    const auto read = [&](int column, std::string_view name, uint16_t flag, int64_t& value) {
        const std::string_view text = field(fields_, column);
        if (text.empty()) return true;
        const auto count = parse_file_count(text);
        if (!count || *count < 0) {
            problem_kind_ = "volume or oi";
            problem_ = fmt::format("{} '{}' is not a whole number of at least 0", name, text.substr(0, 30));
            return false;
        }
        value = *count;
        bar.flags |= flag;
        return true;
    };
    return read(volume_, "volume", kBarHasVolume, bar.volume) && read(oi_, "oi", kBarHasOi, bar.oi);
}

RowStatus BarFileReader::next(BarFileRow& row) {
    std::string_view line;
    do {
        if (!lines_.next(line)) return RowStatus::end;
    } while (trim_field(line).empty());
    split_csv(line, fields_);
    if (fields_.size() < needed_)
        return refuse("fields", fmt::format("{} fields, at least {} needed", fields_.size(), needed_));
    row.line = lines_.line_number();
    row.time_text = field(fields_, time_);
    row.bar = Bar{};
    row.bar.timeframe = timeframe_;
    const auto time = times_.parse(row.time_text);
    if (!time) return refuse("time", fmt::format("time '{}' is not readable", row.time_text.substr(0, 40)));
    row.bar.start = *time;
    row.series = columns_.index_of(fields_);
    if (row.series < 0) return refuse("symbol", std::string(columns_.problem()));
    if (!read_prices(row) || !read_counts(row.bar)) return RowStatus::bad;
    const auto series = static_cast<size_t>(row.series);
    if (series >= last_.size()) last_.resize(series + 1, ExchangeTime::min());
    if (*time <= last_[series]) {
        return refuse("time order",
                      fmt::format("time {} {}", row.time_text, *time == last_[series] ? "repeats" : "goes back"));
    }
    last_[series] = *time;
    return RowStatus::row;
}

}  // namespace tide
