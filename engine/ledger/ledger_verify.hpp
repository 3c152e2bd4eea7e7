#pragma once
#include "ledger/ledger_reader_impl.hpp"

namespace tide {

// Checks one session of the ledger against itself: the chain, the head that the session remembers, the anchors, and the
// rows of orders, fills, positions and trades against the audit rows they were made from.
Result<AuditVerdict::Session> verify_session(const sqlite::Database& database, const SessionKey& session,
                                             const std::vector<AuditAnchor>& anchors);

}  // namespace tide
