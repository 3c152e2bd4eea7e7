#include "barstore/data_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>

#include "barstore/json_bars.hpp"
#include "barstore/price_text.hpp"
#include "barstore/tick_file.hpp"

namespace tide {
namespace fs = std::filesystem;
namespace {

class FileChecker {
  public:
    FileChecker(const DataCheckOptions& options, size_t files) : options_(options), files_(files) {}
    CheckedFile check(const fs::path& file, DataFileKind kind);

  private:
    void refuse(CheckedFile& checked, int64_t line, std::string_view kind, std::string reason) const;
    void refuse(CheckedFile& checked, const Error& error) const;
    void accept(CheckedFile& checked, const SeriesName& name, Timeframe timeframe, const Bar& bar, int64_t line);
    template <class Reader>
    void finish(CheckedFile& checked, const Reader& reader);
    void check_bars(CheckedFile& checked);
    void check_ticks(CheckedFile& checked);
    void check_json(CheckedFile& checked);

    const DataCheckOptions& options_;
    size_t files_;
    size_t done_ = 0;
    // Times that earlier files of the call have.
    std::map<std::pair<std::string, Timeframe>, std::set<ExchangeTime>> seen_;
};

void FileChecker::refuse(CheckedFile& checked, int64_t line, std::string_view kind, std::string reason) const {
    ++checked.bad;
    ++checked.by_kind[std::string(kind)];
    if (checked.rejected.size() < options_.rejected_kept)
        checked.rejected.push_back({checked.file, line, std::move(reason)});
}

void FileChecker::refuse(CheckedFile& checked, const Error& error) const {
    // The message begins with the file's name, which the report says already.
    std::string reason = error.message;
    if (reason.starts_with(checked.file + ": ")) reason.erase(0, checked.file.size() + 2);
    refuse(checked, 0, error.code == ErrorCode::io ? "unreadable" : "damaged file", std::move(reason));
}

void note_time(CheckedFile& checked, ExchangeTime time) {
    checked.first = std::min(checked.first.value_or(time), time);
    checked.last = std::max(checked.last.value_or(time), time);
}

void FileChecker::accept(CheckedFile& checked, const SeriesName& name, Timeframe timeframe, const Bar& bar,
                         int64_t line) {
    if (!seen_[{name.symbol, timeframe}].insert(bar.start).second) {
        return refuse(checked, line, "in an earlier file too",
                      fmt::format("{} {} is in an earlier file too", name.symbol, ist_text(bar.start)));
    }
    ++checked.rows;
    note_time(checked, bar.start);
}

template <class Reader>
void FileChecker::finish(CheckedFile& checked, const Reader& reader) {
    if (auto status = reader.status(); !status) refuse(checked, status.error());
    for (const SeriesName& name : reader.series()) checked.symbols.push_back(name.symbol);
}

void FileChecker::check_bars(CheckedFile& checked) {
    auto reader = BarFileReader::open(checked.file);
    if (!reader) return refuse(checked, reader.error());
    BarFileRow row;
    for (RowStatus status = reader->next(row); status != RowStatus::end; status = reader->next(row)) {
        if (status == RowStatus::bad) {
            refuse(checked, reader->line_number(), reader->problem_kind(), reader->problem());
        } else {
            accept(checked, reader->series()[static_cast<size_t>(row.series)], reader->timeframe(), row.bar, row.line);
        }
    }
    finish(checked, *reader);
    checked.notes = reader->notes();
    if (reader->widened_days() > 0) {
        checked.notes.push_back(
            fmt::format("{}: {} daily bars with open or close outside [low, high], the first at line {}: widened when "
                        "they are read",
                        checked.file, reader->widened_days(), reader->first_widened_line()));
    }
}

void FileChecker::check_ticks(CheckedFile& checked) {
    auto reader = TickFileReader::open(checked.file);
    if (!reader) return refuse(checked, reader.error());
    TickFileRow row;
    for (RowStatus status = reader->next(row); status != RowStatus::end; status = reader->next(row)) {
        if (status == RowStatus::bad) {
            refuse(checked, reader->line_number(), reader->problem_kind(), reader->problem());
            continue;
        }
        ++checked.rows;
        note_time(checked, as_exchange_time(row.received));
    }
    finish(checked, *reader);
}

void FileChecker::check_json(CheckedFile& checked) {
    const auto series = read_json_bars(checked.file);
    if (!series) return refuse(checked, series.error());
    int64_t number = 0;
    for (const Bar& bar : series->bars) accept(checked, series->name, series->timeframe, bar, ++number);
    checked.symbols.push_back(series->name.symbol);
}

CheckedFile FileChecker::check(const fs::path& file, DataFileKind kind) {
    CheckedFile checked;
    checked.file = file.string();
    checked.kind = kind;
    if (kind == DataFileKind::ticks) {
        check_ticks(checked);
    } else if (kind == DataFileKind::json_bars) {
        check_json(checked);
    } else {
        check_bars(checked);
    }
    ++done_;
    if (options_.progress) options_.progress(static_cast<double>(done_) / static_cast<double>(files_));
    return checked;
}

// Bars of one day in a series.
std::span<const Bar> bars_of(const BarSeriesData& series, Date date, size_t& next) {
    const size_t begin = next;
    while (next < series.bars.size() && ist_date(series.bars[next].start) <= date) ++next;
    return std::span(series.bars).subspan(begin, next - begin);
}

// Counts a day's bars against its sessions.
void compare_day(SeriesGaps& gaps, Date date, const std::vector<SessionHours>& sessions, std::span<const Bar> bars,
                 Duration length) {
    size_t next = 0;
    int64_t matched = 0;
    std::vector<MissingStretch> stretches;
    for (const SessionHours& session : sessions) {
        const auto close = ist_moment<ExchangeTime>(date, session.close);
        bool goes_on = false;  // the last stretch ends here, inside this session
        for (auto start = ist_moment<ExchangeTime>(date, session.open); start < close; start += length) {
            ++gaps.expected;
            while (next < bars.size() && bars[next].start < start) ++next;
            if (next < bars.size() && bars[next].start == start) {
                ++matched;
                ++next;
                goes_on = false;
                continue;
            }
            if (!goes_on) stretches.push_back({start, start, 0});
            goes_on = true;
            stretches.back().to = std::min(start + length, close);
            ++stretches.back().bars;
        }
    }
    gaps.outside += static_cast<int64_t>(bars.size()) - matched;
    if (bars.empty()) {
        gaps.missing_days.push_back(date);
        return;
    }
    for (const MissingStretch& stretch : stretches) gaps.missing_bars += stretch.bars;
    gaps.stretches.insert(gaps.stretches.end(), stretches.begin(), stretches.end());
}

}  // namespace

Result<std::vector<CheckedFile>> check_data_files(const std::vector<fs::path>& paths, const DataCheckOptions& options) {
    const auto files = list_data_files(paths);
    if (!files) return files.error();
    FileChecker checker(options, files->size());
    std::vector<CheckedFile> checked;
    for (const auto& file : *files) {
        const auto kind = classify_data_file(file);
        const bool of_folder = std::find(paths.begin(), paths.end(), file) == paths.end();
        if (!kind && kind.error().code == ErrorCode::not_found) return kind.error();
        if (kind && *kind == DataFileKind::other && of_folder) {
            CheckedFile passed;
            passed.file = file.string();
            passed.notes.push_back(fmt::format("{}: passed over, neither bars nor ticks", file.string()));
            checked.push_back(std::move(passed));
            continue;
        }
        checked.push_back(checker.check(file, kind ? *kind : DataFileKind::other));
    }
    return checked;
}

SeriesGaps find_gaps(const BarSeriesData& series, const CalendarLookup& calendar) {
    SeriesGaps gaps;
    gaps.symbol = series.name.symbol;
    gaps.timeframe = series.timeframe;
    gaps.bars = static_cast<int64_t>(series.bars.size());
    if (series.bars.empty()) return gaps;
    gaps.first = series.bars.front().start;
    gaps.last = series.bars.back().start;
    if (series.timeframe == Timeframe::w1) {
        gaps.expected = gaps.bars;
        return gaps;
    }
    const auto length = length_of(series.timeframe);
    size_t next = 0;
    for (Date date = ist_date(gaps.first); date <= ist_date(gaps.last); date += std::chrono::days(1)) {
        const auto bars = bars_of(series, date, next);
        const SessionsOnDate day = calendar(date);
        if (!day.known && bars.empty()) continue;
        if (!day.known) ++gaps.unknown_days;
        if (length) {
            if (!day.sessions.empty() || !bars.empty()) compare_day(gaps, date, day.sessions, bars, *length);
            continue;
        }
        if (day.sessions.empty()) {
            gaps.outside += static_cast<int64_t>(bars.size());
            continue;
        }
        ++gaps.expected;
        if (bars.empty()) gaps.missing_days.push_back(date);
    }
    return gaps;
}

}  // namespace tide
