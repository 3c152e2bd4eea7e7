#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>

#include "app/engine_settings.hpp"
#include "app/store_data.hpp"
#include "barstore/price_text.hpp"
#include "barstore/quality_report.hpp"
#include "ops/terminal_width.hpp"
#include "ops/text_table.hpp"

// What is wrong with market data, what is missing, what there is.
namespace tide {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::json;

struct Examined {
    CheckedFile checked;
    std::vector<QualityFinding> quality;
    bool doubtful = false;
};

std::string when_text(ReceiveTime time) { return format_iso(std::chrono::floor<seconds>(time)).substr(0, 19); }

// A chain of a thousand contracts has a thousand findings of some kinds: the first of each say it.
void print_quality(const Examined& one, bool all) {
    constexpr int64_t kShown = 3;
    std::map<std::string, int64_t> seen;
    for (const auto& finding : one.quality) {
        if (++seen[finding.kind] > kShown && !all) continue;
        fmt::print("{}: {} {}: {} ({} to {})\n", one.checked.file, finding.kind, finding.subject, finding.text,
                   when_text(finding.from), when_text(finding.to));
    }
    for (const auto& [kind, count] : seen) {
        if (count > kShown && !all)
            fmt::print("{}: {} more findings {} (--all shows them)\n", one.checked.file, count - kShown, kind);
    }
}

void print_examined(const Examined& one, bool all) {
    const CheckedFile& file = one.checked;
    for (const auto& row : file.rejected) {
        fmt::print("{}{}: {}\n", row.file, row.line > 0 ? fmt::format(":{}", row.line) : "", row.reason);
    }
    if (file.bad > static_cast<int64_t>(file.rejected.size())) {
        fmt::print("{}: {} more bad rows (--all shows them)\n", file.file,
                   file.bad - static_cast<int64_t>(file.rejected.size()));
    }
    print_quality(one, all);
    for (const auto& note : file.notes) fmt::print(stderr, "note: {}\n", note);
    if (file.kind == DataFileKind::other && file.bad == 0) return;
    std::string kinds;
    for (const auto& [kind, count] : file.by_kind)
        kinds += fmt::format("{}{} {}", kinds.empty() ? ": " : ", ", count, kind);
    const std::string quality = one.doubtful ? "; its data is doubtful" : "";
    fmt::print("{}: {} good rows, {} bad{}{}\n", file.file, file.rows, file.bad, kinds, quality);
}

Json to_json(const Examined& one) {
    auto rejected = Json::array();
    for (const auto& row : one.checked.rejected)
        rejected.push_back({{"file", row.file}, {"line", row.line}, {"reason", row.reason}});
    auto quality = Json::array();
    for (const auto& finding : one.quality) {
        quality.push_back({{"kind", finding.kind},
                           {"subject", finding.subject},
                           {"from", format_iso(finding.from)},
                           {"to", format_iso(finding.to)},
                           {"count", finding.count},
                           {"value", finding.value},
                           {"text", finding.text}});
    }
    return {{"file", one.checked.file},       {"rows", one.checked.rows}, {"bad", one.checked.bad},
            {"by_kind", one.checked.by_kind}, {"rejected", rejected},     {"symbols", one.checked.symbols},
            {"notes", one.checked.notes},     {"doubtful", one.doubtful}, {"quality", quality}};
}

// Files of any kind, by path.
Result<std::vector<Examined>> examine_paths(const StoreDataOptions& options, const Paths& paths) {
    const auto calendars = Calendars::load(paths);
    if (!calendars) return calendars.error();
    EngineSettings settings;
    const std::string config = options.config_file.empty() ? paths.config_file().string() : options.config_file;
    if (auto read = settings.read_file(config); !read) return read.error();
    WorkProgress progress("validating");
    DataCheckOptions check;
    if (options.all) check.rejected_kept = std::numeric_limits<size_t>::max();
    check.progress = progress.report();
    auto files = check_data_files(std::vector<fs::path>(options.paths.begin(), options.paths.end()), check);
    if (!files) return files.error();
    std::vector<Examined> examined;
    for (auto& file : *files) {
        Examined one{std::move(file), {}, false};
        if (one.checked.kind == DataFileKind::ticks && one.checked.rows > 0) {
            auto report =
                quality_report(one.checked.file, settings.session.data, calendars->calendar(), calendars->rules());
            if (report) {
                one.doubtful = report->doubtful();
                one.quality = std::move(report->findings);
            }
        }
        examined.push_back(std::move(one));
    }
    return examined;
}

Examined examine_stored(const BarStore& store, const StoredFile& stored, const CalendarLookup& calendar) {
    Examined one;
    CheckedFile& checked = one.checked;
    checked.file = (store.root() / stored.path).string();
    checked.kind = DataFileKind::json_bars;
    checked.symbols = {stored.symbol};
    for (const auto& aside : stored.set_aside)
        checked.notes.push_back(fmt::format("{}: set aside as damaged", (store.root() / aside).string()));
    const auto file = stored.present ? store.read_file(stored) : Result<JsonBarsFile>(JsonBarsFile());
    if (!file) {
        std::string reason = file.error().message;
        if (reason.starts_with(checked.file + ": ")) reason.erase(0, checked.file.size() + 2);
        if (file.error().code == ErrorCode::corrupt) reason += ", or run engine data rebuild";
        checked.bad = 1;
        checked.by_kind["damaged file"] = 1;
        checked.rejected.push_back({checked.file, 0, reason});
        return one;
    }
    checked.rows = static_cast<int64_t>(file->series.bars.size());
    if (file->schema_version < kBarSchemaVersion)
        checked.notes.push_back(
            fmt::format("{}: without schema_version; written anew by the next change", checked.file));
    const SeriesGaps gaps = find_gaps(file->series, calendar);
    if (gaps.outside > 0)
        checked.notes.push_back(fmt::format("{}: {} bars outside the sessions", checked.file, gaps.outside));
    return one;
}

Result<std::vector<Examined>> examine_store(const StoreDataOptions& options, const Paths& paths) {
    const auto calendars = Calendars::load(paths);
    if (!calendars) return calendars.error();
    const auto store = BarStore::open(paths.bars());
    if (!store) return store.error();
    const auto files = chosen_files(*store, options);
    if (!files) return files.error();
    WorkProgress progress("validating");
    const ProgressReport report = progress.report();
    std::vector<Examined> examined;
    for (const auto& file : *files) {
        examined.push_back(examine_stored(*store, file, calendars->of(file.symbol)));
        report(static_cast<double>(examined.size()) / static_cast<double>(files->size()));
    }
    return examined;
}

std::string dates_text(const std::vector<Date>& dates, size_t most) {
    std::string text;
    for (size_t i = 0; i < std::min(dates.size(), most); ++i) text += (i == 0 ? "" : " ") + format_date(dates[i]);
    return dates.size() > most ? text + fmt::format(" and {} more", dates.size() - most) : text;
}

std::string stretches_text(const std::vector<MissingStretch>& stretches, size_t most) {
    std::string text;
    for (size_t i = 0; i < std::min(stretches.size(), most); ++i) {
        text += fmt::format("{}{} to {} ({})", i == 0 ? "" : "; ", ist_text(stretches[i].from).substr(0, 16),
                            ist_text(stretches[i].to).substr(11, 5), stretches[i].bars);
    }
    return stretches.size() > most ? text + fmt::format("; and {} more", stretches.size() - most) : text;
}

Json to_json(const SeriesGaps& gaps) {
    auto days = Json::array(), stretches = Json::array();
    for (const Date date : gaps.missing_days) days.push_back(format_date(date));
    for (const auto& stretch : gaps.stretches) {
        stretches.push_back(
            {{"from", format_iso(stretch.from)}, {"to", format_iso(stretch.to)}, {"bars", stretch.bars}});
    }
    return {{"symbol", gaps.symbol},
            {"timeframe", name_of(gaps.timeframe)},
            {"first", gaps.bars > 0 ? Json(format_iso(gaps.first)) : Json()},
            {"last", gaps.bars > 0 ? Json(format_iso(gaps.last)) : Json()},
            {"bars", gaps.bars},
            {"expected", gaps.expected},
            {"outside_sessions", gaps.outside},
            {"days_without_calendar", gaps.unknown_days},
            {"missing_sessions", days},
            {"missing_bars", gaps.missing_bars},
            {"missing", stretches}};
}

// Of the store, or of files.
Result<std::vector<SeriesGaps>> gaps_of(const StoreDataOptions& options, const Paths& paths) {
    const auto calendars = Calendars::load(paths);
    if (!calendars) return calendars.error();
    std::vector<SeriesGaps> all;
    if (!options.paths.empty()) {
        auto data = read_bars(std::vector<fs::path>(options.paths.begin(), options.paths.end()), {options.lenient});
        if (!data) return data.error();
        for (const auto& note : data->notes) fmt::print(stderr, "note: {}\n", note);
        for (const auto& series : data->series) all.push_back(find_gaps(series, calendars->of(series.name.symbol)));
        return all;
    }
    const auto store = BarStore::open(paths.bars());
    if (!store) return store.error();
    const auto files = chosen_files(*store, options);
    if (!files) return files.error();
    for (const auto& file : *files) {
        if (!file.present) continue;
        const auto read = store->read_file(file);
        if (!read) return read.error();
        all.push_back(find_gaps(read->series, calendars->of(file.symbol)));
    }
    return all;
}

struct SeriesState {
    StoredFile file;
    SeriesGaps gaps;
    std::string state;  // "ok", "version 0", "damaged", "of a later engine", "set aside"
    int64_t flagged = 0;
    bool synthetic = false;
};

SeriesState state_of(const BarStore& store, const StoredFile& file, const Calendars& calendars) {
    SeriesState state{file, {}, "ok", 0, false};
    state.gaps.symbol = file.symbol;
    state.gaps.timeframe = file.timeframe;
    if (!file.present) {
        state.state = "set aside";
        return state;
    }
    const auto read = store.read_file(file);
    if (!read) {
        state.state = read.error().code == ErrorCode::corrupt ? "damaged" : "unreadable";
        return state;
    }
    if (read->schema_version < kBarSchemaVersion) state.state = "version 0";
    state.synthetic = read->series.synthetic;
    state.gaps = find_gaps(read->series, calendars.of(file.symbol));
    state.flagged = std::count_if(read->series.bars.begin(), read->series.bars.end(), [](const Bar& bar) {
        return (bar.flags & (kBarHasGap | kBarPartial | kBarGapFilled)) != 0;
    });
    return state;
}

// Bars that are there, of those that the calendar asks for.
double coverage_pct(const SeriesGaps& gaps) {
    const int64_t inside = gaps.bars - gaps.outside;
    return gaps.expected == 0 ? 0 : 100.0 * static_cast<double>(inside) / static_cast<double>(gaps.expected);
}

std::string date_or_nothing(const SeriesGaps& gaps, ExchangeTime time) {
    return gaps.bars > 0 ? format_date(ist_date(time)) : "";
}

struct JournalTotal {
    int64_t count = 0;
    uint64_t bytes = 0;
};
JournalTotal journals_in(const fs::path& folder) {
    JournalTotal total;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
        if (entry.path().extension() != ".journal") continue;
        ++total.count;
        total.bytes += entry.file_size(ignored);
    }
    return total;
}

}  // namespace

Result<ExitCode> data_validate_command(const StoreDataOptions& options) {
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    const auto examined = options.paths.empty() ? examine_store(options, *paths) : examine_paths(options, *paths);
    if (!examined) return examined.error();
    int64_t good = 0, bad = 0, doubtful = 0;
    std::map<std::string, int64_t> kinds;
    for (const auto& one : *examined) {
        good += one.checked.rows;
        bad += one.checked.bad;
        doubtful += one.doubtful ? 1 : 0;
        for (const auto& [kind, count] : one.checked.by_kind) kinds[kind] += count;
    }
    const bool holds = bad == 0 && doubtful == 0;
    if (options.json) {
        auto files = Json::array();
        for (const auto& one : *examined) files.push_back(to_json(one));
        std::cout << Json{{"schema_version", 1},        {"valid", holds},   {"rows", good},  {"bad", bad},
                          {"doubtful_files", doubtful}, {"by_kind", kinds}, {"files", files}}
                         .dump(2)
                  << "\n";
    } else {
        for (const auto& one : *examined) print_examined(one, options.all);
        fmt::print("{} files, {} good rows, {} bad, {} doubtful: {}\n", examined->size(), good, bad, doubtful,
                   holds ? "valid" : "not valid");
    }
    return holds ? ExitCode::done : ExitCode::does_not_hold;
}

Result<ExitCode> data_gaps_command(const StoreDataOptions& options) {
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    const auto all = gaps_of(options, *paths);
    if (!all) return all.error();
    if (options.json) {
        auto series = Json::array();
        for (const auto& gaps : *all) series.push_back(to_json(gaps));
        std::cout << Json{{"schema_version", 1}, {"series", series}}.dump(2) << "\n";
        return ExitCode::done;
    }
    TableWriter table({{"series"},
                       {"from"},
                       {"to"},
                       {"bars", Align::right},
                       {"missing sessions", Align::right},
                       {"missing bars", Align::right},
                       {"outside", Align::right, 0, 1}});
    for (const auto& gaps : *all) {
        table.add_row({fmt::format("{} {}", gaps.symbol, name_of(gaps.timeframe)), date_or_nothing(gaps, gaps.first),
                       date_or_nothing(gaps, gaps.last), std::to_string(gaps.bars),
                       std::to_string(gaps.missing_days.size()), std::to_string(gaps.missing_bars),
                       std::to_string(gaps.outside)});
    }
    if (table.empty()) {
        fmt::print("no bars in {}\n", paths->bars().string());
        return ExitCode::done;
    }
    std::cout << table.render(false, terminal_width(STDOUT_FILENO));
    const size_t most = options.all ? std::numeric_limits<size_t>::max() : 5;
    for (const auto& gaps : *all) {
        const std::string name = fmt::format("{} {}", gaps.symbol, name_of(gaps.timeframe));
        if (!gaps.missing_days.empty())
            std::cout << name << ": no bars on " << dates_text(gaps.missing_days, most) << "\n";
        if (!gaps.stretches.empty()) std::cout << name << ": missing " << stretches_text(gaps.stretches, most) << "\n";
        if (gaps.unknown_days > 0)
            std::cout << name << ": " << gaps.unknown_days
                      << " days without a calendar table, taken as usual sessions\n";
    }
    return ExitCode::done;
}

Result<ExitCode> data_stats_command(const StoreDataOptions& options) {
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    const auto calendars = Calendars::load(*paths);
    if (!calendars) return calendars.error();
    const auto store = BarStore::open(paths->bars());
    if (!store) return store.error();
    const auto files = chosen_files(*store, options);
    if (!files) return files.error();
    const JournalTotal journals = journals_in(paths->journals());
    auto series = Json::array();
    TableWriter table({{"series"},
                       {"from"},
                       {"to"},
                       {"bars", Align::right},
                       {"coverage", Align::right},
                       {"missing sessions", Align::right, 0, 3},
                       {"missing bars", Align::right, 0, 3},
                       {"flagged", Align::right, 0, 2},
                       {"bytes", Align::right, 0, 1},
                       {"state"}});
    uint64_t bytes = 0;
    for (const auto& file : *files) {
        const SeriesState one = state_of(*store, file, *calendars);
        bytes += file.bytes;
        const std::string state = one.state + (one.synthetic ? ", synthetic" : "");
        auto document = to_json(one.gaps);
        document.erase("missing");
        document["missing_sessions"] = one.gaps.missing_days.size();
        document["coverage_pct"] = coverage_pct(one.gaps);
        document["flagged_bars"] = one.flagged;
        document["bytes"] = file.bytes;
        document["state"] = one.state;
        document["synthetic"] = one.synthetic;
        document["set_aside"] = file.set_aside.size();
        series.push_back(std::move(document));
        table.add_row({fmt::format("{} {}", file.symbol, name_of(file.timeframe)),
                       date_or_nothing(one.gaps, one.gaps.first), date_or_nothing(one.gaps, one.gaps.last),
                       std::to_string(one.gaps.bars), fmt::format("{:.2f} %", coverage_pct(one.gaps)),
                       std::to_string(one.gaps.missing_days.size()), std::to_string(one.gaps.missing_bars),
                       std::to_string(one.flagged), format_indian(static_cast<int64_t>(file.bytes)), state});
    }
    if (options.json) {
        std::cout << Json{{"schema_version", 1},
                          {"store", store->root().string()},
                          {"bytes", bytes},
                          {"series", series},
                          {"journals", {{"count", journals.count}, {"bytes", journals.bytes}}}}
                         .dump(2)
                  << "\n";
        return ExitCode::done;
    }
    if (!table.empty()) std::cout << table.render(false, terminal_width(STDOUT_FILENO));
    std::cout << fmt::format("{}: {} series, {} bytes; {} journals, {} bytes\n", store->root().string(), files->size(),
                             format_indian(static_cast<int64_t>(bytes)), journals.count,
                             format_indian(static_cast<int64_t>(journals.bytes)));
    return ExitCode::done;
}

}  // namespace tide
