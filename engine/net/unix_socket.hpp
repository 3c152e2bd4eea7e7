#pragma once
#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "core/result.hpp"
#include "net/file_descriptor.hpp"

// Stream sockets between processes of one machine. Paths of any length.
namespace tide {

// A listening socket that only its owner may reach (mode 0600), non-blocking, closed on exec. A file of that name is
// replaced: whoever calls holds the lock that says that nobody else listens there. Errors: io.
Result<FileDescriptor> listen_unix(const std::filesystem::path& path, int backlog);
// A blocking connection, closed on exec; reads and writes give up after `timeout_s`. Errors: unreachable when nobody
// listens there.
Result<FileDescriptor> connect_unix(const std::filesystem::path& path, double timeout_s);
// Who is at the other end.
std::optional<uid_t> peer_uid(const FileDescriptor& socket);
// The process that listens or has connected at the other end.
std::optional<pid_t> peer_process(const FileDescriptor& socket);
// The login name of a user, or "uid 1234".
std::string user_name(uid_t uid);

// An exclusive lock on a file (made if absent), held until the descriptor is closed or the process ends. Errors: halted
// when another process holds it, io.
Result<FileDescriptor> lock_file(const std::filesystem::path& path);

}  // namespace tide
