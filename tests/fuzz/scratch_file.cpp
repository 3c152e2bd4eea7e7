#include "scratch_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "core/assert.hpp"

namespace tide::fuzz {
namespace {

// Memory rather than a disk where the system has such a folder.
class ScratchFolder {
  public:
    ScratchFolder() {
        std::error_code ignored;
        const std::filesystem::path memory = "/dev/shm";
        const bool usable = ::access(memory.c_str(), W_OK) == 0;
        path_ =
            (usable ? memory : std::filesystem::temp_directory_path()) / ("tide_fuzz_" + std::to_string(::getpid()));
        std::filesystem::create_directories(path_, ignored);
    }
    ~ScratchFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

}  // namespace

std::filesystem::path scratch_file(const std::string& name, std::string_view bytes) {
    static const ScratchFolder folder;
    const auto own = folder.path() / name;
    std::error_code ignored;
    std::filesystem::create_directories(own, ignored);
    auto path = own / name;
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    TIDE_ASSERT(file >= 0);
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        TIDE_ASSERT(written > 0);
        bytes.remove_prefix(static_cast<size_t>(written));
    }
    ::close(file);
    return path;
}

}  // namespace tide::fuzz
