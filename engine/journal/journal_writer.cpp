#include "journal/journal_writer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/assert.hpp"
#include "journal/event_codec.hpp"
#include "journal/journal_reader.hpp"

namespace tide {
namespace {

Error io_error(const std::string& path, const char* doing, int error_number) {
    const char* advice = "check the disk";
    switch (error_number) {
        case ENOSPC:
        case EDQUOT:
            advice = "free some space, then run again";
            break;
        case EFBIG:
            advice = "the file-size limit is reached: raise it (ulimit -f)";
            break;
        case EROFS:
        case EACCES:
        case EPERM:
            advice = "choose a folder that this user can write to (--home)";
            break;
        case ENOENT:
        case ENOTDIR:
            advice = "create its folder first";
            break;
        case EEXIST:
            advice = "a journal is never overwritten: choose another name or move it away";
            break;
        case EMFILE:
        case ENFILE:
            advice = "too many files are open: raise the limit (ulimit -n)";
            break;
        default:
            break;
    }
    return make_error(ErrorCode::io,
                      fmt::format("journal {}: cannot {}: {}; {}", path, doing, std::strerror(error_number), advice));
}

// The folder's entry for a new file must be durable too, or the file is gone after a power cut.
int sync_folder_of(const std::string& path) {
    std::filesystem::path folder = std::filesystem::path(path).parent_path();
    if (folder.empty()) folder = ".";
    const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) return errno;
    const int error_number = ::fsync(file) == 0 ? 0 : errno;
    ::close(file);
    return error_number == EINVAL ? 0 : error_number;  // some file systems have no such call
}

}  // namespace

JournalWriter::JournalWriter(std::string path, int file, JournalWriterOptions options)
    : path_(std::move(path)),
      file_(file),
      options_(options),
      buffer_(std::make_unique_for_overwrite<char[]>(options.buffer_bytes)),
      capacity_(options.buffer_bytes) {
    TIDE_ASSERT(options.buffer_bytes >= 4096 && options.buffer_bytes <= kMaxPayloadBytes);
}

Result<std::unique_ptr<JournalWriter>> JournalWriter::create(const std::string& path, const JournalHeader& header,
                                                             JournalWriterOptions options) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file < 0) return io_error(path, "create it", errno);
    std::unique_ptr<JournalWriter> writer(new JournalWriter(path, file, options));
    const std::string head = encode_header(header);
    if (auto room = writer->make_room(head.size()); !room) return room.error();
    std::memcpy(writer->buffer_.get(), head.data(), head.size());
    writer->used_ = head.size();
    if (auto synced = writer->sync(); !synced) return synced.error();
    if (const int error_number = sync_folder_of(path); error_number != 0) {
        return io_error(path, "make its folder durable", error_number);
    }
    return writer;
}

std::unique_ptr<JournalWriter> JournalWriter::digest_only(const JournalHeader& header, JournalWriterOptions options) {
    std::unique_ptr<JournalWriter> writer(new JournalWriter("", -1, options));
    const std::string head = encode_header(header);
    const auto room = writer->make_room(head.size());
    TIDE_ASSERT(room.has_value());
    std::memcpy(writer->buffer_.get(), head.data(), head.size());
    writer->used_ = head.size();
    return writer;
}

Result<std::unique_ptr<JournalWriter>> JournalWriter::resume(const std::string& path, JournalWriterOptions options) {
    uint64_t last_sequence = 0;
    {
        auto reader = JournalReader::open(path);
        if (!reader) return reader.error();
        JournalRecord record;
        for (;;) {
            auto more = reader->next(record);
            if (!more) return more.error();
            if (!*more) break;
        }
        last_sequence = reader->last_sequence();
    }
    const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (file < 0) return io_error(path, "open it", errno);
    std::unique_ptr<JournalWriter> writer(new JournalWriter(path, file, options));
    writer->last_sequence_ = last_sequence;
    for (;;) {
        const ssize_t got = ::read(file, writer->buffer_.get(), writer->capacity_);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return io_error(path, "read it", errno);
        if (got == 0) break;
        const auto size = static_cast<size_t>(got);
        if (options.sha256) writer->digest_.update({writer->buffer_.get(), size});
        writer->written_ += size;
    }
    return writer;
}

JournalWriter::~JournalWriter() {
    if (!closed_) {
        const auto closing = close();
        (void)closing;
    }
}

Result<void> JournalWriter::failure() const {
    if (error_) return *error_;
    return {};
}

Result<void> JournalWriter::fail(const char* doing, int error_number) {
    error_ = std::make_unique<Error>(io_error(path_, doing, error_number));
    return *error_;
}

template <class Content>
Result<void> JournalWriter::append_content(const Content& content) {
    TIDE_ASSERT(!closed_);
    if (error_) return *error_;
    const size_t bound = encoded_bound(content);
    if (capacity_ - used_ < bound) [[unlikely]] {
        if (bound > kMaxPayloadBytes) {
            return make_error(ErrorCode::input, fmt::format("journal {}: a record of {} bytes is over the limit of {}: "
                                                            "shorten the script or configuration text",
                                                            path_, bound, kMaxPayloadBytes));
        }
        if (auto room = make_room(bound); !room) return room;
    }
    used_ = static_cast<size_t>(encode_to(content, buffer_.get() + used_) - buffer_.get());
    return {};
}

Result<void> JournalWriter::append(const Event& event) {
    TIDE_ASSERT(event.sequence == last_sequence_ + 1);
    auto appended = append_content(event);
    if (appended) [[likely]]
        last_sequence_ = event.sequence;
    return appended;
}
Result<void> JournalWriter::append_output(const JournalOutput& output) { return append_content(output); }

Result<void> JournalWriter::make_room(size_t bytes) {
    if (auto flushed = flush(); !flushed) return flushed;
    if (bytes > capacity_) {
        buffer_ = std::make_unique_for_overwrite<char[]>(bytes);
        capacity_ = bytes;
    }
    return {};
}

Result<void> JournalWriter::flush() {
    if (error_) return *error_;
    size_t done = 0;
    while (file_ >= 0 && done < used_) {
        const ssize_t put = ::write(file_, buffer_.get() + done, used_ - done);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return fail("write to it", errno);
        done += static_cast<size_t>(put);
    }
    if (options_.sha256) digest_.update({buffer_.get(), used_});
    written_ += used_;
    used_ = 0;
    return {};
}

Result<void> JournalWriter::sync() {
    if (auto flushed = flush(); !flushed) return flushed;
    if (file_ >= 0 && ::fdatasync(file_) != 0) return fail("make it durable", errno);
    return {};
}

Result<JournalSeal> JournalWriter::close() {
    TIDE_ASSERT(!closed_);
    closed_ = true;
    const auto synced = sync();
    if (file_ >= 0 && ::close(file_) != 0 && !error_) {
        const auto failed = fail("close it", errno);
        (void)failed;
    }
    file_ = -1;
    if (error_) return *error_;
    JournalSeal seal;
    if (options_.sha256) seal.sha256 = to_hex(digest_.finish());
    seal.bytes = written_;
    return seal;
}

Result<std::function<Result<void>()>> journal_sync(const std::string& path) {
    const int opened = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (opened < 0) return io_error(path, "open it", errno);
    const std::shared_ptr<const int> file(new int(opened), [](const int* number) {
        ::close(*number);
        delete number;
    });
    return std::function<Result<void>()>([path, file]() -> Result<void> {
        if (::fdatasync(*file) != 0) return io_error(path, "make it durable", errno);
        return {};
    });
}

}  // namespace tide
