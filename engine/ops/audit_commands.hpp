#pragma once
#include <iosfwd>

#include "ops/store_commands.hpp"

// Commands over the audit trail. They write to `out` and nothing else; the value is the exit code.
namespace tide {

// 1 when a chain, a row made from it, or an anchor does not hold; what does not is named.
Result<int> run_audit_verify_command(const LedgerReader& ledger, const std::string& session,
                                     const std::vector<AuditAnchor>& anchors, const OutputStyle& style,
                                     std::ostream& out);

// All rows of the filter, oldest first, as they are read: CSV with a header, or one JSON document.
Result<int> run_audit_export_command(const LedgerReader& ledger, const AuditFilter& filter, bool json,
                                     std::ostream& out);

// `subject`: "11" or "order:11", "trade:3". How it came about, from the event that caused it to its fills and its end.
Result<int> run_audit_why_command(const LedgerReader& ledger, const std::string& session, const std::string& subject,
                                  const OutputStyle& style, std::ostream& out);

}  // namespace tide
