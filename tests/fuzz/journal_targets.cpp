#include <cstring>
#include <optional>

#include "core/assert.hpp"
#include "core/digest.hpp"
#include "journal/event_codec.hpp"
#include "journal/journal_reader.hpp"
#include "scratch_file.hpp"
#include "targets.hpp"

namespace tide::fuzz {
namespace {

std::string encoded(const JournalRecord& record) {
    std::string bytes;
    if (record.is_output()) {
        encode(record.output, bytes);
    } else {
        encode(record.event, bytes);
    }
    return bytes;
}

// Each record has one way to be written.
void check_written_again(const JournalRecord& record, std::string_view original) {
    TIDE_ASSERT(encoded(record) == original);
}

void append_number(std::string& out, auto value) { out.append(reinterpret_cast<const char*>(&value), sizeof value); }

}  // namespace

void journal_file(std::string_view bytes) {
    const auto path = scratch_file("journal", bytes).string();
    auto reader = JournalReader::open(path);
    if (!reader) return;
    JournalRecord record;
    uint64_t before = reader->offset();
    for (;;) {
        const auto more = reader->next(record);
        if (!more || !*more) break;
        TIDE_ASSERT(record.offset == before && reader->offset() > before && reader->offset() <= bytes.size());
        check_written_again(record, bytes.substr(before, reader->offset() - before));
        before = reader->offset();
    }
    const auto cut = cut_torn_tail(path);
    if (cut) TIDE_ASSERT(cut->kept_bytes + cut->cut_bytes == bytes.size() && cut->records == reader->records());
}

void journal_record(std::string_view bytes) {
    if (bytes.empty()) return;
    const std::string_view payload = bytes.substr(1);
    std::string framed;
    append_number(framed, static_cast<uint32_t>(payload.size()));
    append_number(framed, static_cast<uint16_t>(static_cast<unsigned char>(bytes[0])));
    append_number(framed, uint16_t(0));
    append_number(framed, uint64_t(1));                         // sequence
    append_number(framed, int64_t(1'704'080'700'000'000'000));  // received
    append_number(framed, int64_t(0));                          // exchange time
    framed += payload;
    append_number(framed, crc32c(framed));
    JournalRecord record;
    const auto size = decode(framed, record);
    if (!size) return;
    TIDE_ASSERT(*size == framed.size());
    check_written_again(record, framed);
}

}  // namespace tide::fuzz
