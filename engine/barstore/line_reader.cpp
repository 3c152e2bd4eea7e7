#include "barstore/line_reader.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <cstring>

namespace tide {
namespace {
constexpr size_t kChunk = 256 * 1024;
constexpr size_t kLongestLine = 1024 * 1024;
}  // namespace

struct LineReader::Input {
    gzFile file = nullptr;
    ~Input() {
        if (file != nullptr) gzclose(file);
    }
};

LineReader::LineReader(std::unique_ptr<Input> input, std::string name)
    : input_(std::move(input)), name_(std::move(name)), buffer_(kChunk) {}
LineReader::LineReader(LineReader&&) noexcept = default;
LineReader& LineReader::operator=(LineReader&&) noexcept = default;
LineReader::~LineReader() = default;

Result<LineReader> LineReader::open(const std::filesystem::path& file) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) {
        return make_error(ErrorCode::not_found, fmt::format("{}: no such file", file.string()));
    }
    auto input = std::make_unique<Input>();
    input->file = gzopen(file.c_str(), "rb");
    if (input->file == nullptr) {
        return make_error(ErrorCode::io, fmt::format("{}: cannot be opened: {}", file.string(), std::strerror(errno)));
    }
    gzbuffer(input->file, kChunk);
    return LineReader(std::move(input), file.string());
}

bool LineReader::fail(ErrorCode code, std::string_view what) {
    failed_ = true;
    failure_ = make_error(code, fmt::format("{}: {} after line {}", name_, what, line_number_));
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
    const int got = gzread(input_->file, buffer_.data() + end_, static_cast<unsigned>(buffer_.size() - end_));
    int error = Z_OK;
    const char* text = gzerror(input_->file, &error);
    if (got < 0 || error == Z_DATA_ERROR || error == Z_BUF_ERROR) {
        return fail(error == Z_ERRNO ? ErrorCode::io : ErrorCode::corrupt,
                    error == Z_BUF_ERROR ? "the compressed file ends early" : text);
    }
    end_ += static_cast<size_t>(got);
    at_end_ = got == 0;
    return got > 0;
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
