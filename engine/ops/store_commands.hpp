#pragma once
#include <iosfwd>

#include "ledger/ledger_reader.hpp"

// The commands that read the store: a table for a person, or one JSON document. They write to `out` and nothing else;
// the value is the exit code.
namespace tide {

struct OutputStyle {
    bool json = false;
    bool colour = false;
    size_t width = 0;  // of the terminal; 0: none, tables as wide as they are
};

Result<int> run_sessions_command(const LedgerReader& ledger, const OutputStyle& style, std::ostream& out);
Result<int> run_trades_command(const LedgerReader& ledger, const RowFilter& filter, const OutputStyle& style,
                               std::ostream& out);
Result<int> run_orders_command(const LedgerReader& ledger, const RowFilter& filter, const OutputStyle& style,
                               std::ostream& out);
Result<int> run_positions_command(const LedgerReader& ledger, const PositionFilter& filter, const OutputStyle& style,
                                  std::ostream& out);
Result<int> run_audit_command(const LedgerReader& ledger, const AuditFilter& filter, const OutputStyle& style,
                              std::ostream& out);

}  // namespace tide
