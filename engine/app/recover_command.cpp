#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "app/commands.hpp"
#include "app/interrupted_session.hpp"
#include "app/journal_replay.hpp"
#include "app/paths.hpp"
#include "app/store_repair.hpp"
#include "app/wall_clock.hpp"
#include "bindings/lua_host.hpp"
#include "ledger/audit_anchors.hpp"
#include "ledger/ledger.hpp"
#include "ledger/ledger_backup.hpp"
#include "ledger/ledger_reader.hpp"
#include "net/unix_socket.hpp"

// The journal is the truth; the store can always be made from it.
namespace tide {
namespace fs = std::filesystem;
namespace {

Result<Recovered> recover_one(const fs::path& journal, const Paths& paths) {
    Recovered found;
    auto cut = cut_and_keep_tail(journal.string());
    if (!cut) return cut.error();
    found.cut = *cut;
    auto reader = JournalReader::open(journal.string());
    if (!reader) return reader.error();
    found.session = journal.stem().string();
    LedgerOptions options;
    options.session_id = found.session;
    options.mode = reader->header().session_id;
    options.own_thread = false;
    options.anchors_path = paths.audit_anchors().string();
    auto ledger = Ledger::open(paths.ledger().string(), options);
    if (!ledger) return ledger.error();
    found.rows_before = (*ledger)->committed_rows();
    // Rows that the store has already must have the hash that the replay gives them.
    JournalReplay replay(*reader, true, ledger->get());
    if (auto ran = replay.run(); !ran) return ran.error();
    if (auto written = (*ledger)->flush(); !written) return written.error();
    found.rows = replay.session().chain().rows();
    found.interrupted = !replay.complete();
    found.open_positions = replay.session().portfolio().open().size();
    return found;
}

std::vector<fs::path> journals_in(const Paths& paths) {
    std::vector<fs::path> journals;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(paths.journals(), ignored)) {
        const bool of_backtest = entry.path().filename().string().rfind("backtest-", 0) == 0;
        if (entry.path().extension() == ".journal" && !of_backtest) journals.push_back(entry.path());
    }
    std::sort(journals.begin(), journals.end());
    return journals;
}

// Sessions that the anchors know more of than the store has now.
Result<std::vector<std::string>> lost_sessions(const Paths& paths, const std::vector<AuditAnchor>& anchors) {
    std::map<std::string, uint64_t> known;
    for (const auto& anchor : anchors) {
        if (anchor.kind == "retired") known.erase(anchor.session);
        if (anchor.kind == "anchor") known[anchor.session] = std::max(known[anchor.session], anchor.row);
    }
    auto ledger = LedgerReader::open(paths.ledger().string());
    if (!ledger && ledger.error().code != ErrorCode::not_found) return ledger.error();
    if (ledger) {
        auto sessions = ledger->sessions();
        if (!sessions) return sessions.error();
        for (const SessionRow& session : *sessions) {
            const auto found = known.find(session.session_id);
            if (found != known.end() && session.audit_rows >= found->second) known.erase(found);
        }
    }
    std::vector<std::string> lost;
    for (const auto& [session, rows] : known) lost.push_back(session);
    return lost;
}

nlohmann::json to_json(const Recovered& r) {
    return {{"session", r.session},
            {"rows", r.rows},
            {"restored", r.rows > r.rows_before ? r.rows - r.rows_before : 0},
            {"interrupted", r.interrupted},
            {"open_positions", r.open_positions}};
}

void print(const Recovered& r) {
    const std::string state = r.interrupted
                                  ? fmt::format("interrupted, {} position(s) open when it stopped", r.open_positions)
                                  : "ended in order";
    fmt::print("{}  {} rows, {} restored, {}\n", r.session, r.rows, r.rows > r.rows_before ? r.rows - r.rows_before : 0,
               state);
}

}  // namespace

Result<StoreRepair> repair_store(const Paths& paths, bool thorough) {
    StoreRepair repair;
    auto damage = find_ledger_damage(paths.ledger().string(), paths.audit_anchors().string(), thorough);
    if (!damage) return damage.error();
    if (damage->empty()) return repair;
    repair.damaged = true;
    const std::string stem = paths.ledger().string() + ".damaged-" + utc_stamp();
    std::string aside = stem;
    for (int number = 2; fs::exists(aside); ++number) aside = fmt::format("{}-{}", stem, number);
    if (auto moved = move_ledger_aside(paths.ledger().string(), aside); !moved) return moved.error();
    repair.lines.push_back(fmt::format("the store was damaged ({}): it is set aside as {}", *damage, aside));
    auto backup =
        restore_newest_backup(paths.backups().string(), paths.ledger().string(), paths.audit_anchors().string());
    if (!backup) return backup.error();
    repair.lines.push_back(backup->empty() ? "there is no backup that holds: it is made again from the journals alone"
                                           : fmt::format("it is made again from backup {} and the journals", *backup));
    return repair;
}

Result<std::vector<Recovered>> complete_store(const Paths& paths) {
    const auto anchors = read_anchors(paths.audit_anchors().string());
    if (!anchors) return anchors.error();
    std::set<std::string> retired;  // on purpose: not to be brought back
    for (const auto& anchor : *anchors) {
        if (anchor.kind == "retired") retired.insert(anchor.session);
    }
    std::vector<Recovered> all;
    for (const auto& journal : journals_in(paths)) {
        if (retired.contains(journal.stem().string())) continue;
        auto found = recover_one(journal, paths);
        if (!found) {
            Error error = found.error();
            error.message = journal.string() + ": " + error.message;
            return error;
        }
        all.push_back(std::move(*found));
    }
    return all;
}

Result<ExitCode> recover_command(const RecoverOptions& options) {
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    if (auto ready = prepare_home(*paths); !ready) return ready.error();
    if (auto fit = LuaHost::self_test(); !fit) return fit.error();
    auto lock = lock_file(paths->engine_lock());
    if (!lock && lock.error().code == ErrorCode::halted)
        return make_error(ErrorCode::io,
                          fmt::format("an engine runs in {}; stop it first (engine stop)", paths->home.string()));
    if (!lock) return lock.error();
    auto repair = repair_store(*paths, true);
    if (!repair) return repair.error();
    for (const auto& line : repair->lines) fmt::print(stderr, "note: {}\n", line);
    auto sessions = complete_store(*paths);
    if (!sessions) return sessions.error();
    const auto anchors = read_anchors(paths->audit_anchors().string());
    if (!anchors) return anchors.error();
    const auto lost = lost_sessions(*paths, *anchors);
    if (!lost) return lost.error();
    auto document = nlohmann::json::array();
    bool missing = repair->damaged || !lost->empty();
    for (const auto& session : *sessions) {
        missing = missing || session.rows > session.rows_before;
        document.push_back(to_json(session));
        if (!session.cut.empty()) fmt::print(stderr, "note: {}\n", session.cut);
        if (!options.json) print(session);
    }
    for (const auto& session : *lost)
        fmt::print(stderr, "note: session {} cannot be completed: neither a journal nor a backup has all of it\n",
                   session);
    if (options.json) {
        std::cout << nlohmann::json{{"schema_version", 1},
                                    {"sessions", document},
                                    {"store_damaged", repair->damaged},
                                    {"lost", *lost}}
                         .dump(2)
                  << "\n";
    } else if (document.empty()) {
        fmt::print("no journals in {}\n", paths->journals().string());
    }
    return missing ? ExitCode::does_not_hold : ExitCode::done;
}

}  // namespace tide
