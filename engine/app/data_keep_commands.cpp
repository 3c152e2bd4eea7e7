#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "app/engine_settings.hpp"
#include "app/session_bars.hpp"
#include "app/store_data.hpp"
#include "app/wall_clock.hpp"
#include "barstore/atomic_file.hpp"
#include "barstore/price_text.hpp"
#include "journal/journal_reader.hpp"
#include "ledger/ledger_reader.hpp"
#include "ops/text_table.hpp"

// What is removed when it is old, and what is made again when it is damaged.
namespace tide {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::json;

std::vector<fs::path> journal_files(const Paths& paths) {
    std::vector<fs::path> files;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(paths.journals(), ignored)) {
        if (entry.path().extension() == ".journal") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

bool of_backtest(const fs::path& journal) { return journal.filename().string().starts_with("backtest-"); }

// ---- cleanup

struct OldBars {
    StoredFile file;
    BarSeriesData kept;
    size_t removed = 0;
    Date first_kept;
};
struct OldJournal {
    fs::path path;
    uint64_t bytes = 0;
    std::string why_kept;  // empty: it may go
};
struct CleanupPlan {
    std::vector<OldBars> bars;
    std::vector<OldJournal> journals;  // older than their retention
    std::vector<std::string> notes;
};

// Why a session's journal is still needed, or nothing: the store must have every row of it, and no open position.
std::string why_needed(const fs::path& journal, const LedgerReader* ledger, const std::vector<SessionRow>& sessions) {
    if (of_backtest(journal)) return {};
    auto reader = JournalReader::open(journal.string());
    if (!reader) return "it cannot be read: look at it first";
    JournalRecord record;
    std::string head;
    bool ended = false;
    for (;;) {
        const auto more = reader->next(record);
        if (!more) return "it is damaged or was interrupted: run engine recover, and look at it";
        if (!*more) break;
        if (!record.is_output()) continue;
        if (const auto* audit = std::get_if<AuditHead>(&record.output.payload)) head = to_hex(audit->hash);
        ended = ended || std::holds_alternative<SessionEnd>(record.output.payload);
    }
    if (!ended) return "its session was interrupted: run engine recover";
    const std::string session = journal.stem().string();
    const auto row = std::find_if(sessions.begin(), sessions.end(),
                                  [&](const SessionRow& one) { return one.session_id == session; });
    if (ledger == nullptr || row == sessions.end()) return "the store has nothing of its session: run engine recover";
    if (row->audit_head != head) return "the store lacks a part of its session: run engine recover";
    PositionFilter filter;
    filter.session = session;
    const auto open = ledger->positions(filter);
    if (!open) return "the store cannot be asked for its positions";
    return open->empty() ? "" : "positions of its session are open";
}

Date written_on(const fs::path& file) {
    struct stat info {};
    if (::stat(file.c_str(), &info) != 0) return ist_date(wall_clock_now());
    return ist_date(ReceiveTime(seconds(info.st_mtim.tv_sec)));
}

Result<CleanupPlan> plan_cleanup(const BarStore& store, const Paths& paths, const RetentionSettings& retention,
                                 Date today) {
    CleanupPlan plan;
    const auto files = store.list();
    if (!files) return files.error();
    for (const auto& file : *files) {
        if (!file.present) continue;
        auto read = store.read_file(file);
        if (!read) {
            plan.notes.push_back(read.error().message);
            continue;
        }
        OldBars old{file, std::move(read->series), 0, retention.first_kept(file.timeframe, today)};
        old.removed =
            std::erase_if(old.kept.bars, [&](const Bar& bar) { return ist_date(bar.start) < old.first_kept; });
        if (old.removed > 0) plan.bars.push_back(std::move(old));
    }
    auto ledger = LedgerReader::open(paths.ledger().string());
    std::vector<SessionRow> sessions;
    if (ledger) sessions = ledger->sessions().value_or(std::vector<SessionRow>());
    for (const auto& path : journal_files(paths)) {
        if (written_on(path) >= retention.first_kept_journal(today)) continue;
        std::error_code ignored;
        plan.journals.push_back(
            {path, fs::file_size(path, ignored), why_needed(path, ledger ? &*ledger : nullptr, sessions)});
    }
    return plan;
}

Result<void> carry_out(BarStore& store, CleanupPlan& plan) {
    std::vector<BarStore::Replacement> replacements;
    for (auto& old : plan.bars) replacements.push_back({old.file, std::move(old.kept), false});
    if (auto done = store.replace(replacements); !done) return done;
    for (const auto& journal : plan.journals) {
        if (!journal.why_kept.empty()) continue;
        std::error_code error;
        fs::remove(journal.path, error);
        if (error) {
            return make_error(ErrorCode::io,
                              fmt::format("{}: cannot be removed: {}", journal.path.string(), error.message()));
        }
    }
    return {};
}

void print_plan(const CleanupPlan& plan, bool done) {
    const char* verb = done ? "removed" : "would be removed";
    for (const auto& old : plan.bars) {
        fmt::print("{} {}: {} bars before {} {}\n", old.file.symbol, name_of(old.file.timeframe), old.removed,
                   format_date(old.first_kept), verb);
    }
    for (const auto& journal : plan.journals) {
        fmt::print("{}: {}\n", journal.path.string(), journal.why_kept.empty() ? verb : "kept: " + journal.why_kept);
    }
    for (const auto& note : plan.notes) fmt::print(stderr, "note: {}\n", note);
    if (plan.bars.empty() && plan.journals.empty()) fmt::print("nothing is older than its retention\n");
}

Json to_json(const CleanupPlan& plan, bool done) {
    auto bars = Json::array(), journals = Json::array();
    for (const auto& old : plan.bars) {
        bars.push_back({{"symbol", old.file.symbol},
                        {"timeframe", name_of(old.file.timeframe)},
                        {"bars", old.removed},
                        {"before", format_date(old.first_kept)}});
    }
    for (const auto& journal : plan.journals) {
        journals.push_back({{"journal", journal.path.string()},
                            {"bytes", journal.bytes},
                            {"remove", journal.why_kept.empty()},
                            {"kept_because", journal.why_kept}});
    }
    return {{"schema_version", 1}, {"done", done}, {"bars", bars}, {"journals", journals}, {"notes", plan.notes}};
}

// ---- rebuild

// A series whose file is damaged, or was and is gone.
struct Damaged {
    StoredFile file;
    std::string problem;           // empty: set aside by an earlier call
    std::set<ExchangeTime> times;  // that the damaged text still names
    bool synthetic = false;
    std::map<ExchangeTime, Bar> rebuilt;
    SeriesName name;
    bool moved() const { return !problem.empty(); }
    std::vector<ExchangeTime> lost() const {
        std::vector<ExchangeTime> lost;
        for (const ExchangeTime time : times) {
            if (!rebuilt.contains(time)) lost.push_back(time);
        }
        return lost;
    }
};

// The times that are still readable in a damaged file: not trusted as bars, but they tell what there was.
std::set<ExchangeTime> times_in(std::string_view text) {
    constexpr std::string_view kKey = "\"start_ts_utc\":";
    std::set<ExchangeTime> times;
    for (size_t at = text.find(kKey); at != std::string_view::npos; at = text.find(kKey, at)) {
        at += kKey.size();
        const size_t open = text.find('"', at);
        const size_t close = open == std::string_view::npos ? open : text.find('"', open + 1);
        if (close == std::string_view::npos) break;
        if (const auto time = parse_timestamp(text.substr(open + 1, close - open - 1))) times.insert(*time);
    }
    return times;
}

Damaged damaged_series(const BarStore& store, const StoredFile& file, std::string problem) {
    Damaged one;
    one.file = file;
    one.problem = std::move(problem);
    const fs::path& path = one.moved() ? file.path : file.set_aside.back();
    const std::string text = read_whole_file(store.root() / path).value_or("");
    one.times = times_in(text);
    one.synthetic = text.find("\"source\":\"synthetic\"") != std::string::npos;
    return one;
}

Result<void> rebuild_from_journals(std::vector<Damaged>& damaged, const Paths& paths) {
    WorkProgress progress("rebuilding");
    const ProgressReport report = progress.report();
    const auto journals = journal_files(paths);
    for (size_t i = 0; i < journals.size(); ++i) {
        report(static_cast<double>(i) / static_cast<double>(journals.size()));
        if (of_backtest(journals[i])) continue;
        SessionBars bars;
        const auto market = read_journal_market(journals[i], [&](const Event& event) { bars.on_event(event); });
        if (!market) {
            fmt::print(stderr, "note: {}: not used\n", market.error().message);
            continue;
        }
        for (auto& series : bars.take(market->synthetic)) {
            for (auto& one : damaged) {
                const bool wanted = one.file.symbol == series.name.symbol && one.file.timeframe == series.timeframe &&
                                    one.synthetic == series.synthetic;
                if (!wanted) continue;
                one.name = series.name;
                // Of two sessions of one day the later one counts.
                for (const Bar& bar : series.bars) one.rebuilt.insert_or_assign(stored_start(bar), bar);
            }
        }
    }
    return {};
}

BarStore::Replacement replacement_of(const Damaged& one) {
    BarStore::Replacement replacement{one.file, {one.name, one.file.timeframe, {}, one.synthetic}, one.moved()};
    for (const auto& [start, bar] : one.rebuilt) replacement.series.bars.push_back(bar);
    return replacement;
}

std::string moment_text(ExchangeTime time) { return ist_text(time).substr(0, 16); }

void print_damaged(const Damaged& one) {
    const auto lost = one.lost();
    fmt::print("{} {}: {}; {} bars rebuilt from the journals\n", one.file.symbol, name_of(one.file.timeframe),
               one.moved() ? "damaged, set aside" : "set aside earlier", one.rebuilt.size());
    if (one.times.empty()) fmt::print("  what the damaged file had cannot be told any more\n");
    if (!lost.empty()) {
        fmt::print("  {} bars that it had could not be rebuilt, {} to {}: import them again\n", lost.size(),
                   moment_text(lost.front()), moment_text(lost.back()));
    }
}

Json to_json(const Damaged& one) {
    const auto lost = one.lost();
    return {{"symbol", one.file.symbol},
            {"timeframe", name_of(one.file.timeframe)},
            {"problem", one.problem},
            {"rebuilt", one.rebuilt.size()},
            {"lost", lost.size()},
            {"lost_from", lost.empty() ? Json() : Json(format_iso(lost.front()))},
            {"lost_to", lost.empty() ? Json() : Json(format_iso(lost.back()))}};
}

}  // namespace

Result<ExitCode> data_cleanup_command(const StoreDataOptions& options) {
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    EngineSettings settings;
    const std::string config = options.config_file.empty() ? paths->config_file().string() : options.config_file;
    if (auto read = settings.read_file(config); !read) return read.error();
    auto store = BarStore::open(paths->bars());
    if (!store) return store.error();
    const Date today = parse_date(options.as_of).value_or(ist_date(wall_clock_now()));
    auto plan = plan_cleanup(*store, *paths, settings.retention, today);
    if (!plan) return plan.error();
    const bool act = options.confirm && !options.dry_run;
    if (act) {
        if (auto done = carry_out(*store, *plan); !done) return done.error();
    }
    if (options.json) {
        std::cout << to_json(*plan, act).dump(2) << "\n";
    } else {
        print_plan(*plan, act);
    }
    const bool to_do = !plan->bars.empty() || std::any_of(plan->journals.begin(), plan->journals.end(),
                                                          [](const OldJournal& one) { return one.why_kept.empty(); });
    if (act || options.dry_run || !to_do) return ExitCode::done;
    return make_error(ErrorCode::usage, "nothing was removed; say --confirm to remove it, or --dry-run only to see it");
}

Result<ExitCode> data_rebuild_command(const StoreDataOptions& options) {
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    auto store = BarStore::open(paths->bars());
    if (!store) return store.error();
    const auto files = chosen_files(*store, options);
    if (!files) return files.error();
    std::vector<Damaged> damaged;
    std::vector<BarStore::Replacement> replacements;
    for (const auto& file : *files) {
        if (!file.present) {
            damaged.push_back(damaged_series(*store, file, ""));
            continue;
        }
        auto read = store->read_file(file);
        if (!read && read.error().code != ErrorCode::corrupt) return read.error();
        if (!read) {
            damaged.push_back(damaged_series(*store, file, read.error().message));
        } else if (read->schema_version < kBarSchemaVersion) {
            replacements.push_back({file, std::move(read->series), false});
        }
    }
    const size_t migrated = replacements.size();
    if (!damaged.empty()) {
        if (auto done = rebuild_from_journals(damaged, *paths); !done) return done.error();
    }
    for (const auto& one : damaged) {
        if (one.moved() || !one.rebuilt.empty()) replacements.push_back(replacement_of(one));
    }
    if (auto done = store->replace(replacements); !done) return done.error();
    const bool whole = std::all_of(damaged.begin(), damaged.end(),
                                   [](const Damaged& one) { return one.lost().empty() && !one.times.empty(); });
    if (options.json) {
        auto series = Json::array();
        for (const auto& one : damaged) series.push_back(to_json(one));
        std::cout << Json{{"schema_version", 1}, {"migrated", migrated}, {"whole", whole}, {"series", series}}.dump(2)
                  << "\n";
    } else {
        for (const auto& one : damaged) print_damaged(one);
        if (migrated > 0) fmt::print("{} files without schema_version written anew\n", migrated);
        if (replacements.empty() && damaged.empty()) fmt::print("no damaged files in {}\n", store->root().string());
    }
    return whole ? ExitCode::done : ExitCode::does_not_hold;
}

}  // namespace tide
