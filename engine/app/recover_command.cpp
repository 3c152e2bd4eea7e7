#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "app/commands.hpp"
#include "app/journal_replay.hpp"
#include "app/paths.hpp"
#include "bindings/lua_host.hpp"
#include "ledger/audit_anchors.hpp"
#include "ledger/ledger.hpp"

// The journal is the truth; the store can always be made from it.
namespace tide {
namespace fs = std::filesystem;
namespace {

struct Recovered {
    std::string session;
    uint64_t rows_before = 0;
    uint64_t rows = 0;
    bool interrupted = false;
    size_t open_positions = 0;
};

Result<Recovered> recover_one(const fs::path& journal, const Paths& paths) {
    auto reader = JournalReader::open(journal.string());
    if (!reader) return reader.error();
    Recovered found;
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

}  // namespace

Result<ExitCode> recover_command(const RecoverOptions& options) {
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    if (auto ready = prepare_home(*paths); !ready) return ready.error();
    if (auto fit = LuaHost::self_test(); !fit) return fit.error();
    auto document = nlohmann::json::array();
    bool missing = false;
    const auto anchors = read_anchors(paths->audit_anchors().string());
    if (!anchors) return anchors.error();
    std::set<std::string> retired;  // on purpose: not to be brought back
    for (const auto& anchor : *anchors) {
        if (anchor.kind == "retired") retired.insert(anchor.session);
    }
    for (const auto& journal : journals_in(*paths)) {
        if (retired.contains(journal.stem().string())) continue;
        auto found = recover_one(journal, *paths);
        if (!found) {
            Error error = found.error();
            error.message = journal.string() + ": " + error.message;
            return error;
        }
        missing = missing || found->rows > found->rows_before;
        document.push_back({{"session", found->session},
                            {"rows", found->rows},
                            {"restored", found->rows - found->rows_before},
                            {"interrupted", found->interrupted},
                            {"open_positions", found->open_positions}});
        if (options.json) continue;
        const std::string state =
            found->interrupted ? fmt::format("interrupted, {} position(s) open when it stopped", found->open_positions)
                               : "ended in order";
        fmt::print("{}  {} rows, {} restored, {}\n", found->session, found->rows, found->rows - found->rows_before,
                   state);
    }
    if (options.json) {
        std::cout << nlohmann::json{{"schema_version", 1}, {"sessions", document}}.dump(2) << "\n";
    } else if (document.empty()) {
        fmt::print("no journals in {}\n", paths->journals().string());
    }
    return missing ? ExitCode::does_not_hold : ExitCode::done;
}

}  // namespace tide
