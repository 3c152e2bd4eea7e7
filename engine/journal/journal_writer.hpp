#pragma once
#include <functional>
#include <memory>
#include <string>

#include "core/digest.hpp"
#include "journal/journal_sink.hpp"

namespace tide {

struct JournalWriterOptions {
    size_t buffer_bytes = 256U << 10;  // written out when full; the only memory it keeps
    bool sha256 = true;                // of everything written; about 0.5 ns a byte
};

// The journal as a file (or as a digest only). One buffer, reused; appending copies into it and allocates nothing
// unless a text is larger than the buffer. What was written before an error stays readable.
class JournalWriter final : public JournalSink {
  public:
    // A new file; an existing one is refused. Its folder must exist.
    static Result<std::unique_ptr<JournalWriter>> create(const std::string& path, const JournalHeader& header,
                                                         JournalWriterOptions options = {});
    // Goes on with a file that ends after a whole record (cut_torn_tail first). Reads it once, for the digest.
    static Result<std::unique_ptr<JournalWriter>> resume(const std::string& path, JournalWriterOptions options = {});
    // No file: the digest and size that the file would have had.
    static std::unique_ptr<JournalWriter> digest_only(const JournalHeader& header, JournalWriterOptions options = {});

    ~JournalWriter() override;  // writes what is buffered; errors are lost: close() reports them
    JournalWriter(const JournalWriter&) = delete;
    JournalWriter& operator=(const JournalWriter&) = delete;

    Result<void> append(const Event& event) override;
    Result<void> append_output(const JournalOutput& output) override;
    // Hands the buffer to the operating system; survives the end of the process, not of the machine.
    Result<void> flush() override;
    Result<void> sync() override;
    Result<JournalSeal> close() override;

    const std::string& path() const { return path_; }
    uint64_t last_sequence() const { return last_sequence_; }
    uint64_t bytes() const { return written_ + used_; }

  private:
    JournalWriter(std::string path, int file, JournalWriterOptions options);
    template <class Content>
    Result<void> append_content(const Content& content);
    Result<void> make_room(size_t bytes);
    Result<void> fail(const char* doing, int error_number);
    Result<void> failure() const;

    std::string path_;
    int file_ = -1;
    JournalWriterOptions options_;
    std::unique_ptr<char[]> buffer_;
    size_t capacity_ = 0;
    size_t used_ = 0;
    uint64_t written_ = 0;
    uint64_t last_sequence_ = 0;
    bool closed_ = false;
    Sha256 digest_;
    std::unique_ptr<Error> error_;
};

// For another thread than the writer's: a call makes durable what has been handed to the operating system.
// Errors: io, when the file cannot be opened; later, when it cannot be made durable.
Result<std::function<Result<void>()>> journal_sync(const std::string& path);

}  // namespace tide
