#include "app/saved_state_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <sstream>

#include "core/digest.hpp"
#include "net/file_descriptor.hpp"

namespace tide {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kHead = "tide-state 1\n";
constexpr size_t kVersionMax = 200;

Error corrupt(std::string text) { return make_error(ErrorCode::corrupt, std::move(text)); }

// "key value\n" at the beginning of `rest`, which moves behind it.
std::optional<std::string_view> take_line(std::string_view& rest, std::string_view key) {
    const size_t end = rest.find('\n');
    if (end == std::string_view::npos || !rest.starts_with(key) || rest.substr(key.size(), 1) != " ")
        return std::nullopt;
    const std::string_view value = rest.substr(key.size() + 1, end - key.size() - 1);
    rest.remove_prefix(end + 1);
    return value;
}

fs::path file_of(const fs::path& folder, const std::string& strategy) { return folder / (strategy + ".state"); }

bool write_all(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<size_t>(written));
    }
    return true;
}

}  // namespace

std::string to_text(const SavedStateFile& state) {
    return fmt::format("{}version {}\ntime_ns {}\nsha256 {}\n{}", kHead, state.version,
                       state.at.time_since_epoch().count(), to_hex(sha256(state.bytes)), state.bytes);
}

Result<SavedStateFile> parse_saved_state(std::string_view text) {
    if (!text.starts_with(kHead)) return corrupt("it is no saved state");
    text.remove_prefix(kHead.size());
    const auto version = take_line(text, "version");
    const auto time = version ? take_line(text, "time_ns") : std::nullopt;
    const auto digest = time ? take_line(text, "sha256") : std::nullopt;
    if (!digest || version->size() > kVersionMax) return corrupt("its head is damaged");
    int64_t time_ns = 0;
    const auto [end, error] = std::from_chars(time->data(), time->data() + time->size(), time_ns);
    if (error != std::errc() || end != time->data() + time->size()) return corrupt("its time is no number");
    if (to_hex(sha256(text)) != *digest) return corrupt("its checksum does not match");
    return SavedStateFile{std::string(*version), ReceiveTime(Duration(time_ns)), std::string(text)};
}

Result<std::optional<SavedStateFile>> read_saved_state(const fs::path& folder, const std::string& strategy) {
    const fs::path path = file_of(folder, strategy);
    std::error_code error;
    if (!fs::exists(path, error)) return std::optional<SavedStateFile>();
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file || file.bad()) return make_error(ErrorCode::io, fmt::format("cannot read {}", path.string()));
    auto state = parse_saved_state(text.str());
    if (state) return std::optional(std::move(*state));
    return corrupt(fmt::format("{}: {}; remove the file to begin without it", path.string(), state.error().message));
}

Result<void> write_saved_state(const fs::path& folder, const std::string& strategy, const SavedStateFile& state) {
    const fs::path path = file_of(folder, strategy);
    const fs::path fresh = path.string() + ".new";
    std::error_code error;
    fs::create_directories(folder, error);
    {
        const FileDescriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        if (!file.valid() || !write_all(file.get(), to_text(state)) || ::fsync(file.get()) != 0)
            return make_error(ErrorCode::io, fmt::format("cannot write {}: {}", fresh.string(), std::strerror(errno)));
    }
    fs::rename(fresh, path, error);
    if (error) return make_error(ErrorCode::io, fmt::format("cannot write {}: {}", path.string(), error.message()));
    return {};
}

}  // namespace tide
