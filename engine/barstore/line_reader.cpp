#include "barstore/line_reader.hpp"

#include <fmt/format.h>

#include <cstring>

namespace tide {
namespace {
constexpr size_t kLongestLine = 1024 * 1024;
}  // namespace

LineReader::LineReader(InputFile input) : input_(std::move(input)), buffer_(InputFile::kChunk) {}

Result<LineReader> LineReader::open(const std::filesystem::path& file) {
    auto input = InputFile::open(file);
    if (!input) return input.error();
    return LineReader(std::move(*input));
}

bool LineReader::fail(ErrorCode code, std::string_view what) {
    failed_ = true;
    failure_ = make_error(code, fmt::format("{}: {} after line {}", name(), what, line_number_));
    return false;
}

bool LineReader::refill() {
    if (at_end_) return false;
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (end_ == buffer_.size()) {
        if (buffer_.size() >= kLongestLine) return fail(ErrorCode::input, "a line longer than a mebibyte");
        buffer_.resize(buffer_.size() * 2);
    }
    const auto got = input_.read(buffer_.data() + end_, buffer_.size() - end_);
    if (!got) return fail(got.error().code, got.error().message);
    end_ += *got;
    at_end_ = *got == 0;
    return *got > 0;
}

bool LineReader::next(std::string_view& line) {
    size_t scanned = 0;
    while (!failed_) {
        const char* from = buffer_.data() + begin_;
        const void* found = std::memchr(from + scanned, '\n', end_ - begin_ - scanned);
        size_t length = 0;
        if (found != nullptr) {
            length = static_cast<size_t>(static_cast<const char*>(found) - from);
            begin_ += length + 1;
        } else {
            scanned = end_ - begin_;
            if (refill()) continue;
            if (failed_ || begin_ == end_) return false;
            length = end_ - begin_;
            from = buffer_.data() + begin_;
            begin_ = end_;
        }
        if (length > 0 && from[length - 1] == '\r') --length;
        ++line_number_;
        line = std::string_view(from, length);
        return true;
    }
    return false;
}

Result<void> LineReader::status() const {
    if (failed_) return failure_;
    return {};
}

std::string_view trim_field(std::string_view text) {
    constexpr std::string_view kMark = "\xef\xbb\xbf";
    if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
    constexpr std::string_view kBlank = " \t\"";
    const auto first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

void split_csv(std::string_view line, std::vector<std::string_view>& fields) {
    fields.clear();
    size_t start = 0;
    bool quoted = false, had_quote = false;
    for (size_t i = 0; i <= line.size(); ++i) {
        if (i < line.size() && line[i] == '"') {
            quoted = !quoted;
            had_quote = true;
        }
        if (i < line.size() && (line[i] != ',' || quoted)) continue;
        const std::string_view field = line.substr(start, i - start);
        const bool plain = !had_quote && (field.empty() || (field.front() > ' ' && field.back() > ' '));
        fields.push_back(plain ? field : trim_field(field));
        start = i + 1;
        had_quote = false;
    }
}

}  // namespace tide
