#pragma once
#include <span>
#include <string>

#include "core/result.hpp"
#include "ledger/sqlite.hpp"

// The tables. Money and prices are integers in 1/10000 rupee and times are nanoseconds since 1970 UTC; next to each
// stands a computed column for people (`net_rupees`, `opened` in Indian time), which costs no space.
namespace tide {

inline constexpr int64_t kLedgerApplicationId = 0x54494445;  // "TIDE", in the file's header

struct Migration {
    int64_t version;  // 1, 2, 3, …
    const char* description;
    std::string sql;
};
std::span<const Migration> ledger_migrations();

// Brings the database from its version to the newest in one transaction. A version that is newer than all is refused,
// so is a database that is not a ledger.
Result<void> migrate(const sqlite::Database& database, std::span<const Migration> migrations);
// The version found, which must be the newest; for readers.
Result<void> check_version(const sqlite::Database& database, std::span<const Migration> migrations);

}  // namespace tide
