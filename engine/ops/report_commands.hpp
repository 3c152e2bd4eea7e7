#pragma once
#include <iosfwd>

#include "ops/store_commands.hpp"

// Reports over the store: profit in groups, and the year for a tax return. They write to `out`; the value is the exit
// code.
namespace tide {

enum class ReportForm : uint8_t { table, json, csv };

Result<int> run_pnl_command(const LedgerReader& ledger, const RowFilter& filter, PnlBy by, ReportForm form,
                            const OutputStyle& style, std::ostream& out);
// `year` as "2026-27". CSV has the closed trades; the other forms everything.
Result<int> run_tax_command(const LedgerReader& ledger, const std::string& year, ReportForm form,
                            const OutputStyle& style, std::ostream& out);

}  // namespace tide
