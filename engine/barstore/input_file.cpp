#include "barstore/input_file.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <cstring>

namespace tide {

struct InputFile::Handle {
    gzFile file = nullptr;
    ~Handle() {
        if (file != nullptr) gzclose(file);
    }
};

InputFile::InputFile(std::unique_ptr<Handle> handle, std::string name)
    : handle_(std::move(handle)), name_(std::move(name)) {}
InputFile::InputFile(InputFile&&) noexcept = default;
InputFile& InputFile::operator=(InputFile&&) noexcept = default;
InputFile::~InputFile() = default;

Result<InputFile> InputFile::open(const std::filesystem::path& file) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) {
        return make_error(ErrorCode::not_found, fmt::format("{}: no such file", file.string()));
    }
    auto handle = std::make_unique<Handle>();
    handle->file = gzopen(file.c_str(), "rb");
    if (handle->file == nullptr) {
        return make_error(ErrorCode::io, fmt::format("{}: cannot be opened: {}", file.string(), std::strerror(errno)));
    }
    gzbuffer(handle->file, kChunk);
    return InputFile(std::move(handle), file.string());
}

Result<size_t> InputFile::read(char* to, size_t size) {
    const int got = gzread(handle_->file, to, static_cast<unsigned>(size));
    int error = Z_OK;
    const char* text = gzerror(handle_->file, &error);
    if (got < 0 || error == Z_DATA_ERROR || error == Z_BUF_ERROR) {
        return make_error(error == Z_ERRNO ? ErrorCode::io : ErrorCode::corrupt,
                          error == Z_BUF_ERROR ? "the compressed file ends early" : text);
    }
    return static_cast<size_t>(got);
}

}  // namespace tide
