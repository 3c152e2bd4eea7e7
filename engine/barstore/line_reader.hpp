#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "barstore/input_file.hpp"
#include "core/result.hpp"

namespace tide {

// Lines of a text file, plain or gzip (told by its content), in bounded memory.
class LineReader {
  public:
    // Errors: not_found (also for a folder), io.
    static Result<LineReader> open(const std::filesystem::path& file);

    // The next line without its end (\n or \r\n), valid until the next call. False at the end or after a failure.
    bool next(std::string_view& line);
    // 1 for the first line.
    int64_t line_number() const { return line_number_; }
    // After next() gave false: whether the file was read to its end. Errors: corrupt (broken gzip), input (a line of
    // more than a mebibyte), io.
    Result<void> status() const;
    const std::string& name() const { return input_.name(); }

  private:
    explicit LineReader(InputFile input);
    bool refill();
    bool fail(ErrorCode code, std::string_view what);

    InputFile input_;
    std::vector<char> buffer_;
    size_t begin_ = 0, end_ = 0;  // unread part of buffer_
    bool at_end_ = false;
    int64_t line_number_ = 0;
    Error failure_;
    bool failed_ = false;
};

// Splits a CSV line. A field in double quotes may hold commas; the quotes are taken off. Reuses `fields`.
void split_csv(std::string_view line, std::vector<std::string_view>& fields);
// Without blanks, quotes and a byte-order mark at its ends.
std::string_view trim_field(std::string_view text);

}  // namespace tide
