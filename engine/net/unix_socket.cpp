#include "net/unix_socket.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace tide {
namespace {

struct Address {
    sockaddr_un name{};
    FileDescriptor folder;  // keeps a name under /proc/self/fd alive
};

// sun_path holds 107 bytes; a longer path is reached through its folder's descriptor.
std::optional<Address> address_of(const std::filesystem::path& path) {
    Address address;
    address.name.sun_family = AF_UNIX;
    std::string text = path.string();
    if (text.size() >= sizeof address.name.sun_path) {
        address.folder = FileDescriptor(::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        text = fmt::format("/proc/self/fd/{}/{}", address.folder.get(), path.filename().string());
        if (!address.folder.valid() || text.size() >= sizeof address.name.sun_path) return std::nullopt;
    }
    std::memcpy(address.name.sun_path, text.c_str(), text.size() + 1);
    return address;
}

const sockaddr* generic(const sockaddr_un& name) { return reinterpret_cast<const sockaddr*>(&name); }

Error failure(const std::filesystem::path& path, const char* what) {
    return make_error(ErrorCode::io, fmt::format("{}: {}: {}", path.string(), what, std::strerror(errno)));
}

}  // namespace

Result<FileDescriptor> listen_unix(const std::filesystem::path& path, int backlog) {
    const auto address = address_of(path);
    if (!address) return failure(path, "no socket can have this name");
    FileDescriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!listener.valid()) return failure(path, "socket");
    ::unlink(path.c_str());
    const mode_t before = ::umask(0177);  // 0600 from the first moment on
    const int bound = ::bind(listener.get(), generic(address->name), sizeof address->name);
    ::umask(before);
    if (bound != 0) return failure(path, "bind");
    if (::listen(listener.get(), backlog) != 0) return failure(path, "listen");
    return listener;
}

Result<FileDescriptor> connect_unix(const std::filesystem::path& path, double timeout_s) {
    const auto address = address_of(path);
    FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!address || !socket.valid()) return failure(path, "socket");
    timeval limit{};
    limit.tv_sec = static_cast<time_t>(timeout_s);
    limit.tv_usec = static_cast<suseconds_t>((timeout_s - static_cast<double>(limit.tv_sec)) * 1e6);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (::connect(socket.get(), generic(address->name), sizeof address->name) != 0) {
        return make_error(ErrorCode::unreachable, fmt::format("{}: {}", path.string(), std::strerror(errno)));
    }
    return socket;
}

std::optional<uid_t> peer_uid(const FileDescriptor& socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
    return peer.uid;
}

std::optional<pid_t> peer_process(const FileDescriptor& socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
    return peer.pid;
}

std::string user_name(uid_t uid) {
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 4096> bytes{};
    const int failed = ::getpwuid_r(uid, &entry, bytes.data(), bytes.size(), &found);
    return failed == 0 && found != nullptr ? std::string(found->pw_name) : fmt::format("uid {}", uid);
}

Result<FileDescriptor> lock_file(const std::filesystem::path& path) {
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file.valid()) return failure(path, "cannot be opened");
    if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
    if (errno == EWOULDBLOCK) return make_error(ErrorCode::halted, path.string() + " is locked by another process");
    return failure(path, "cannot be locked");
}

}  // namespace tide
