#include "barstore/data_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "barstore/data_files.hpp"
#include "barstore/json_bars.hpp"

namespace tide {
namespace fs = std::filesystem;
namespace {

// Puts the rows of all files together, by symbol and timeframe.
class DataSetBuilder {
  public:
    Result<void> add_csv(const fs::path& file);
    Result<void> add_json(const fs::path& file);
    void note(std::string text) { data_.notes.push_back(std::move(text)); }
    DataSet finish();

  private:
    size_t place(const SeriesName& name, Timeframe timeframe);
    void reject(const std::string& file, int64_t line, std::string reason);
    // Moves `bars` of one file to the series; bars whose time is there already are rejected.
    void merge(BarSeriesData& series, std::vector<Bar>&& bars, const std::string& file);

    DataSet data_;
    std::map<std::pair<std::string, Timeframe>, size_t> places_;
};

size_t DataSetBuilder::place(const SeriesName& name, Timeframe timeframe) {
    const auto [it, made] = places_.try_emplace({name.symbol, timeframe}, data_.series.size());
    if (made) data_.series.push_back({name, timeframe, {}});
    return it->second;
}

void DataSetBuilder::reject(const std::string& file, int64_t line, std::string reason) {
    ++data_.rejected_count;
    if (data_.rejected.size() < DataSet::kRejectedKept) data_.rejected.push_back({file, line, std::move(reason)});
}

void DataSetBuilder::merge(BarSeriesData& series, std::vector<Bar>&& bars, const std::string& file) {
    if (bars.empty()) return;
    data_.accepted_count += static_cast<int64_t>(bars.size());
    if (series.bars.empty()) {
        series.bars = std::move(bars);
        return;
    }
    const bool later = series.bars.back().start < bars.front().start;
    const auto middle = static_cast<ptrdiff_t>(series.bars.size());
    series.bars.insert(series.bars.end(), bars.begin(), bars.end());
    if (later) return;
    const auto by_time = [](const Bar& a, const Bar& b) { return a.start < b.start; };
    std::inplace_merge(series.bars.begin(), series.bars.begin() + middle, series.bars.end(), by_time);
    const auto same_time = [](const Bar& a, const Bar& b) { return a.start == b.start; };
    const auto end = std::unique(series.bars.begin(), series.bars.end(), same_time);
    const auto repeated = static_cast<int64_t>(series.bars.end() - end);
    if (repeated == 0) return;
    series.bars.erase(end, series.bars.end());
    data_.accepted_count -= repeated;
    reject(file, 0,
           fmt::format("{} {} bars of {} are in an earlier file too", repeated, name_of(series.timeframe),
                       series.name.symbol));
    data_.rejected_count += repeated - 1;
}

Result<void> DataSetBuilder::add_csv(const fs::path& file) {
    auto reader = BarFileReader::open(file);
    if (!reader) return reader.error();
    std::vector<std::vector<Bar>> bars;
    BarFileRow row;
    for (RowStatus status = reader->next(row); status != RowStatus::end; status = reader->next(row)) {
        if (status == RowStatus::bad) {
            reject(reader->name(), reader->line_number(), reader->problem());
            continue;
        }
        const auto series = static_cast<size_t>(row.series);
        if (series >= bars.size()) bars.resize(series + 1);
        bars[series].push_back(row.bar);
    }
    if (auto status = reader->status(); !status) return status.error();
    for (size_t i = 0; i < bars.size(); ++i) {
        merge(data_.series[place(reader->series()[i], reader->timeframe())], std::move(bars[i]), reader->name());
    }
    for (const auto& text : reader->notes()) note(text);
    if (reader->widened_days() > 0) {
        note(fmt::format(
            "{}: {} daily bars with open or close outside [low, high], the first at line {}: the range was widened",
            reader->name(), reader->widened_days(), reader->first_widened_line()));
    }
    data_.files.push_back(reader->name());
    return {};
}

Result<void> DataSetBuilder::add_json(const fs::path& file) {
    auto read = read_json_bars(file);
    if (!read) return read.error();
    BarSeriesData& series = data_.series[place(read->name, read->timeframe)];
    series.synthetic = series.synthetic || read->synthetic;
    merge(series, std::move(read->bars), file.string());
    data_.files.push_back(file.string());
    return {};
}

DataSet DataSetBuilder::finish() {
    // A name that only bad rows had.
    std::erase_if(data_.series, [](const BarSeriesData& series) { return series.bars.empty(); });
    for (auto& series : data_.series) {
        const bool all_zero = std::all_of(series.bars.begin(), series.bars.end(),
                                          [](const Bar& bar) { return bar.has_volume() && bar.volume == 0; });
        if (!all_zero) continue;
        for (Bar& bar : series.bars) bar.flags &= static_cast<uint16_t>(~kBarHasVolume);
        note(fmt::format("{} {}: the volume is 0 throughout, taken as missing", series.name.symbol,
                         name_of(series.timeframe)));
    }
    std::sort(data_.series.begin(), data_.series.end(), [](const BarSeriesData& a, const BarSeriesData& b) {
        return a.name.symbol != b.name.symbol ? a.name.symbol < b.name.symbol : a.timeframe < b.timeframe;
    });
    return std::move(data_);
}

}  // namespace

const BarSeriesData* DataSet::find(std::string_view symbol, Timeframe timeframe) const {
    const auto it = std::find_if(series.begin(), series.end(), [&](const BarSeriesData& one) {
        return one.name.symbol == symbol && one.timeframe == timeframe;
    });
    return it == series.end() ? nullptr : &*it;
}

Error rejected_error(const DataSet& data) {
    const RejectedRow& first = data.rejected.front();
    const std::string where = first.line > 0 ? fmt::format("{}:{}", first.file, first.line) : first.file;
    return make_error(ErrorCode::input,
                      fmt::format("{} of {} rows are bad, the first at {}: {}; mend the file, or skip bad "
                                  "rows with --lenient",
                                  data.rejected_count, data.rejected_count + data.accepted_count, where, first.reason));
}

Result<DataSet> read_bars(const std::vector<fs::path>& paths, const ReadOptions& options) {
    DataSetBuilder builder;
    for (const auto& path : paths) {
        std::error_code error;
        const bool folder = fs::is_directory(path, error);
        const auto files = list_data_files({path});
        if (!files) return files.error();
        for (const auto& file : *files) {
            const auto kind = classify_data_file(file);
            if (!kind) return kind.error();
            const bool bars = *kind == DataFileKind::bars || *kind == DataFileKind::json_bars;
            if (!bars && folder) {
                builder.note(fmt::format("{}: passed over, not a file of bars", file.string()));
                continue;
            }
            auto added = is_json_name(file) ? builder.add_json(file) : builder.add_csv(file);
            if (!added) return added.error();
        }
    }
    DataSet data = builder.finish();
    if (!options.lenient && data.rejected_count > 0) return rejected_error(data);
    return data;
}

}  // namespace tide
