#include "barstore/bar_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "barstore/atomic_file.hpp"
#include "barstore/price_text.hpp"
#include "barstore/series_folder.hpp"

namespace tide {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kDaily = "daily";
constexpr std::string_view kAside = ".corrupt-";

std::string file_name_of(Timeframe timeframe) {
    return std::string(timeframe == Timeframe::d1 ? kDaily : name_of(timeframe)) + ".json";
}

// The timeframe that "<timeframe>.json" names in the store's own spelling.
std::optional<Timeframe> timeframe_of_file(std::string_view name) {
    if (!name.ends_with(".json")) return std::nullopt;
    const auto timeframe = parse_timeframe(name.substr(0, name.size() - 5));
    return timeframe && file_name_of(*timeframe) == name ? timeframe : std::nullopt;
}

Bar at_its_place(Bar bar) {
    bar.flags &= static_cast<uint16_t>(~kBarHistory);
    bar.instrument = InstrumentId();
    bar.start = stored_start(bar);
    return bar;
}

// The stored bar with what only the incoming one knows.
Bar completed(Bar stored, const Bar& incoming) {
    if (!stored.has_volume() && incoming.has_volume()) {
        stored.volume = incoming.volume;
        stored.flags |= kBarHasVolume;
    }
    if (!stored.has_oi() && incoming.has_oi()) {
        stored.oi = incoming.oi;
        stored.flags |= kBarHasOi;
    }
    return stored;
}

// Two ascending series into one.
class Merging {
  public:
    Merging(OnConflict on_conflict, MergeReport& report) : on_conflict_(on_conflict), report_(report) {}
    BarSeriesData merge(BarSeriesData stored, const BarSeriesData& incoming);

  private:
    Bar settle(const std::string& symbol, const Bar& stored, const Bar& incoming, SeriesMerge& counts);
    OnConflict on_conflict_;
    MergeReport& report_;
};

Bar Merging::settle(const std::string& symbol, const Bar& stored, const Bar& incoming, SeriesMerge& counts) {
    if (agree(stored, incoming)) {
        ++counts.same;
        return completed(stored, incoming);
    }
    ++counts.conflicts;
    if (report_.conflicts.size() < MergeReport::kConflictsKept) report_.conflicts.push_back({symbol, stored, incoming});
    return on_conflict_ == OnConflict::replace ? incoming : stored;
}

BarSeriesData Merging::merge(BarSeriesData stored, const BarSeriesData& incoming) {
    SeriesMerge counts{incoming.name.symbol, incoming.timeframe, 0, 0, 0};
    std::vector<Bar> all;
    all.reserve(stored.bars.size() + incoming.bars.size());
    size_t next = 0;
    for (const Bar& given : incoming.bars) {
        const Bar bar = at_its_place(given);
        while (next < stored.bars.size() && stored.bars[next].start < bar.start) all.push_back(stored.bars[next++]);
        if (next < stored.bars.size() && stored.bars[next].start == bar.start) {
            all.push_back(settle(incoming.name.symbol, stored.bars[next++], bar, counts));
        } else {
            all.push_back(bar);
            ++counts.added;
        }
    }
    all.insert(all.end(), stored.bars.begin() + static_cast<std::ptrdiff_t>(next), stored.bars.end());
    stored.bars = std::move(all);
    report_.added += counts.added;
    report_.same += counts.same;
    report_.conflict_count += counts.conflicts;
    report_.series.push_back(std::move(counts));
    return stored;
}

Error conflict_error(const MergeReport& report) {
    const BarConflict& first = report.conflicts.front();
    return make_error(
        ErrorCode::input,
        fmt::format("{} bars differ from the stored ones, the first {} {} {}: close {} is stored, {} is "
                    "given; take the new ones with --replace, or keep the stored ones with --lenient",
                    report.conflict_count, first.symbol, name_of(first.stored.timeframe), ist_text(first.stored.start),
                    shortest_text(first.stored.close), shortest_text(first.incoming.close)));
}

Error mixed_error(const BarSeriesData& given) {
    constexpr const char* kKinds[] = {"recorded", "of the synthetic market"};
    return make_error(
        ErrorCode::input,
        fmt::format("{} {} in the store is {}, the bars given are {}: they are not mixed; use another --home",
                    given.name.symbol, name_of(given.timeframe), kKinds[given.synthetic ? 0 : 1],
                    kKinds[given.synthetic ? 1 : 0]));
}

// What no store may hold: bars that make no sense, or that do not ascend.
Result<void> check_sound(const BarSeriesData& series) {
    std::optional<ExchangeTime> last;
    for (const Bar& given : series.bars) {
        const Bar bar = at_its_place(given);
        const bool sound = bar.consistent() && bar.timeframe == series.timeframe && bar.volume >= 0 && bar.oi >= 0;
        if (!sound || (last && bar.start <= *last)) {
            return make_error(
                ErrorCode::input,
                fmt::format("{} {} bar of {}: {}", series.name.symbol, name_of(series.timeframe), ist_text(bar.start),
                            sound ? "its time is not later than the one before" : "it makes no sense"));
        }
        last = bar.start;
    }
    return {};
}

}  // namespace

ExchangeTime stored_start(const Bar& bar) {
    if (length_of(bar.timeframe)) return bar.start;
    Date date = ist_date(bar.start);
    if (bar.timeframe == Timeframe::w1) date -= weekday_of(date) - std::chrono::Monday;
    return ist_moment<ExchangeTime>(date, Duration(0));
}

bool agree(const Bar& a, const Bar& b) {
    return a.open == b.open && a.high == b.high && a.low == b.low && a.close == b.close &&
           (!a.has_volume() || !b.has_volume() || a.volume == b.volume) && (!a.has_oi() || !b.has_oi() || a.oi == b.oi);
}

BarStore::BarStore(fs::path root, FileTransaction::StepHook hook) : root_(std::move(root)), hook_(std::move(hook)) {}

Result<BarStore> BarStore::open(const fs::path& root, FileTransaction::StepHook hook) {
    BarStore store(root, std::move(hook));
    if (FileTransaction::unfinished(root)) {
        if (auto finished = FileTransaction::begin(root, store.hook_); !finished) return finished.error();
    }
    return store;
}

Result<fs::path> BarStore::file_of(std::string_view symbol, Timeframe timeframe) {
    const auto folder = folder_name_of(symbol);
    if (!folder) {
        return make_error(ErrorCode::usage,
                          fmt::format("'{}' cannot be stored: {}", symbol.substr(0, 40),
                                      symbol.empty() ? "no symbol" : "the name is too long for a folder"));
    }
    return fs::path(*folder) / file_name_of(timeframe);
}

Result<std::vector<StoredFile>> BarStore::list() const {
    std::map<std::pair<std::string, Timeframe>, StoredFile> found;
    std::error_code error;
    if (!fs::exists(root_, error)) return std::vector<StoredFile>();
    for (auto folder = fs::directory_iterator(root_, error); !error && folder != fs::directory_iterator();
         folder.increment(error)) {
        const auto symbol = symbol_of_folder(folder->path().filename().string());
        std::error_code ignored;
        if (!symbol || !folder->is_directory(ignored)) continue;
        for (auto it = fs::directory_iterator(folder->path(), error); !error && it != fs::directory_iterator();
             it.increment(error)) {
            const std::string name = it->path().filename().string();
            const size_t aside = name.find(kAside);
            const auto timeframe = timeframe_of_file(std::string_view(name).substr(0, aside));
            if (!timeframe || !it->is_regular_file(ignored)) continue;
            StoredFile& file = found[{*symbol, *timeframe}];
            file.present = file.present && !file.symbol.empty();
            file.symbol = *symbol;
            file.timeframe = *timeframe;
            file.path = folder->path().filename() / file_name_of(*timeframe);
            if (aside != std::string::npos) {
                file.set_aside.push_back(folder->path().filename() / name);
            } else {
                file.bytes = it->file_size(ignored);
                file.present = true;
            }
        }
    }
    if (error)
        return make_error(ErrorCode::io, fmt::format("{}: cannot be listed: {}", root_.string(), error.message()));
    std::vector<StoredFile> files;
    for (auto& [key, file] : found) {
        std::sort(file.set_aside.begin(), file.set_aside.end());
        files.push_back(std::move(file));
    }
    return files;
}

Result<JsonBarsFile> BarStore::read_file(const StoredFile& file) const {
    const fs::path path = root_ / file.path;
    const auto text = read_whole_file(path);
    if (!text) return text.error();
    auto parsed = parse_json_bars(*text, path.string(), {file.symbol, file.timeframe});
    if (!parsed) return parsed;
    const BarSeriesData& series = parsed->series;
    if (series.name.symbol != file.symbol || series.timeframe != file.timeframe) {
        return make_error(ErrorCode::corrupt, fmt::format("{}: holds {} {}, which has another place", path.string(),
                                                          series.name.symbol.substr(0, 60), name_of(series.timeframe)));
    }
    return parsed;
}

Result<std::optional<BarSeriesData>> BarStore::read(std::string_view symbol, Timeframe timeframe) const {
    const auto path = file_of(symbol, timeframe);
    if (!path) return path.error();
    std::error_code ignored;
    if (!fs::exists(root_ / *path, ignored)) return std::optional<BarSeriesData>();
    StoredFile file;
    file.symbol = symbol;
    file.timeframe = timeframe;
    file.path = *path;
    auto parsed = read_file(file);
    if (!parsed) return parsed.error();
    return std::optional(std::move(parsed->series));
}

Result<void> BarStore::merge(std::span<const BarSeriesData> incoming, OnConflict on_conflict, MergeReport& report) {
    report = {};
    auto transaction = FileTransaction::begin(root_, hook_);
    if (!transaction) return transaction.error();
    Merging merging(on_conflict, report);
    std::map<fs::path, BarSeriesData> merged;
    for (const BarSeriesData& series : incoming) {
        if (auto sound = check_sound(series); !sound) return sound;
        const auto path = file_of(series.name.symbol, series.timeframe);
        if (!path) return path.error();
        const auto [place, first] = merged.try_emplace(*path);
        if (first) {
            auto stored = read(series.name.symbol, series.timeframe);
            if (!stored) return stored.error();
            const bool fresh = !*stored || (*stored)->bars.empty();
            place->second =
                fresh ? BarSeriesData{series.name, series.timeframe, {}, series.synthetic} : std::move(**stored);
        }
        if (place->second.synthetic != series.synthetic) return mixed_error(series);
        place->second = merging.merge(std::move(place->second), series);
    }
    if (report.conflict_count > 0 && on_conflict == OnConflict::refuse) return conflict_error(report);
    for (const auto& [path, series] : merged) {
        if (auto put = transaction->put(path, json_bars_text(series)); !put) return put;
    }
    return transaction->commit();
}

fs::path BarStore::free_name_aside(const fs::path& file) const {
    std::error_code ignored;
    for (int number = 1;; ++number) {
        fs::path aside = file.string() + fmt::format("{}{}", kAside, number);
        if (!fs::exists(root_ / aside, ignored)) return aside;
    }
}

Result<void> BarStore::replace(std::span<const Replacement> replacements) {
    auto transaction = FileTransaction::begin(root_, hook_);
    if (!transaction) return transaction.error();
    for (const Replacement& one : replacements) {
        if (auto sound = check_sound(one.series); !sound) return sound;
        if (one.set_aside) transaction->rename(one.file.path, free_name_aside(one.file.path));
        if (!one.series.bars.empty()) {
            BarSeriesData placed = one.series;
            for (Bar& bar : placed.bars) bar = at_its_place(bar);
            if (auto put = transaction->put(one.file.path, json_bars_text(placed)); !put) return put;
        } else if (!one.set_aside) {
            transaction->remove(one.file.path);
        }
    }
    return transaction->commit();
}

Result<void> BarStore::put_files(std::span<const RawFile> files) {
    auto transaction = FileTransaction::begin(root_, hook_);
    if (!transaction) return transaction.error();
    for (const RawFile& file : files) {
        if (auto put = transaction->put(file.path, file.content); !put) return put;
    }
    return transaction->commit();
}

}  // namespace tide
