#include "brokers/exchange_server.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "brokers/exchange_desk.hpp"
#include "net/unix_socket.hpp"

namespace tide {
namespace {

constexpr int kTick_ms = 200;
constexpr int kLonelyTicksMax = 300;         // a minute
constexpr int kLonelyTicksOfBooks = 36'000;  // two hours: the session whose books these are may come back
constexpr size_t kClientsMax = 16;
constexpr size_t kUnreadMax = 4 << 20;

struct Client {
    uint64_t number = 0;
    FileDescriptor socket;
    std::string in, out;
    bool gone = false;
};

class Server {
  public:
    Server(FileDescriptor listener, std::filesystem::path socket)
        : listener_(std::move(listener)), socket_(std::move(socket)) {}

    void run(bool once, const std::function<bool()>& stop) {
        int lonely = 0;
        while (!stop()) {
            const bool quiet = !wait();
            accept_one();
            for (const auto& client : clients_) serve(*client);
            for (const auto& client : clients_) {
                if (client->gone) desk_.disconnected(client->number);
            }
            std::erase_if(clients_, [](const auto& client) { return client->gone; });
            lonely = clients_.empty() && quiet ? lonely + 1 : 0;
            const int patience = desk_.keeps_books() ? kLonelyTicksOfBooks : kLonelyTicksMax;
            if (once && lonely > 0 && !reachable()) return;
            if (once && (lonely > patience || (desk_.finished() && clients_.empty()))) return;
        }
    }

  private:
    // Somebody may still find the way here.
    bool reachable() const {
        std::error_code ignored;
        return std::filesystem::exists(socket_, ignored);
    }
    bool wait() {
        std::vector<pollfd> wanted{{listener_.get(), POLLIN, 0}};
        for (const auto& client : clients_) {
            const auto events = static_cast<short>(client->out.empty() ? POLLIN : POLLIN | POLLOUT);
            wanted.push_back({client->socket.get(), events, 0});
        }
        return ::poll(wanted.data(), wanted.size(), kTick_ms) > 0;
    }

    void accept_one() {
        FileDescriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!socket.valid() || clients_.size() >= kClientsMax) return;
        const auto uid = peer_uid(socket);
        if (!uid || (*uid != ::geteuid() && *uid != 0)) return;
        auto client = std::make_unique<Client>();
        client->number = ++last_client_;
        client->socket = std::move(socket);
        clients_.push_back(std::move(client));
    }

    void serve(Client& client) {
        std::array<char, 65'536> bytes;
        const ssize_t got = ::recv(client.socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        const bool ended = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
        if (got > 0) client.in.append(bytes.data(), static_cast<size_t>(got));
        handle_frames(client);
        if (!client.out.empty()) {
            const ssize_t sent =
                ::send(client.socket.get(), client.out.data(), client.out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent > 0) client.out.erase(0, static_cast<size_t>(sent));
        }
        client.gone = client.gone || ended || client.out.size() > kUnreadMax;
    }

    void handle_frames(Client& client) {
        size_t used = 0;
        while (!client.gone) {
            auto frame = read_wire_frame(std::string_view(client.in).substr(used));
            if (frame && !*frame) break;
            const auto done = frame ? desk_.handle(client.number, **frame, client.out) : frame.error();
            if (!done) {
                WireWriter(client.out, WireKind::refused).text(done.error().message);
                client.gone = true;
            }
            if (frame) used += (*frame)->size;
        }
        client.in.erase(0, used);
    }

    FileDescriptor listener_;
    std::filesystem::path socket_;
    ExchangeDesk desk_;
    std::vector<std::unique_ptr<Client>> clients_;
    uint64_t last_client_ = 0;
};

}  // namespace

Result<void> serve_exchange(const std::filesystem::path& socket, bool once, const std::function<bool()>& stop) {
    auto listener = listen_unix(socket, static_cast<int>(kClientsMax));
    if (!listener) return listener.error();
    Server(std::move(*listener), socket).run(once, stop);
    std::error_code ignored;
    std::filesystem::remove(socket, ignored);
    return {};
}

}  // namespace tide
