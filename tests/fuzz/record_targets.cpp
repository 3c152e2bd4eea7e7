#include "core/assert.hpp"
#include "ledger/audit_anchors.hpp"
#include "ledger/ledger_backup.hpp"
#include "scratch_file.hpp"
#include "targets.hpp"
#include "trading/record_text.hpp"
#include "trading/records.hpp"

namespace tide::fuzz {

// Any text that a record holds comes back from its canonical line as it was.
void record_text(std::string_view bytes) {
    if (const auto record = parse_record_text(bytes)) {
        TIDE_ASSERT(!record->kind.empty());
        for (const auto& [key, value] : record->fields) {
            TIDE_ASSERT(!key.empty() && record->find(key) != nullptr);
            static_cast<void>(record->whole(key));
        }
    }
    const std::string line = canonical_text(NoteRecord{"info", std::string(bytes), std::string(bytes)});
    const auto note = parse_record_text(line);
    TIDE_ASSERT(note && note->kind == "note" && line.find('\n') == std::string::npos);
    TIDE_ASSERT(*note->find("source") == bytes && *note->find("text") == bytes);
}

// Sealed lines can be shortened, and nothing else: every prefix that ends with a line holds as well.
void audit_anchors(std::string_view bytes) {
    const auto anchors = parse_anchors(bytes, "anchors");
    if (!anchors || anchors->empty()) return;
    const size_t end = bytes.rfind('\n');
    const auto again = parse_anchors(bytes.substr(0, end), "anchors");
    TIDE_ASSERT(again && again->size() + 1 == anchors->size());
    for (const AuditAnchor& anchor : *anchors) TIDE_ASSERT(!anchor.kind.empty());
}

// The manifest of a backup whose database is the letter x: whatever it says, no backup.
void ledger_manifest(std::string_view bytes) {
    const auto manifest = scratch_file("copy.sha256", bytes);
    const auto database = manifest.parent_path() / "copy.db";
    static const bool written = [&] {
        std::error_code error;
        std::filesystem::copy_file(scratch_file("x", "x"), database, error);
        return !error;
    }();
    TIDE_ASSERT(written);
    const auto backup = verify_ledger_backup(database.string());
    TIDE_ASSERT(!backup && !backup.error().message.empty());
}

}  // namespace tide::fuzz
