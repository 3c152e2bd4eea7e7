#include "app/kill_backup.hpp"

#include <fmt/format.h>

#include "app/bars_backup.hpp"
#include "app/wall_clock.hpp"
#include "ledger/ledger_backup.hpp"

namespace tide {
namespace fs = std::filesystem;
namespace {

Result<std::string> copy_journal(const Paths& paths, const fs::path& journal) {
    const fs::path copy = paths.backups() / journal.filename();
    std::error_code error;
    fs::create_directories(paths.backups(), error);
    fs::copy_file(journal, copy, fs::copy_options::overwrite_existing, error);
    if (error) return make_error(ErrorCode::io, fmt::format("{}: {}", copy.string(), error.message()));
    return copy.string();
}

}  // namespace

KillBackup back_up_after_kill(const Paths& paths, const std::string& journal) {
    KillBackup backup;
    const auto add = [&](const char* what, bool done, const std::string& text) {
        backup.done = backup.done && done;
        backup.text += fmt::format("{}{} {}{}", backup.text.empty() ? "" : "; ", what, done ? "" : "FAILED: ", text);
    };
    const auto store = make_ledger_backup(paths.ledger().string(), paths.audit_anchors().string(),
                                          paths.backups().string(), "ledger-kill-" + utc_stamp());
    add("store", store.has_value(), store ? store->database : store.error().message);
    if (!journal.empty()) {
        const auto copy = copy_journal(paths, journal);
        add("journal", copy.has_value(), copy ? *copy : copy.error().message);
    }
    const auto bars = back_up_bars(paths, "");
    const bool none = !bars && bars.error().code == ErrorCode::not_found;
    add("bars", bars || none, none ? "none are kept" : bars ? bars->folder.string() : bars.error().message);
    return backup;
}

}  // namespace tide
