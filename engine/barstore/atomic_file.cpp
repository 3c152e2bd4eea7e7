#include "barstore/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace tide {
namespace {

Error failure(const std::filesystem::path& file, std::string_view doing) {
    return make_error(ErrorCode::io, fmt::format("{}: cannot {}: {}", file.string(), doing, std::strerror(errno)));
}

class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int fd() const { return fd_; }
    bool close() {
        const int fd = fd_;
        fd_ = -1;
        return ::close(fd) == 0;
    }

  private:
    int fd_;
};

}  // namespace

Result<void> write_and_sync(const std::filesystem::path& file, std::string_view content) {
    const auto give_up = [&](std::string_view doing) {
        const Error error = failure(file, doing);
        ::unlink(file.c_str());
        return error;
    };
    Descriptor out(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (out.fd() < 0) return failure(file, "be created");
    while (!content.empty()) {
        const ssize_t written = ::write(out.fd(), content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return give_up("be written");
        content.remove_prefix(static_cast<size_t>(written));
    }
    if (::fsync(out.fd()) != 0) return give_up("be forced to the disk");
    if (!out.close()) return give_up("be closed");
    return {};
}

Result<void> make_folder(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error)
        return make_error(ErrorCode::io, fmt::format("{}: cannot be made: {}", folder.string(), error.message()));
    return {};
}

Result<void> sync_folder(const std::filesystem::path& folder) {
    const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.fd() < 0 || ::fsync(directory.fd()) != 0) return failure(folder, "be forced to the disk");
    return {};
}

Result<void> write_file_atomically(const std::filesystem::path& file, std::string_view content) {
    const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
    if (auto made = make_folder(folder); !made) return made;
    const std::filesystem::path temporary = file.string() + ".tmp";
    if (auto written = write_and_sync(temporary, content); !written) return written;
    if (::rename(temporary.c_str(), file.c_str()) != 0) {
        const Error renamed = failure(file, "be replaced");
        ::unlink(temporary.c_str());
        return renamed;
    }
    return sync_folder(folder);
}

Result<std::string> read_whole_file(const std::filesystem::path& file) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) {
        const bool hidden = error && error != std::errc::no_such_file_or_directory;
        return make_error(hidden ? ErrorCode::io : ErrorCode::not_found,
                          fmt::format("{}: {}", file.string(), hidden ? error.message() : "no such file"));
    }
    std::ifstream in(file, std::ios::binary);
    std::ostringstream content;
    content << in.rdbuf();
    if (!in) return make_error(ErrorCode::io, fmt::format("{}: cannot be read", file.string()));
    return std::move(content).str();
}

}  // namespace tide
