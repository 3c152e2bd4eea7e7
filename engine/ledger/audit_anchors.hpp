#pragma once
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"

// Anchors: from time to time, and at a session's end, the head of the audit chain is written to a text file beside the
// database. Whoever rewrites the whole database with a chain that holds in itself still has to explain the file, a copy
// of which may be kept elsewhere.
//
// One line an anchor:  TIME KIND session=ID row=N head=HEX[ note="…"] seal=HEX
// where seal = sha256(seal of the line before || the line up to " seal="), so that lines cannot be changed or taken
// out.
namespace tide {

struct AuditAnchor {
    ReceiveTime time;  // of the row
    // "anchor": row N of the session has this hash; "retired": the session was removed on purpose, with N rows.
    std::string kind = "anchor";
    std::string session;
    uint64_t row = 0;
    std::string head;  // hex
    std::string note;  // why it was retired
};

// Appends one line, durably; a last line that was cut off by a crash is removed first. Several processes may append.
// Errors: io; corrupt where the file before it does not hold.
Result<void> append_anchor(const std::string& path, const AuditAnchor& anchor);
// All anchors, oldest first; none where there is no file. Errors: mismatch, naming the first line whose seal does not
// hold.
Result<std::vector<AuditAnchor>> read_anchors(const std::string& path);
// The same from the file's bytes; a last line without its end is left out.
Result<std::vector<AuditAnchor>> parse_anchors(std::string_view text, std::string_view path);

}  // namespace tide
