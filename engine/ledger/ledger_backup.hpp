#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"

// Copies of the store that were checked when they were made, and the way back.
//
// A backup NAME in a folder is NAME.db (the database as of one moment, taken while sessions go on writing),
// NAME.anchors.log (the anchors, where there are any) and NAME.sha256, the manifest: one "<sha256>  <file>" line a
// file, as `sha256sum -c` reads it. The manifest is written last: without it there is no backup.
namespace tide {

struct LedgerBackup {
    std::string name;
    std::string database;  // path of NAME.db
    uint64_t bytes = 0;
    size_t sessions = 0;
    uint64_t audit_rows = 0;
};

// Makes and checks a backup: the database's structure, every chain, the typed rows, the anchors. One of the same name
// is replaced. Nothing is left behind on an error, and older backups stay. Errors: not_found (no store), io, corrupt,
// mismatch (the store itself does not hold).
Result<LedgerBackup> make_ledger_backup(const std::string& ledger, const std::string& anchors,
                                        const std::string& folder, const std::string& name);
// Checks a backup, named by its database file: the manifest, then as above.
Result<LedgerBackup> verify_ledger_backup(const std::string& database);
// Names of the backups in a folder that begin with `prefix`, oldest first. No folder: none.
std::vector<std::string> list_ledger_backups(const std::string& folder, const std::string& prefix);
// Removes the oldest of them until `keep` are left.
Result<void> rotate_ledger_backups(const std::string& folder, const std::string& prefix, size_t keep);

struct RestoredLedger {
    LedgerBackup backup;
    std::string set_aside;                // where the store that was there before is now; empty: there was none
    std::vector<std::string> to_recover;  // sessions that the anchors know more of: 'engine recover' completes them
};
// Puts a backup in the place of the store, all or nothing: it is checked first, what was there is set aside under
// `aside_name` beside it. Errors: as verify; io, retryable, while a session writes to the store.
Result<RestoredLedger> restore_ledger(const std::string& backup_database, const std::string& ledger,
                                      const std::string& anchors, const std::string& aside_name);

// What is wrong with the store: no database, pages that contradict each other, a table that is missing; `thorough`:
// also a chain, a typed row or an anchor that does not hold. Empty: nothing, or there is no store. Errors: mismatch,
// when the anchors' file itself does not hold.
Result<std::string> find_ledger_damage(const std::string& ledger, const std::string& anchors, bool thorough);
// Moves a damaged store and its log out of the way, to be looked at later. Errors: io.
Result<void> move_ledger_aside(const std::string& ledger, const std::string& aside);
// The newest backup that holds is put in the place of the store, which is gone. Gives its name; empty: there is none.
Result<std::string> restore_newest_backup(const std::string& folder, const std::string& ledger,
                                          const std::string& anchors);

// Retention: sessions that ended (or, never ended, began) before `before`, oldest first.
struct RetiredSession {
    std::string session_id;
    uint64_t rows = 0;
};
Result<std::vector<RetiredSession>> sessions_before(const std::string& ledger, ReceiveTime before);
// Removes them, after saying so in the anchors. The caller has made a backup.
Result<void> retire_sessions(const std::string& ledger, const std::string& anchors,
                             const std::vector<RetiredSession>& sessions, ReceiveTime now, const std::string& why);

}  // namespace tide
