#include "app/pacing.hpp"

#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <fstream>

#include "app/paths.hpp"
#include "net/unix_socket.hpp"
#include "ops/text_table.hpp"

namespace tide {
namespace asio = boost::asio;
using Wall = std::chrono::steady_clock;

namespace {
constexpr auto kLookEvery = std::chrono::milliseconds(100);
constexpr int kEventsBetweenLooks = 512;
// A night or a weekend between two sessions is not waited for; a break inside a day is.
constexpr Duration kLongestWait = hours(3);
constexpr size_t kReasonMax = 200;

// Of a file that anybody may have written: printable, and no longer than a reason.
std::string first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return printable(line.substr(0, kReasonMax));
}
}  // namespace

struct Pacing::Impl {
    PacingOptions options;
    asio::io_context io;
    asio::signal_set signals{io, SIGINT, SIGTERM};
    asio::steady_timer timer{io};
    std::vector<OperatorCommand> commands;
    int interrupts = 0;
    bool file_seen = false;
    int events_since_look = 0;
    Wall::time_point last_look = Wall::now();
    // Wall time `anchor` stands for session time `anchor_session`.
    std::optional<ReceiveTime> anchor_session;
    Wall::time_point anchor;

    void listen() {
        signals.async_wait([this](const boost::system::error_code& error, int signal) {
            if (error) return;
            ++interrupts;
            const bool kill = signal == SIGINT && interrupts > 1;
            commands.push_back({kill ? CommandKind::kill_switch : CommandKind::stop, operator_name(), "",
                                kill                ? "second interrupt"
                                : signal == SIGTERM ? "SIGTERM"
                                                    : "interrupt from the keyboard"});
            listen();
        });
    }
    void look(ReceiveTime now) {
        last_look = Wall::now();
        struct stat found {};
        if (!file_seen && ::stat(options.emergency_stop_file.c_str(), &found) == 0) {
            file_seen = true;
            const std::string text = first_line(options.emergency_stop_file);
            commands.push_back({CommandKind::kill_switch, user_name(found.st_uid), "",
                                "EMERGENCY_STOP file" + (text.empty() ? "" : ": " + text)});
        }
        if (options.show) options.show(now);
    }
    // What came in while the session was busy.
    void listen_once() {
        if (options.beat) options.beat();
        io.poll();
        io.restart();
        if (options.hear) options.hear(commands);
    }
    ReceiveTime session_time(Wall::time_point wall) const {
        const std::chrono::duration<double, std::nano> passed = wall - anchor;
        return *anchor_session + Duration(static_cast<int64_t>(passed.count() * options.speed));
    }
    Wall::time_point wall_time(ReceiveTime t) const {
        const auto passed = static_cast<double>((t - *anchor_session).count()) / options.speed;
        return anchor + Wall::duration(static_cast<int64_t>(passed));
    }
};

Pacing::Pacing(PacingOptions options) : impl_(std::make_unique<Impl>()) {
    impl_->options = std::move(options);
    impl_->listen();
}
Pacing::~Pacing() = default;

ReceiveTime Pacing::wait_until(ReceiveTime t) {
    Impl& p = *impl_;
    if (p.options.speed <= 0) {
        if (++p.events_since_look < kEventsBetweenLooks) return t;
        p.events_since_look = 0;
        p.listen_once();
        if (Wall::now() - p.last_look >= kLookEvery) p.look(t);
        return t;
    }
    if (!p.anchor_session || t - p.session_time(Wall::now()) > kLongestWait) {
        p.anchor_session = t;
        p.anchor = Wall::now();
    }
    const Wall::time_point target = p.wall_time(t);
    for (;;) {
        const auto now = Wall::now();
        if (now - p.last_look >= kLookEvery) p.look(std::min(t, p.session_time(now)));
        p.listen_once();
        if (!p.commands.empty()) return std::min(t, p.session_time(Wall::now()));
        if (now >= target) return t;
        p.timer.expires_at(std::min(target, now + kLookEvery));
        p.timer.async_wait([](const boost::system::error_code&) {});
        p.io.run_one();
        p.io.restart();
    }
}

std::vector<OperatorCommand> Pacing::take_commands() { return std::exchange(impl_->commands, {}); }
void Pacing::wake() {
    asio::post(impl_->io, [] {});
}
void Pacing::expect_emergency_stop() { impl_->file_seen = true; }

}  // namespace tide
