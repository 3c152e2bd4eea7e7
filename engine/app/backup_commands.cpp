#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/engine_settings.hpp"
#include "app/paths.hpp"
#include "ledger/ledger_backup.hpp"
#include "ops/text_table.hpp"

// Backups of the store, the way back, and how long it is kept.
namespace tide {
namespace fs = std::filesystem;
namespace {

ReceiveTime now() {
    return ReceiveTime(std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()));
}
// "20261118-044500", as sessions name theirs.
std::string stamp_of(ReceiveTime time) {
    const ReceiveTime in_utc = time - kIstOffset;
    std::string text = format_date(ist_date(in_utc)) + format_time_of_day(ist_since_midnight(in_utc));
    std::erase_if(text, [](char c) { return c == ':' || c == '-'; });
    return text.insert(8, 1, '-');
}

Result<ExitCode> list_backups(const Paths& paths, bool json) {
    auto document = nlohmann::ordered_json::array();
    TableWriter table({{"backup"}, {"MB", Align::right}});
    for (const std::string& name : list_ledger_backups(paths.backups().string(), "ledger-")) {
        std::error_code ignored;
        const fs::path file = paths.backups() / (name + ".db");
        const auto bytes = static_cast<int64_t>(fs::file_size(file, ignored));
        table.add_row({file.string(), fmt::format("{:.1f}", static_cast<double>(bytes) / 1e6)});
        document.push_back({{"name", name}, {"file", file.string()}, {"bytes", bytes}});
    }
    if (json) {
        std::cout << nlohmann::ordered_json{{"schema_version", 1}, {"backups", document}}.dump(2) << "\n";
    } else if (table.empty()) {
        fmt::print("no backups in {}; 'engine backup --now' makes one\n", paths.backups().string());
    } else {
        std::cout << table.render(false);
    }
    return ExitCode::done;
}

}  // namespace

Result<ExitCode> backup_command(const BackupOptions& options) {
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    if (!options.now) return list_backups(*paths, options.json);
    const auto made = make_ledger_backup(paths->ledger().string(), paths->audit_anchors().string(),
                                         paths->backups().string(), "ledger-" + stamp_of(now()));
    if (!made) return made.error();
    if (options.json) {
        std::cout << nlohmann::ordered_json{{"schema_version", 1},
                                            {"file", made->database},
                                            {"bytes", made->bytes},
                                            {"sessions", made->sessions},
                                            {"audit_rows", made->audit_rows}}
                         .dump(2)
                  << "\n";
    } else {
        fmt::print("{}: {} sessions, {} audit rows, checked\n", made->database, made->sessions, made->audit_rows);
    }
    return ExitCode::done;
}

Result<ExitCode> restore_command(const BackupOptions& options) {
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    if (!options.confirm) {
        const auto checked = verify_ledger_backup(options.file);
        if (!checked) return checked.error();
        return make_error(
            ErrorCode::usage,
            fmt::format("{} holds ({} sessions, {} audit rows); give --confirm to put it in the place of {}",
                        options.file, checked->sessions, checked->audit_rows, paths->ledger().string()));
    }
    if (auto ready = prepare_home(*paths); !ready) return ready.error();
    const auto restored = restore_ledger(options.file, paths->ledger().string(), paths->audit_anchors().string(),
                                         "ledger.db.before-" + stamp_of(now()));
    if (!restored) return restored.error();
    if (options.json) {
        std::cout << nlohmann::ordered_json{{"schema_version", 1},
                                            {"restored", options.file},
                                            {"sessions", restored->backup.sessions},
                                            {"audit_rows", restored->backup.audit_rows},
                                            {"set_aside", restored->set_aside},
                                            {"to_recover", restored->to_recover}}
                         .dump(2)
                  << "\n";
        return ExitCode::done;
    }
    fmt::print("restored {}: {} sessions, {} audit rows\n", options.file, restored->backup.sessions,
               restored->backup.audit_rows);
    if (!restored->set_aside.empty()) fmt::print("what was there is now {}\n", restored->set_aside);
    for (const std::string& session : restored->to_recover)
        fmt::print("session {} has rows that the backup has not: 'engine recover' completes it from its journal\n",
                   session);
    return ExitCode::done;
}

Result<ExitCode> audit_retire_command(const BackupOptions& options) {
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    EngineSettings settings;
    const std::string config = options.config_file.empty() ? paths->config_file().string() : options.config_file;
    if (auto read = settings.read_file(config); !read) return read.error();
    const ReceiveTime today = now();
    const auto before = std::chrono::floor<std::chrono::days>(today.time_since_epoch()) -
                        std::chrono::days(settings.store.audit_years * 36'525 / 100);
    const auto old = sessions_before(paths->ledger().string(), ReceiveTime(Duration(before)));
    if (!old) return old.error();
    for (const auto& session : *old) fmt::print("{}  {} audit rows\n", session.session_id, session.rows);
    if (old->empty()) {
        fmt::print("no session is older than {} years\n", settings.store.audit_years);
        return ExitCode::done;
    }
    if (!options.confirm) {
        fmt::print("nothing was removed: give --confirm to remove these {} sessions\n", old->size());
        return ExitCode::done;
    }
    const auto kept = make_ledger_backup(paths->ledger().string(), paths->audit_anchors().string(),
                                         paths->backups().string(), "ledger-before-retire-" + stamp_of(today));
    if (!kept) return kept.error();
    const std::string why = fmt::format("older than {} years, by {}", settings.store.audit_years, operator_name());
    if (auto done = retire_sessions(paths->ledger().string(), paths->audit_anchors().string(), *old, today, why); !done)
        return done.error();
    fmt::print("removed {} sessions; they are in {}\n", old->size(), kept->database);
    return ExitCode::done;
}

}  // namespace tide
