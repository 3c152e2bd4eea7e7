#include "app/control_client.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>

#include "net/unix_socket.hpp"

namespace tide {
namespace {

constexpr size_t kAnswerMax = 16 << 20;

}  // namespace

Result<ControlAnswer> ask_engine(const Paths& paths, const ControlRequest& request, double timeout_s) {
    auto socket = connect_unix(paths.control_socket(), timeout_s);
    if (!socket) {
        return make_error(
            ErrorCode::unreachable,
            fmt::format("no engine runs in {}; start one, or name its folder with --home DIR", paths.home.string()));
    }
    const std::string line = to_line(request);
    std::string answer;
    const Error silent =
        make_error(ErrorCode::unreachable, fmt::format("the engine in {} does not answer", paths.home.string()));
    if (::send(socket->get(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
        return silent;
    std::array<char, 65'536> bytes;
    while (answer.find('\n') == std::string::npos) {
        const ssize_t got = ::recv(socket->get(), bytes.data(), bytes.size(), 0);
        if (got <= 0 || answer.size() > kAnswerMax) return silent;
        answer.append(bytes.data(), static_cast<size_t>(got));
    }
    return parse_control_answer(std::string_view(answer).substr(0, answer.find('\n')));
}

}  // namespace tide
