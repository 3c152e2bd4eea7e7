#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "journal/journal_format.hpp"

// Events and outputs to bytes and back. Decoding trusts nothing: any bytes give a record or an error.
namespace tide {

// Appends one record. The texts of an event must not exceed kMaxPayloadBytes together.
void encode(const Event& event, std::string& out);
void encode(const JournalOutput& output, std::string& out);
// Reads the record that `bytes` starts with; returns its size in bytes. `record.offset` is left alone.
Result<size_t> decode(std::string_view bytes, JournalRecord& record);

// For writers with a buffer of their own: writes at most encoded_bound() bytes at `out`, returns the end.
size_t encoded_bound(const Event& event);
size_t encoded_bound(const JournalOutput& output);
char* encode_to(const Event& event, char* out);
char* encode_to(const JournalOutput& output, char* out);

enum class FrameState : uint8_t { whole, incomplete, damaged };
struct RecordFrame {
    FrameState state = FrameState::damaged;
    size_t size = 0;  // whole: of the record; incomplete: how many bytes are needed to say more
    JournalKind kind{};
    uint64_t sequence = 0;
    std::string_view payload;
};
// Checks size, kind and CRC of the record that `bytes` starts with, without decoding its payload.
RecordFrame read_frame(std::string_view bytes);

std::string encode_header(const JournalHeader& header);
// Returns the header's size; `bytes` may go on after it.
Result<size_t> decode_header(std::string_view bytes, JournalHeader& header);
inline constexpr size_t kMaxHeaderBytes = 24 + 2 * 65535;

}  // namespace tide
