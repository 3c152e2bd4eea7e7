#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/session_bars.hpp"
#include "app/store_data.hpp"
#include "app/terminal.hpp"
#include "barstore/atomic_file.hpp"
#include "barstore/bar_csv.hpp"
#include "barstore/price_text.hpp"
#include "barstore/raw_tick.hpp"
#include "barstore/series_folder.hpp"
#include "market/instruments.hpp"
#include "ops/terminal_width.hpp"
#include "ops/text_table.hpp"

// Market data into the store and out of it.
namespace tide {
namespace fs = std::filesystem;
namespace {

// Everything that one import brings, read before anything is stored.
class Import {
  public:
    Import(const StoreDataOptions& options, const Calendars& calendars) : options_(options), calendars_(calendars) {}
    Result<void> read();
    std::vector<BarSeriesData>& series() { return series_; }
    int64_t rejected() const { return rejected_count_; }
    int64_t ticks() const { return ticks_; }

  private:
    Result<void> sort_paths();
    Result<void> read_bar_files();
    Result<void> read_ticks();
    Result<void> read_journal(const fs::path& file, const ProgressReport& progress);
    Result<void> settle_rejected();
    void reject(const std::vector<RejectedRow>& rows, int64_t count);
    void add(std::vector<BarSeriesData> series) {
        for (auto& one : series) series_.push_back(std::move(one));
    }

    const StoreDataOptions& options_;
    const Calendars& calendars_;
    std::vector<fs::path> bar_files_, tick_files_, journals_;
    std::vector<BarSeriesData> series_;
    std::vector<RejectedRow> rejected_;
    int64_t rejected_count_ = 0, accepted_ = 0, ticks_ = 0;
};

Result<void> Import::sort_paths() {
    for (const auto& path : options_.paths) {
        std::error_code ignored;
        const bool folder = fs::is_directory(path, ignored);
        const auto files = list_data_files({path});
        if (!files) return files.error();
        if (folder && files->empty())
            return make_error(ErrorCode::input, fmt::format("{}: no bar or tick files there", path));
        for (const auto& file : *files) {
            if (is_journal(file)) {
                journals_.push_back(file);
                continue;
            }
            const auto kind = classify_data_file(file);
            if (!kind) return kind.error();
            if (*kind == DataFileKind::other && folder) {
                fmt::print(stderr, "note: {}: passed over, neither bars nor ticks\n", file.string());
            } else {
                (*kind == DataFileKind::ticks ? tick_files_ : bar_files_).push_back(file);
            }
        }
    }
    return {};
}

void Import::reject(const std::vector<RejectedRow>& rows, int64_t count) {
    rejected_count_ += count;
    for (const auto& row : rows) {
        if (rejected_.size() < DataSet::kRejectedKept) rejected_.push_back(row);
    }
}

Result<void> Import::read_bar_files() {
    if (bar_files_.empty()) return {};
    auto data = read_bars(bar_files_, {true});
    if (!data) return data.error();
    for (const auto& note : data->notes) fmt::print(stderr, "note: {}\n", note);
    reject(data->rejected, data->rejected_count);
    accepted_ += data->accepted_count;
    add(std::move(data->series));
    return {};
}

Result<void> Import::read_ticks() {
    if (tick_files_.empty()) return {};
    SessionBars bars;
    const auto read = read_tick_files(tick_files_, calendars_.of(""), bars);
    if (!read) return read.error();
    reject(read->rejected, read->rejected_count);
    accepted_ += read->accepted_count;
    ticks_ += read->accepted_count;
    add(bars.take(false));
    return {};
}

Result<void> Import::read_journal(const fs::path& file, const ProgressReport& progress) {
    SessionBars bars;
    const auto market = read_journal_market(
        file, [&](const Event& event) { bars.on_event(event); }, progress);
    if (!market) return market.error();
    ticks_ += market->ticks;
    if (market->synthetic) fmt::print(stderr, "note: {}: bars of the synthetic market\n", file.string());
    add(bars.take(market->synthetic));
    return {};
}

Result<void> Import::settle_rejected() {
    for (const auto& row : rejected_) {
        fmt::print(stderr, "{}:{}: {}{}\n", row.file, row.line, row.reason, options_.lenient ? ": skipped" : "");
    }
    if (rejected_count_ == 0 || options_.lenient) return {};
    DataSet summary;
    summary.rejected = rejected_;
    summary.rejected_count = rejected_count_;
    summary.accepted_count = accepted_;
    return rejected_error(summary);
}

Result<void> Import::read() {
    if (auto sorted = sort_paths(); !sorted) return sorted;
    WorkProgress progress("reading");
    const ProgressReport report = progress.report();
    if (auto done = read_bar_files(); !done) return done;
    if (auto done = read_ticks(); !done) return done;
    for (const auto& journal : journals_) {
        if (auto done = read_journal(journal, report); !done) return done;
    }
    if (auto settled = settle_rejected(); !settled) return settled;
    if (series_.empty()) {
        return make_error(ErrorCode::input, fmt::format("{}: no bars in there{}", options_.paths.front(),
                                                        ticks_ > 0 ? ": no tick lies inside a session" : ""));
    }
    return {};
}

nlohmann::json to_json(const MergeReport& report) {
    auto series = nlohmann::json::array();
    for (const auto& one : report.series) {
        series.push_back({{"symbol", one.symbol},
                          {"timeframe", name_of(one.timeframe)},
                          {"added", one.added},
                          {"same", one.same},
                          {"conflicts", one.conflicts}});
    }
    return series;
}

void print_merge(const MergeReport& report) {
    TableWriter table({{"series"}, {"added", Align::right}, {"known", Align::right}, {"different", Align::right}});
    // Of a session's hundreds of contracts the sum is enough.
    const bool many = report.series.size() > 40;
    SeriesMerge contracts;
    for (const auto& one : report.series) {
        if (many && series_name_of(one.symbol).option) {
            contracts.added += one.added;
            contracts.same += one.same;
            contracts.conflicts += one.conflicts;
            continue;
        }
        table.add_row({fmt::format("{} {}", one.symbol, name_of(one.timeframe)), std::to_string(one.added),
                       std::to_string(one.same), std::to_string(one.conflicts)});
    }
    if (many) {
        table.add_row({"option contracts", std::to_string(contracts.added), std::to_string(contracts.same),
                       std::to_string(contracts.conflicts)});
    }
    std::cout << table.render(false, terminal_width(STDOUT_FILENO));
}

void cut_to_dates(BarSeriesData& series, const StoreDataOptions& options) {
    const auto from = parse_date(options.from), to = parse_date(options.to);
    std::erase_if(series.bars, [&](const Bar& bar) {
        const Date date = ist_date(bar.start);
        return (from && date < *from) || (to && date > *to);
    });
}

Result<ExitCode> export_bars(const StoreDataOptions& options) {
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    const auto store = BarStore::open(paths->bars());
    if (!store) return store.error();
    auto files = chosen_files(*store, options);
    if (!files) return files.error();
    std::erase_if(*files, [](const StoredFile& file) { return !file.present; });
    if (files->empty()) {
        return make_error(ErrorCode::not_found, fmt::format("{}: no such series in the store; engine data stats lists "
                                                            "what there is",
                                                            store->root().string()));
    }
    if (options.out.empty() && files->size() > 1) {
        return make_error(ErrorCode::usage, fmt::format("{} series are asked for: name one with --symbol and "
                                                        "--timeframe, or give --out DIR",
                                                        files->size()));
    }
    WorkProgress progress("exporting");
    const ProgressReport report = progress.report();
    for (size_t i = 0; i < files->size(); ++i) {
        auto file = store->read_file((*files)[i]);
        if (!file) return file.error();
        cut_to_dates(file->series, options);
        const auto& series = file->series;
        const std::string name = bar_file_name(series, options.json ? ".json" : ".csv");
        const std::string text =
            options.json ? json_bars_text(series) : bars_csv_text({&series, 1}, !name_says_symbol(series));
        if (options.out.empty()) {
            std::cout << text << std::flush;
            if (!std::cout) return make_error(ErrorCode::io, "the output could not be written");
            continue;
        }
        if (auto written = write_file_atomically(fs::path(options.out) / name, text); !written) return written.error();
        report(static_cast<double>(i + 1) / static_cast<double>(files->size()));
    }
    if (!options.out.empty()) fmt::print(stderr, "{} series written to {}\n", files->size(), options.out);
    return ExitCode::done;
}

Result<ExitCode> export_ticks(const StoreDataOptions& options) {
    std::ofstream file;
    if (!options.out.empty()) {
        file.open(options.out, std::ios::binary);
        if (!file) return make_error(ErrorCode::io, fmt::format("{}: cannot be written", options.out));
    }
    std::ostream& out = options.out.empty() ? std::cout : file;
    std::vector<std::string> symbols;
    for (const auto& symbol : options.symbols) symbols.push_back(canonical_symbol(symbol));
    InstrumentBook book;
    std::string text;
    int64_t written = 0;
    const auto take = [&](const Event& event) {
        if (const auto* added = std::get_if<InstrumentEvent>(&event.payload)) return book.add(added->instrument);
        const auto* tick = std::get_if<TickEvent>(&event.payload);
        if (tick == nullptr) return;
        // Not ticks of a feed: points on a bar's path, values for a day, model prices.
        constexpr uint32_t kMade = kTickPathOfBar | kTickDailyValue | kTickModelPrice | kTickRealisedValue;
        const Instrument* instrument = book.find(tick->instrument);
        if ((tick->flags & kMade) != 0 || instrument == nullptr || !tick->last.positive()) return;
        if (!symbols.empty() && std::find(symbols.begin(), symbols.end(), instrument->symbol) == symbols.end()) return;
        append_raw_tick(text, event.received, event.exchange, *tick, *instrument);
        ++written;
        if (text.size() < (1U << 20)) return;
        out << text;
        text.clear();
    };
    WorkProgress progress("exporting");
    const auto market = read_journal_market(options.journal, take, progress.report());
    if (!market) return market.error();
    out << text << std::flush;
    if (!out) {
        return make_error(ErrorCode::io, fmt::format("{}: could not be written whole",
                                                     options.out.empty() ? "the output" : options.out));
    }
    fmt::print(stderr, "{} ticks{}\n", written, market->ticks == 0 ? ": the session's feed was of bars" : "");
    return ExitCode::done;
}

}  // namespace

Result<ExitCode> data_import_command(const StoreDataOptions& options) {
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    const auto calendars = Calendars::load(*paths);
    if (!calendars) return calendars.error();
    Import import(options, *calendars);
    if (auto read = import.read(); !read) return read.error();
    auto store = BarStore::open(paths->bars());
    if (!store) return store.error();
    const OnConflict on_conflict = options.replace   ? OnConflict::replace
                                   : options.lenient ? OnConflict::keep_stored
                                                     : OnConflict::refuse;
    MergeReport report;
    const auto merged = store->merge(import.series(), on_conflict, report);
    if (!merged || on_conflict == OnConflict::keep_stored) {
        for (const auto& one : report.conflicts) {
            fmt::print(stderr, "{} {} {}: close {} is stored, {} is given\n", one.symbol, name_of(one.stored.timeframe),
                       bar_time_text(one.stored), shortest_text(one.stored.close), shortest_text(one.incoming.close));
        }
    }
    if (!merged) return merged.error();
    if (options.json) {
        std::cout << nlohmann::json{{"schema_version", 1},
                                    {"store", store->root().string()},
                                    {"added", report.added},
                                    {"same", report.same},
                                    {"conflicts", report.conflict_count},
                                    {"replaced", options.replace ? report.conflict_count : 0},
                                    {"ticks", import.ticks()},
                                    {"rejected_rows", import.rejected()},
                                    {"series", to_json(report)}}
                         .dump(2)
                  << "\n";
        return ExitCode::done;
    }
    print_merge(report);
    fmt::print("{} bars added to {}, {} known already, {} different ({})\n", report.added, store->root().string(),
               report.same, report.conflict_count, options.replace ? "replaced" : "the stored ones stay");
    return ExitCode::done;
}

Result<ExitCode> data_export_command(const StoreDataOptions& options) {
    return options.journal.empty() ? export_bars(options) : export_ticks(options);
}

}  // namespace tide
