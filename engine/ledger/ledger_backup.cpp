#include "ledger/ledger_backup.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "ledger/audit_anchors.hpp"
#include "ledger/ledger_reader.hpp"
#include "ledger/ledger_schema.hpp"
#include "ledger/sqlite.hpp"

namespace tide {
namespace fs = std::filesystem;
namespace {

using sqlite::Database;

constexpr int kBusyTimeoutMs = 5'000;

Error file_error(const fs::path& file, std::string_view doing, const std::error_code& code) {
    return make_error(ErrorCode::io, fmt::format("{}: cannot {}: {}; check the disk and its free space", file.string(),
                                                 doing, code.message()));
}

// Of a file or a folder.
Result<void> force_to_disk(const fs::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool done = descriptor >= 0 && ::fsync(descriptor) == 0;
    const std::error_code code(errno, std::generic_category());
    if (descriptor >= 0) ::close(descriptor);
    if (!done) return file_error(path, "force it to the disk", code);
    return {};
}
Result<void> rename_durably(const fs::path& from, const fs::path& to) {
    std::error_code code;
    fs::rename(from, to, code);
    if (code) return file_error(to, "put it there", code);
    return force_to_disk(to.parent_path());
}

Result<std::string> digest_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    Sha256 hash;
    std::string buffer(1 << 20, '\0');
    while (in) {
        in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
        hash.update(std::string_view(buffer.data(), static_cast<size_t>(in.gcount())));
    }
    if (!in.eof()) return make_error(ErrorCode::not_found, fmt::format("{}: cannot be read", file.string()));
    return to_hex(hash.finish());
}

// As of one moment, into a new file that needs no log beside it.
Result<void> copy_database(const std::string& from, const std::string& to) {
    auto source = Database::open(from, from, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, kBusyTimeoutMs);
    if (!source) return source.error();
    {
        auto target = Database::open(to, to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, 0);
        if (!target) return target.error();
        if (auto copied = source->copy_to(*target); !copied) return copied;
        if (auto single = target->run("PRAGMA journal_mode = DELETE"); !single) return single;
        const auto sound = target->number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'");
        if (!sound) return sound.error();
        if (*sound != 0) return make_error(ErrorCode::corrupt, fmt::format("ledger {}: the database is damaged", from));
    }
    return force_to_disk(to);
}

// Every chain, every typed row, every anchor.
Result<LedgerBackup> check_copy(const std::string& database, const std::string& anchors_file) {
    const auto anchors = read_anchors(anchors_file);
    if (!anchors) return anchors.error();
    const auto reader = LedgerReader::open(database);
    if (!reader) return reader.error();
    const auto verdict = reader->verify_audit("all", *anchors);
    if (!verdict) return verdict.error();
    LedgerBackup backup;
    backup.database = database;
    backup.name = fs::path(database).stem().string();
    std::error_code ignored;
    backup.bytes = fs::file_size(database, ignored);
    backup.sessions = verdict->sessions.size();
    for (const auto& session : verdict->sessions) {
        backup.audit_rows += session.rows;
        if (session.holds()) continue;
        const std::string& problem = session.bad_row ? session.problem : session.differences.front();
        return make_error(ErrorCode::mismatch, fmt::format("ledger {}: session {} does not hold: {}", database,
                                                           session.session_id, problem));
    }
    if (!verdict->problems.empty()) {
        return make_error(ErrorCode::mismatch, fmt::format("ledger {}: {}", database, verdict->problems.front()));
    }
    return backup;
}

struct BackupFiles {
    BackupFiles(const fs::path& folder, const std::string& name)
        : database(folder / (name + ".db")),
          anchors(folder / (name + ".anchors.log")),
          manifest(folder / (name + ".sha256")) {}
    explicit BackupFiles(const fs::path& database_file)
        : BackupFiles(database_file.parent_path(), database_file.stem().string()) {}
    void remove() const {
        std::error_code ignored;
        for (const fs::path& file : {manifest, database, anchors}) fs::remove(file, ignored);
    }
    fs::path database, anchors, manifest;
};

Result<void> write_manifest(const BackupFiles& files) {
    std::string text;
    std::error_code missing;
    for (const fs::path& file : {files.database, files.anchors}) {
        if (!fs::exists(file, missing)) continue;
        const auto digest = digest_of(file);
        if (!digest) return digest.error();
        text += fmt::format("{}  {}\n", *digest, file.filename().string());
    }
    const fs::path part = files.manifest.string() + ".part";
    std::ofstream out(part, std::ios::binary);
    out << text;
    out.close();
    if (!out) return file_error(part, "write it", std::error_code(errno, std::generic_category()));
    if (auto forced = force_to_disk(part); !forced) return forced;
    return rename_durably(part, files.manifest);
}

Result<void> check_manifest(const BackupFiles& files) {
    std::ifstream in(files.manifest);
    if (!in) {
        return make_error(ErrorCode::not_found,
                          fmt::format("{}: there is no manifest; a backup is a .db with its .sha256 beside it",
                                      files.manifest.string()));
    }
    bool has_database = false;
    for (std::string line; std::getline(in, line);) {
        const size_t blank = line.find("  ");
        const std::string name = blank == std::string::npos ? "" : line.substr(blank + 2);
        if (name != files.database.filename() && name != files.anchors.filename()) {
            return make_error(ErrorCode::corrupt,
                              fmt::format("{}: '{}' is no line of a manifest", files.manifest.string(), line));
        }
        has_database = has_database || name == files.database.filename();
        const auto digest = digest_of(files.manifest.parent_path() / name);
        if (!digest) return digest.error();
        if (*digest != line.substr(0, blank)) {
            return make_error(ErrorCode::corrupt,
                              fmt::format("{}: it is not what was backed up (its checksum differs); "
                                          "use another backup",
                                          (files.manifest.parent_path() / name).string()));
        }
    }
    if (!has_database)
        return make_error(ErrorCode::corrupt, fmt::format("{}: it names no database", files.manifest.string()));
    return {};
}

// Nobody may write while the store is exchanged: what is in its log goes into the file, and the log away.
Result<void> close_log(const std::string& ledger) {
    auto database = Database::open(ledger, ledger, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, 0);
    if (!database) return database.error();
    auto alone =
        database->run("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT; PRAGMA journal_mode = DELETE");
    if (alone || alone.error().code != ErrorCode::corrupt) return alone;
    return {};  // damaged: it is set aside as it is
}

Result<std::string> set_aside(const fs::path& ledger, const std::string& aside_name) {
    std::error_code code;
    if (!fs::exists(ledger, code)) return std::string();
    if (auto closed = close_log(ledger.string()); !closed) return closed.error();
    const fs::path aside = ledger.parent_path() / aside_name;
    for (const char* tail : {"-wal", "-shm"}) {  // only of a damaged one
        if (fs::exists(ledger.string() + tail, code)) fs::rename(ledger.string() + tail, aside.string() + tail, code);
        if (code) return file_error(ledger.string() + tail, "set it aside", code);
    }
    // A second name, so that at every moment there is a store under the first.
    fs::create_hard_link(ledger, aside, code);
    if (code) fs::copy_file(ledger, aside, code);
    if (code) return file_error(aside, "set the store aside", code);
    if (auto forced = force_to_disk(aside); !forced) return forced.error();
    return aside.string();
}

}  // namespace

Result<LedgerBackup> make_ledger_backup(const std::string& ledger, const std::string& anchors,
                                        const std::string& folder, const std::string& name) {
    std::error_code code;
    if (!fs::exists(ledger, code)) {
        return make_error(ErrorCode::not_found, fmt::format("ledger {}: there is none yet; a run creates it", ledger));
    }
    fs::create_directories(folder, code);
    if (code) return file_error(folder, "make the folder", code);
    const BackupFiles made(folder, name + ".new");
    made.remove();
    const auto give_up = [&](Error error) {
        made.remove();
        return error;
    };
    // The anchors first: the database that is copied after them has all that they speak of.
    if (fs::exists(anchors, code) && !fs::copy_file(anchors, made.anchors, code))
        return give_up(file_error(made.anchors, "copy the anchors", code));
    if (auto copied = copy_database(ledger, made.database.string()); !copied) return give_up(copied.error());
    auto backup = check_copy(made.database.string(), made.anchors.string());
    if (!backup) return give_up(backup.error());

    const BackupFiles final_files(folder, name);
    fs::remove(final_files.manifest, code);
    if (fs::exists(made.anchors, code)) {
        if (auto forced = force_to_disk(made.anchors); !forced) return give_up(forced.error());
        if (auto moved = rename_durably(made.anchors, final_files.anchors); !moved) return give_up(moved.error());
    }
    if (auto moved = rename_durably(made.database, final_files.database); !moved) return give_up(moved.error());
    if (auto written = write_manifest(final_files); !written) return give_up(written.error());
    backup->name = name;
    backup->database = final_files.database.string();
    return backup;
}

Result<LedgerBackup> verify_ledger_backup(const std::string& database) {
    const BackupFiles files{fs::path(database)};
    if (auto whole = check_manifest(files); !whole) return whole.error();
    return check_copy(database, files.anchors.string());
}

std::vector<std::string> list_ledger_backups(const std::string& folder, const std::string& prefix) {
    std::vector<std::string> names;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
        const fs::path& file = entry.path();
        if (file.extension() == ".sha256" && file.filename().string().starts_with(prefix))
            names.push_back(file.stem().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

Result<void> rotate_ledger_backups(const std::string& folder, const std::string& prefix, size_t keep) {
    const auto names = list_ledger_backups(folder, prefix);
    for (size_t i = 0; i + keep < names.size(); ++i) {
        const BackupFiles files(folder, names[i]);
        files.remove();
        std::error_code code;
        if (fs::exists(files.database, code)) return file_error(files.database, "remove the old backup", code);
    }
    return {};
}

Result<RestoredLedger> restore_ledger(const std::string& backup_database, const std::string& ledger,
                                      const std::string& anchors, const std::string& aside_name) {
    RestoredLedger restored;
    auto checked = verify_ledger_backup(backup_database);
    if (!checked) return checked.error();
    restored.backup = *checked;
    const auto known = read_anchors(anchors);  // the home's own, which may know of more
    if (!known) return known.error();

    const fs::path incoming = ledger + ".restoring";
    std::error_code code;
    fs::copy_file(backup_database, incoming, fs::copy_options::overwrite_existing, code);
    if (code) return file_error(incoming, "copy the backup", code);
    const auto give_up = [&](Error error) {
        std::error_code ignored;
        fs::remove(incoming, ignored);
        return error;
    };
    if (auto forced = force_to_disk(incoming); !forced) return give_up(forced.error());
    auto aside = set_aside(ledger, aside_name);
    if (!aside) return give_up(aside.error());
    restored.set_aside = *aside;
    if (auto placed = rename_durably(incoming, ledger); !placed) return give_up(placed.error());

    std::map<std::string, uint64_t> furthest;
    for (const AuditAnchor& anchor : *known) {
        if (anchor.kind == "retired") furthest.erase(anchor.session);
        if (anchor.kind == "anchor") furthest[anchor.session] = std::max(furthest[anchor.session], anchor.row);
    }
    const auto reader = LedgerReader::open(ledger);
    if (!reader) return reader.error();
    const auto sessions = reader->sessions();
    if (!sessions) return sessions.error();
    for (const SessionRow& session : *sessions) {
        const auto anchored = furthest.find(session.session_id);
        if (anchored != furthest.end() && anchored->second <= session.audit_rows) furthest.erase(anchored);
    }
    for (const auto& [session, row] : furthest) restored.to_recover.push_back(session);
    return restored;
}

namespace {

Result<std::set<std::string>> tables_of(const Database& database) {
    auto list = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'");
    if (!list) return list.error();
    std::set<std::string> names;
    while (list->step() == SQLITE_ROW) names.insert(list->text(0));
    return names;
}

// Of a store of this engine's version: what a new one has and it has not.
Result<std::string> missing_table(const Database& database) {
    auto fresh = Database::open(":memory:", "a new store", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, 0);
    if (!fresh) return fresh.error();
    if (auto made = migrate(*fresh, ledger_migrations()); !made) return made.error();
    const auto wanted = tables_of(*fresh);
    const auto there = tables_of(database);
    if (!wanted || !there) return make_error(ErrorCode::corrupt, "its list of tables does not read");
    for (const std::string& table : *wanted) {
        if (!there->contains(table)) return fmt::format("its table {} is missing", table);
    }
    return std::string();
}

// Errors are damage, too.
Result<std::string> structural_damage(const std::string& ledger) {
    std::error_code code;
    if (fs::file_size(ledger, code) == 0) return std::string("it is empty");
    auto database = Database::open(ledger, ledger, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, kBusyTimeoutMs);
    if (!database) return database.error();
    const auto bad = database->number("SELECT count(*) FROM pragma_quick_check WHERE quick_check <> 'ok'");
    if (!bad) return bad.error();
    if (*bad != 0) return std::string("its pages contradict each other");
    const auto version = database->number("PRAGMA user_version");
    if (!version) return version.error();
    if (*version != ledger_migrations().back().version) return std::string();  // an older one is brought up to date
    return missing_table(*database);
}

}  // namespace

Result<std::string> find_ledger_damage(const std::string& ledger, const std::string& anchors, bool thorough) {
    std::error_code code;
    if (!fs::exists(ledger, code)) return std::string();
    const auto structure = structural_damage(ledger);
    if (!structure && structure.error().code == ErrorCode::io) return structure.error();
    if (!structure) return structure.error().message;
    if (!structure->empty() || !thorough) return *structure;
    if (const auto known = read_anchors(anchors); !known) return known.error();
    const auto checked = check_copy(ledger, anchors);
    if (checked || checked.error().code == ErrorCode::input) return std::string();
    return checked.error().message;
}

Result<void> move_ledger_aside(const std::string& ledger, const std::string& aside) {
    std::error_code code;
    for (const char* tail : {"-wal", "-shm", ""}) {
        if (!fs::exists(ledger + tail, code)) continue;
        fs::rename(ledger + tail, aside + tail, code);
        if (code) return file_error(ledger + tail, "set it aside", code);
    }
    return force_to_disk(fs::path(ledger).parent_path());
}

Result<std::string> restore_newest_backup(const std::string& folder, const std::string& ledger,
                                          const std::string& anchors) {
    std::vector<std::pair<fs::file_time_type, std::string>> backups;
    for (const std::string& name : list_ledger_backups(folder, "")) {
        const fs::path file = fs::path(folder) / (name + ".db");
        std::error_code code;
        const auto time = fs::last_write_time(file, code);
        if (!code) backups.emplace_back(time, file.string());
    }
    std::sort(backups.rbegin(), backups.rend());
    for (const auto& [time, file] : backups) {
        if (!verify_ledger_backup(file)) continue;
        auto restored = restore_ledger(file, ledger, anchors, "");
        if (!restored) return restored.error();
        return restored->backup.name;
    }
    return std::string();
}

Result<std::vector<RetiredSession>> sessions_before(const std::string& ledger, ReceiveTime before) {
    const auto reader = LedgerReader::open(ledger);
    if (!reader) return reader.error();
    const auto sessions = reader->sessions();
    if (!sessions) return sessions.error();
    std::vector<RetiredSession> old;
    for (const SessionRow& session : *sessions) {
        const auto last = session.ended ? session.ended : session.started;
        if (last && *last < before) old.push_back({session.session_id, session.audit_rows});
    }
    return old;
}

Result<void> retire_sessions(const std::string& ledger, const std::string& anchors,
                             const std::vector<RetiredSession>& sessions, ReceiveTime now, const std::string& why) {
    auto database = Database::open(ledger, ledger, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, kBusyTimeoutMs);
    if (!database) return database.error();
    if (auto newest = check_version(*database, ledger_migrations()); !newest) return newest;
    auto find = database->prepare("SELECT number, audit_rows, audit_head FROM sessions WHERE session_id = ?");
    if (!find) return find.error();
    for (const RetiredSession& session : sessions) {
        find->bind_all(session.session_id);
        if (find->step() != SQLITE_ROW) return database->last_error("find the session");
        const int64_t number = find->integer(0);
        const uint64_t rows = find->whole(1);
        const std::string head = to_hex(find->digest(2).value_or(Sha256Digest{}));
        find->reset();
        // Said first: a session that is said to be retired and still there does no harm, one that is gone unsaid does.
        if (auto said = append_anchor(anchors, {now, "retired", session.session_id, rows, head, why}); !said)
            return said;
        std::string sql = "BEGIN IMMEDIATE;";
        for (const char* table :
             {"audit", "orders", "order_events", "fills", "positions", "trades", "exit_audit", "equity", "risk_checks",
              "skips", "script_versions", "halts", "commands", "states", "notes", "order_groups"}) {
            sql += fmt::format("DELETE FROM {} WHERE session = {};", table, number);
        }
        sql += fmt::format("DELETE FROM sessions WHERE number = {};COMMIT", number);
        if (auto removed = database->run(sql); !removed) {
            const auto undone = database->in_transaction() ? database->run("ROLLBACK") : Result<void>();
            (void)undone;
            return removed;
        }
    }
    return {};
}

}  // namespace tide
