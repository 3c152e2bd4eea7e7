#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ops/control_snapshot.hpp"
#include "ops/session_view.hpp"

namespace tide {

// Limits towards clients. A client that breaks one is closed; the session never waits for any of them.
struct ControlLimits {
    size_t clients_max = 32;
    size_t waiting_commands_max = 64;
    size_t unread_bytes_max = 1 << 20;  // of answers
    double line_s = 5;                  // from the first byte of a request to its end
    double answer_s = 5;                // the session's time to carry out a command or to answer a question
    double unread_s = 5;                // answers that a client does not read
    double idle_s = 300;
};

// An operator's command on its way to the session.
struct ControlCommand {
    uint64_t ticket = 0;
    CommandKind kind = CommandKind::pause;
    std::string operator_name;
    std::string argument;
    std::string reason;
};

// Somebody asks for a view that only the session can answer.
struct WaitingQuery {
    uint64_t ticket = 0;
    SessionQuery query;
    bool last = true;  // no other waits
};

// The control socket of a running session: a thread of its own that talks to clients. Reads are answered from the last
// published snapshot; commands and the queries of session_view.hpp wait for the session to take them. Only the owner of
// the process (and root) may connect.
class ControlServer {
  public:
    // `on_command` is called on the server's thread when a command or a query has come in; it must only wake somebody.
    // Errors: io.
    static Result<std::unique_ptr<ControlServer>> start(const std::filesystem::path& socket, ControlLimits limits,
                                                        std::function<void()> on_command);
    ~ControlServer();  // answers what waits with "unreachable", closes, removes the socket
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    // On the session's thread; none of them waits for a client.
    bool wants_snapshot() const;  // somebody is connected
    void publish(std::shared_ptr<const ControlSnapshot> snapshot);
    std::vector<ControlCommand> take_commands();
    void answer(uint64_t ticket, std::string code, std::string text);
    std::optional<WaitingQuery> take_query();
    // The document is made on the server's thread.
    void answer(uint64_t ticket, Result<ViewDocument> view);

  private:
    struct Impl;
    explicit ControlServer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace tide
