#include "barstore/gzip_stream.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>

namespace tide {
namespace {
constexpr size_t kChunk = 256 * 1024;
}

struct GzipStream::Input {
    gzFile file = nullptr;
    ~Input() {
        if (file != nullptr) gzclose(file);
    }
};

GzipStream::GzipStream(std::unique_ptr<Input> input, std::string name)
    : input_(std::move(input)), name_(std::move(name)), buffer_(kChunk), counted_(buffer_.data()) {}
GzipStream::~GzipStream() = default;

Result<std::unique_ptr<GzipStream>> GzipStream::open(const std::filesystem::path& file) {
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
    return std::unique_ptr<GzipStream>(new GzipStream(std::move(input), file.string()));
}

void GzipStream::count_lines(const char* to) {
    line_ += std::count(counted_, to, '\n');
    counted_ = to;
}

int64_t GzipStream::line() {
    if (gptr() != nullptr) count_lines(gptr());
    return line_;
}

GzipStream::int_type GzipStream::underflow() {
    if (!status_) return traits_type::eof();
    if (egptr() != nullptr) count_lines(egptr());
    const int got = gzread(input_->file, buffer_.data(), static_cast<unsigned>(buffer_.size()));
    int error = Z_OK;
    const char* text = gzerror(input_->file, &error);
    if (got < 0 || error == Z_DATA_ERROR || error == Z_BUF_ERROR) {
        status_ = make_error(error == Z_ERRNO ? ErrorCode::io : ErrorCode::corrupt,
                             fmt::format("{}: {} after line {}", name_,
                                         error == Z_BUF_ERROR ? "the compressed file ends early" : text, line_));
        return traits_type::eof();
    }
    setg(buffer_.data(), buffer_.data(), buffer_.data() + got);
    counted_ = buffer_.data();
    return got == 0 ? traits_type::eof() : traits_type::to_int_type(buffer_[0]);
}

}  // namespace tide
