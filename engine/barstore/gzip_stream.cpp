#include "barstore/gzip_stream.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tide {

GzipStream::GzipStream(InputFile input)
    : input_(std::move(input)), buffer_(InputFile::kChunk), counted_(buffer_.data()) {}

Result<std::unique_ptr<GzipStream>> GzipStream::open(const std::filesystem::path& file) {
    auto input = InputFile::open(file);
    if (!input) return input.error();
    return std::unique_ptr<GzipStream>(new GzipStream(std::move(*input)));
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
    const auto got = input_.read(buffer_.data(), buffer_.size());
    if (!got) {
        status_ = make_error(got.error().code,
                             fmt::format("{}: {} after line {}", input_.name(), got.error().message, line_));
        return traits_type::eof();
    }
    setg(buffer_.data(), buffer_.data(), buffer_.data() + *got);
    counted_ = buffer_.data();
    return *got == 0 ? traits_type::eof() : traits_type::to_int_type(buffer_[0]);
}

}  // namespace tide
