#include "ops/control_server.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <deque>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "net/unix_socket.hpp"

namespace tide {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kBacklog = 64;
constexpr auto kTick = std::chrono::milliseconds(250);  // how often time limits are looked at
constexpr size_t kReadChunk = 4096;

std::chrono::duration<double> seconds_of(double s) { return std::chrono::duration<double>(s); }

struct Client {
    FileDescriptor socket;
    std::string name;  // of the user
    std::string in;    // bytes that are no whole line yet
    std::string out;   // not taken by the client yet
    Clock::time_point last_byte = Clock::now();
    Clock::time_point line_began = Clock::now();  // while `in` is not empty
    Clock::time_point out_began = Clock::now();   // while `out` is not empty
    uint64_t ticket = 0;                          // of the command that waits, or 0
    Clock::time_point asked = Clock::now();
    bool closing = false;  // once `out` is taken
    bool gone = false;
};

std::string busy_line() { return to_line(ControlAnswer{"busy", "too many clients: try again", ""}); }

}  // namespace

struct ControlServer::Impl {
    std::filesystem::path path;
    ControlLimits limits;
    std::function<void()> on_command;
    FileDescriptor listener, wake;
    std::vector<std::unique_ptr<Client>> clients;
    uint64_t next_ticket = 1;
    std::atomic<bool> stop{false};
    std::atomic<size_t> connected{0};
    std::atomic<bool> waiting{false};  // something is in `commands`
    std::atomic<bool> asked{false};    // something is in `queries`

    struct Done {
        uint64_t ticket;
        std::string code, text;
        ViewDocument document = nullptr;  // may be empty
    };
    std::mutex mutex;  // held for moves of a few pointers only
    std::vector<ControlCommand> commands;
    std::deque<WaitingQuery> queries;  // at most one a client
    std::vector<Done> answers;
    std::shared_ptr<const ControlSnapshot> snapshot;

    std::thread thread;  // last: it uses all of the above

    void run() {
        while (!stop.load()) {
            wait();
            take_answers();
            accept_clients();
            for (const auto& client : clients) serve(*client);
            check_times();
            std::erase_if(clients, [](const auto& client) { return client->gone; });
            connected = clients.size();
        }
        for (const auto& client : clients) {
            if (client->ticket != 0) reply(*client, {"unreachable", "the session has ended", ""});
            write_out(*client);
        }
    }

    void wait() {
        std::vector<pollfd> wanted{{listener.get(), POLLIN, 0}, {wake.get(), POLLIN, 0}};
        for (const auto& client : clients) {
            short events = 0;
            if (client->ticket == 0 && !client->closing && client->out.empty()) events |= POLLIN;
            if (!client->out.empty()) events |= POLLOUT;
            wanted.push_back({client->socket.get(), events, 0});
        }
        ::poll(wanted.data(), wanted.size(), static_cast<int>(kTick.count()));
        uint64_t count = 0;
        if ((wanted[1].revents & POLLIN) != 0) (void)!::read(wake.get(), &count, sizeof count);
        for (size_t i = 0; i < clients.size(); ++i) {
            if ((wanted[i + 2].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0 &&
                (wanted[i + 2].revents & POLLIN) == 0) {
                clients[i]->gone = true;
            }
        }
    }

    void accept_clients() {
        for (int i = 0; i < kBacklog; ++i) {
            FileDescriptor socket(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (!socket.valid()) return;
            const auto uid = peer_uid(socket);
            if (!uid || (*uid != ::geteuid() && *uid != 0)) continue;
            if (clients.size() >= limits.clients_max) {
                const std::string line = busy_line();
                (void)!::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
                continue;
            }
            auto client = std::make_unique<Client>();
            client->socket = std::move(socket);
            client->name = user_name(*uid);
            clients.push_back(std::move(client));
            connected = clients.size();
        }
    }

    void serve(Client& client) {
        if (client.gone) return;
        if (!client.out.empty()) write_out(client);
        if (client.ticket == 0 && !client.closing && client.out.empty()) read_in(client);
    }

    void read_in(Client& client) {
        std::array<char, kReadChunk> bytes;
        const ssize_t got = ::recv(client.socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) client.gone = true;
        if (got > 0) {
            client.last_byte = Clock::now();
            if (client.in.empty()) client.line_began = client.last_byte;
            client.in.append(bytes.data(), static_cast<size_t>(got));
        }
        // One request at a time: the next waits until this one's answer has been taken.
        while (!client.gone && client.ticket == 0 && !client.closing && client.out.empty()) {
            const size_t end = client.in.find('\n');
            if (end == std::string::npos || end > kControlLineMax) break;
            const std::string line = client.in.substr(0, end);
            client.in.erase(0, end + 1);
            client.line_began = Clock::now();
            handle(client, line);
        }
        if (client.ticket == 0 && client.out.empty() && client.in.size() > kControlLineMax) {
            client.closing = true;
            reply(client, {"usage", fmt::format("a request has at most {} bytes", kControlLineMax), ""});
        }
    }

    void handle(Client& client, const std::string& line) {
        auto request = parse_control_request(line);
        if (!request) return reply(client, {"usage", request.error().message, ""});
        if (request->view && is_asked_of_session(*request->view)) return ask_session(client, *request);
        if (request->view) return show(client, *request);
        {
            const std::lock_guard lock(mutex);
            if (commands.size() >= limits.waiting_commands_max) {
                return reply(client, {"busy", "too many commands wait for the session", ""});
            }
            client.ticket = next_ticket++;
            client.asked = Clock::now();
            commands.push_back({client.ticket, request->command, client.name, std::move(request->argument),
                                std::move(request->reason)});
            waiting.store(true, std::memory_order_release);
        }
        on_command();  // who is woken finds the lock free
    }

    void ask_session(Client& client, const ControlRequest& request) {
        auto query = parse_session_query(*request.view, request.argument);
        if (!query) return reply(client, {"usage", query.error().message, ""});
        {
            const std::lock_guard lock(mutex);
            if (queries.size() >= limits.clients_max) {
                return reply(client, {"busy", "too many questions wait for the session", ""});
            }
            client.ticket = next_ticket++;
            client.asked = Clock::now();
            queries.push_back({client.ticket, std::move(*query)});
            asked.store(true, std::memory_order_release);
        }
        on_command();
    }

    void show(Client& client, const ControlRequest& request) {
        std::shared_ptr<const ControlSnapshot> now;
        {
            const std::lock_guard lock(mutex);
            now = snapshot;
        }
        if (now == nullptr) return reply(client, {"unavailable", "the session has not begun yet", ""});
        ControlAnswer answer{"ok", std::string(name_of(*request.view)), ""};
        if (request.argument == "text") {
            answer.data = nlohmann::json(view_text(*now, *request.view))
                              .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        } else {
            answer.data = view_json(*now, *request.view);
        }
        reply(client, answer);
    }

    void reply(Client& client, const ControlAnswer& answer) {
        if (client.out.empty()) client.out_began = Clock::now();
        client.out += to_line(answer);
        if (client.out.size() > limits.unread_bytes_max) client.gone = true;
        write_out(client);
    }

    void write_out(Client& client) {
        if (client.gone || client.out.empty()) return;
        const ssize_t sent =
            ::send(client.socket.get(), client.out.data(), client.out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) client.gone = true;
        if (sent > 0) client.out.erase(0, static_cast<size_t>(sent));
        if (client.out.empty() && client.closing) client.gone = true;
    }

    void take_answers() {
        std::vector<Done> done;
        {
            const std::lock_guard lock(mutex);
            done.swap(answers);
        }
        for (auto& one : done) {
            const auto client =
                std::find_if(clients.begin(), clients.end(), [&](const auto& c) { return c->ticket == one.ticket; });
            if (client == clients.end()) continue;
            (*client)->ticket = 0;
            reply(**client, {std::move(one.code), std::move(one.text), one.document ? one.document() : ""});
        }
    }

    void finish(Done done) {
        {
            const std::lock_guard lock(mutex);
            answers.push_back(std::move(done));
        }
        const uint64_t one = 1;
        (void)!::write(wake.get(), &one, sizeof one);
    }

    void check_times() {
        const auto now = Clock::now();
        for (const auto& client : clients) {
            if (client->ticket != 0 && now - client->asked > seconds_of(limits.answer_s)) {
                client->ticket = 0;
                reply(*client, {"unreachable", "the session has not answered yet; a command stays with it", ""});
            }
            const bool half_line = !client->in.empty() && client->ticket == 0 && client->out.empty();
            if (half_line && now - client->line_began > seconds_of(limits.line_s)) client->gone = true;
            if (!client->out.empty() && now - client->out_began > seconds_of(limits.unread_s)) client->gone = true;
            if (client->ticket == 0 && now - client->last_byte > seconds_of(limits.idle_s)) client->gone = true;
        }
    }
};

ControlServer::ControlServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<ControlServer>> ControlServer::start(const std::filesystem::path& socket, ControlLimits limits,
                                                            std::function<void()> on_command) {
    auto impl = std::make_unique<Impl>();
    impl->path = socket;
    impl->limits = limits;
    impl->on_command = std::move(on_command);
    auto listener = listen_unix(socket, kBacklog);
    if (!listener) return listener.error();
    impl->listener = std::move(*listener);
    impl->wake = FileDescriptor(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!impl->wake.valid()) return make_error(ErrorCode::io, "no more descriptors for the control socket");
    // Signals are the session's.
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    impl->thread = std::thread([raw = impl.get()] { raw->run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return std::unique_ptr<ControlServer>(new ControlServer(std::move(impl)));
}

ControlServer::~ControlServer() {
    impl_->stop = true;
    const uint64_t one = 1;
    (void)!::write(impl_->wake.get(), &one, sizeof one);
    impl_->thread.join();
    std::error_code ignored;
    std::filesystem::remove(impl_->path, ignored);
}

bool ControlServer::wants_snapshot() const { return impl_->connected.load(std::memory_order_relaxed) > 0; }

void ControlServer::publish(std::shared_ptr<const ControlSnapshot> snapshot) {
    const std::unique_lock lock(impl_->mutex, std::try_to_lock);
    if (lock.owns_lock()) impl_->snapshot.swap(snapshot);  // else the next one will do
}

std::vector<ControlCommand> ControlServer::take_commands() {
    if (!impl_->waiting.load(std::memory_order_acquire)) return {};
    const std::unique_lock lock(impl_->mutex, std::try_to_lock);
    if (!lock.owns_lock()) return {};
    impl_->waiting = false;
    return std::exchange(impl_->commands, {});
}

void ControlServer::answer(uint64_t ticket, std::string code, std::string text) {
    impl_->finish({ticket, std::move(code), std::move(text)});
}

std::optional<WaitingQuery> ControlServer::take_query() {
    if (!impl_->asked.load(std::memory_order_acquire)) return std::nullopt;
    const std::unique_lock lock(impl_->mutex, std::try_to_lock);
    if (!lock.owns_lock()) return std::nullopt;
    WaitingQuery query = std::move(impl_->queries.front());
    impl_->queries.pop_front();
    query.last = impl_->queries.empty();
    impl_->asked = !query.last;
    return query;
}

void ControlServer::answer(uint64_t ticket, Result<ViewDocument> view) {
    if (view) return impl_->finish({ticket, "ok", "", std::move(*view)});
    const bool absent = view.error().code == ErrorCode::not_found;
    impl_->finish({ticket, absent ? "not_found" : "usage", std::move(view.error().message)});
}

}  // namespace tide
