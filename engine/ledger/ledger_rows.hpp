#pragma once
#include <array>
#include <memory>

#include "core/result.hpp"
#include "ledger/sqlite.hpp"
#include "trading/records.hpp"

namespace tide {

// Turns one record into rows, by statements prepared once. The caller owns the transaction.
class LedgerRows {
  public:
    static Result<LedgerRows> prepare(const sqlite::Database& database, int64_t session);
    ~LedgerRows();
    LedgerRows(LedgerRows&&) noexcept;
    LedgerRows& operator=(LedgerRows&&) noexcept;

    // The audit row and the row of the record's own table.
    Result<void> write(const sqlite::Database& database, const Record& record);

  private:
    struct Statements;
    LedgerRows(std::unique_ptr<Statements> statements, int64_t session);
    std::unique_ptr<Statements> statements_;
    int64_t session_;
};

}  // namespace tide
