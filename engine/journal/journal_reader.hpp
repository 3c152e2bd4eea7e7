#pragma once
#include <memory>
#include <optional>
#include <string>

#include "core/result.hpp"
#include "journal/journal_format.hpp"

namespace tide {

// Where and how a journal stops being readable.
struct JournalDamage {
    uint64_t offset = 0;     // of the first byte that cannot be used
    bool torn_tail = false;  // nothing readable follows: a write that was cut short, safe to cut off
    uint64_t last_sequence = 0;
    std::string what;
};

// Reads a journal from its start. Memory: one buffer, which grows to the largest record (limited by kMaxPayloadBytes).
class JournalReader {
  public:
    static Result<JournalReader> open(const std::string& path);
    ~JournalReader();
    JournalReader(JournalReader&& other) noexcept;
    JournalReader& operator=(JournalReader&&) = delete;

    const std::string& path() const { return path_; }
    const JournalHeader& header() const { return header_; }
    // true: `record` holds the next one, its texts valid until the next call. false: the end, after a whole record. An
    // error: the disk, or the first bad record (ErrorCode::corrupt, details in damage()); every later call repeats it.
    Result<bool> next(JournalRecord& record);
    const std::optional<JournalDamage>& damage() const { return damage_; }

    uint64_t offset() const { return offset_; }  // just after the last good record
    uint64_t last_sequence() const { return last_sequence_; }
    uint64_t records() const { return records_; }
    uint64_t file_bytes() const { return file_bytes_; }

  private:
    JournalReader(std::string path, int file, uint64_t file_bytes);
    Result<void> read_header();
    Result<void> fill(size_t wanted);
    Result<bool> stop(std::string what);
    Result<bool> valid_record_follows() const;

    std::string path_;
    int file_ = -1;
    uint64_t file_bytes_ = 0;
    JournalHeader header_;
    std::string buffer_;
    size_t begin_ = 0;  // of the unread bytes in buffer_
    size_t end_ = 0;
    uint64_t read_bytes_ = 0;  // taken from the file so far
    uint64_t offset_ = 0;
    uint64_t last_sequence_ = 0;
    uint64_t records_ = 0;
    std::optional<JournalDamage> damage_;
};

struct RecoveredTail {
    uint64_t kept_bytes = 0;
    uint64_t cut_bytes = 0;  // 0: the journal was whole
    uint64_t records = 0;
    uint64_t last_sequence = 0;
};
// Cuts an unfinished last write off. Refuses (ErrorCode::corrupt) when readable records follow the damage: then bytes
// in the middle were changed, and cutting would lose what is still there.
Result<RecoveredTail> cut_torn_tail(const std::string& path);

}  // namespace tide
