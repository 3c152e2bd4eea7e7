#pragma once
#include <filesystem>
#include <memory>
#include <streambuf>
#include <vector>

#include "barstore/input_file.hpp"
#include "core/result.hpp"

namespace tide {

// Bytes of a file, plain or gzip (told by its content), for parsers that take a stream; in bounded memory.
class GzipStream final : public std::streambuf {
  public:
    // Errors: not_found (also for a folder), io.
    static Result<std::unique_ptr<GzipStream>> open(const std::filesystem::path& file);
    GzipStream(const GzipStream&) = delete;
    GzipStream& operator=(const GzipStream&) = delete;

    // The line of what is read next; 1 for the first.
    int64_t line();
    // Whether what was read so far is whole. Errors: corrupt (broken gzip), io.
    const Result<void>& status() const { return status_; }

  protected:
    int_type underflow() override;

  private:
    explicit GzipStream(InputFile input);
    void count_lines(const char* to);

    InputFile input_;
    std::vector<char> buffer_;
    const char* counted_ = nullptr;  // lines before it are in line_
    int64_t line_ = 1;
    Result<void> status_;
};

}  // namespace tide
