#include "journal/journal_reader.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/assert.hpp"
#include "journal/event_codec.hpp"

namespace tide {
namespace {

constexpr size_t kReadBytes = 256U << 10;

Error io_error(const std::string& path, const char* doing, int error_number) {
    return make_error(error_number == ENOENT ? ErrorCode::not_found : ErrorCode::io,
                      fmt::format("journal {}: cannot {}: {}; check the path and its permissions", path, doing,
                                  std::strerror(error_number)));
}

// As many bytes as there are, at most `size`; negative with errno on an error.
ssize_t read_fully_at(int file, char* out, size_t size, uint64_t offset) {
    size_t done = 0;
    while (done < size) {
        const ssize_t got = ::pread(file, out + done, size - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) break;
        done += static_cast<size_t>(got);
    }
    return static_cast<ssize_t>(done);
}

}  // namespace

JournalReader::JournalReader(std::string path, int file, uint64_t file_bytes)
    : path_(std::move(path)), file_(file), file_bytes_(file_bytes) {}

JournalReader::JournalReader(JournalReader&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::exchange(other.file_, -1)),
      file_bytes_(other.file_bytes_),
      header_(std::move(other.header_)),
      buffer_(std::move(other.buffer_)),
      begin_(other.begin_),
      end_(other.end_),
      read_bytes_(other.read_bytes_),
      offset_(other.offset_),
      last_sequence_(other.last_sequence_),
      records_(other.records_),
      damage_(std::move(other.damage_)) {}

JournalReader::~JournalReader() {
    if (file_ >= 0) ::close(file_);
}

Result<JournalReader> JournalReader::open(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return io_error(path, "open it", errno);
    struct stat about {};
    if (::fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
        ::close(file);
        return make_error(ErrorCode::input, fmt::format("journal {}: this is not a file", path));
    }
    JournalReader reader(path, file, static_cast<uint64_t>(about.st_size));
    if (auto read = reader.read_header(); !read) return read.error();
    return reader;
}

Result<void> JournalReader::read_header() {
    if (auto filled = fill(std::min<uint64_t>(kMaxHeaderBytes, file_bytes_)); !filled) return filled;
    const auto size = decode_header(std::string_view(buffer_).substr(begin_, end_ - begin_), header_);
    if (!size) return make_error(size.error().code, fmt::format("journal {}: {}", path_, size.error().message));
    begin_ += *size;
    offset_ = *size;
    return {};
}

// Makes at least `wanted` unread bytes available, or as many as the file has.
Result<void> JournalReader::fill(size_t wanted) {
    if (end_ - begin_ >= wanted) return {};
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    const size_t capacity = std::max(wanted, kReadBytes);
    if (buffer_.size() < capacity) buffer_.resize(capacity);
    const ssize_t got = read_fully_at(file_, buffer_.data() + end_, buffer_.size() - end_, read_bytes_);
    if (got < 0) return io_error(path_, "read it", errno);
    end_ += static_cast<size_t>(got);
    read_bytes_ += static_cast<size_t>(got);
    return {};
}

Result<bool> JournalReader::next(JournalRecord& record) {
    if (damage_) return make_error(ErrorCode::corrupt, damage_->what);
    if (auto filled = fill(kRecordHeadBytes); !filled) return filled.error();
    if (begin_ == end_) return false;
    RecordFrame frame = read_frame({buffer_.data() + begin_, end_ - begin_});
    if (frame.state == FrameState::incomplete) {
        if (auto filled = fill(frame.size); !filled) return filled.error();
    }
    const auto size = decode({buffer_.data() + begin_, end_ - begin_}, record);
    if (!size) return stop(size.error().message);
    if (!record.is_output()) {
        if (record.event.sequence != last_sequence_ + 1) {
            return stop(fmt::format("event {} comes after event {}", record.event.sequence, last_sequence_));
        }
        last_sequence_ = record.event.sequence;
    }
    record.offset = offset_;
    begin_ += *size;
    offset_ += *size;
    ++records_;
    return true;
}

Result<bool> JournalReader::stop(std::string what) {
    const auto more = valid_record_follows();
    if (!more) return more.error();
    JournalDamage damage;
    damage.offset = offset_;
    damage.torn_tail = !*more;
    damage.last_sequence = last_sequence_;
    damage.what = fmt::format("journal {}: {} at byte {}, after event {}; {}", path_, what, offset_, last_sequence_,
                              damage.torn_tail ? "the last write was cut short: 'engine recover' cuts it off"
                                               : "readable records follow, so bytes were changed: restore a copy");
    damage_ = std::move(damage);
    return make_error(ErrorCode::corrupt, damage_->what);
}

// Looks for a later event at every byte after the damage. Two limits' worth of bytes are looked at together, so that a
// record that starts in the first half is whole.
Result<bool> JournalReader::valid_record_follows() const {
    std::string window;
    for (uint64_t start = offset_ + 1; start < file_bytes_; start += kMaxRecordBytes) {
        window.resize(std::min<uint64_t>(2 * kMaxRecordBytes, file_bytes_ - start));
        const ssize_t got = read_fully_at(file_, window.data(), window.size(), start);
        if (got < 0) return io_error(path_, "read it", errno);
        const std::string_view bytes(window.data(), static_cast<size_t>(got));
        const size_t starts = std::min(bytes.size(), kMaxRecordBytes);
        for (size_t at = 0; at < starts; ++at) {
            const RecordFrame frame = read_frame(bytes.substr(at));
            if (frame.state == FrameState::whole && frame.sequence >= last_sequence_) return true;
        }
    }
    return false;
}

Result<RecoveredTail> cut_torn_tail(const std::string& path) {
    auto reader = JournalReader::open(path);
    if (!reader) return reader.error();
    JournalRecord record;
    for (;;) {
        const auto more = reader->next(record);
        if (!more && (!reader->damage() || !reader->damage()->torn_tail)) return more.error();
        if (!more || !*more) break;
    }
    RecoveredTail tail;
    tail.kept_bytes = reader->offset();
    tail.cut_bytes = reader->file_bytes() - reader->offset();
    tail.records = reader->records();
    tail.last_sequence = reader->last_sequence();
    if (tail.cut_bytes == 0) return tail;
    const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0) return io_error(path, "open it for writing", errno);
    const bool cut = ::ftruncate(file, static_cast<off_t>(tail.kept_bytes)) == 0 && ::fsync(file) == 0;
    const int error_number = errno;
    ::close(file);
    if (!cut) return io_error(path, "cut its tail off", error_number);
    return tail;
}

}  // namespace tide
