#include "ops/control_server.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <condition_variable>
#include <mutex>

#include "net/unix_socket.hpp"

namespace tide {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// A server whose session is the test: it takes commands when it wants to.
class ControlServerTest : public ::testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("tide-control-" + std::to_string(::getpid()));
        fs::create_directories(folder_);
    }
    void TearDown() override {
        server_.reset();
        fs::remove_all(folder_);
    }
    void start(ControlLimits limits = {}) {
        auto server = ControlServer::start(path(), limits, [this] {
            const std::lock_guard lock(mutex_);
            ++woken_;
            changed_.notify_all();
        });
        ASSERT_TRUE(server) << server.error().message;
        server_ = std::move(*server);
        server_->publish(std::make_shared<const ControlSnapshot>());
    }
    fs::path path() const { return folder_ / "control.sock"; }
    FileDescriptor connect() const {
        auto socket = connect_unix(path(), 20);
        EXPECT_TRUE(socket);
        return socket ? std::move(*socket) : FileDescriptor();
    }
    static void say(const FileDescriptor& socket, std::string_view text) {
        (void)!::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
    }
    // One line, or what came before the connection was closed.
    static std::string hear(const FileDescriptor& socket) {
        std::string line;
        char c = 0;
        while (::recv(socket.get(), &c, 1, 0) == 1 && c != '\n') line += c;
        return line;
    }
    // As the session does when it is woken.
    ControlCommand take() {
        for (;;) {
            auto commands = server_->take_commands();
            if (!commands.empty()) return commands.front();
            std::unique_lock lock(mutex_);
            changed_.wait_for(lock, std::chrono::milliseconds(50), [&] { return woken_ > seen_; });
            seen_ = woken_;
        }
    }

    fs::path folder_;
    std::unique_ptr<ControlServer> server_;
    std::mutex mutex_;
    std::condition_variable changed_;
    int woken_ = 0, seen_ = 0;
};

TEST_F(ControlServerTest, the_socket_is_the_owners_alone_and_goes_with_the_server) {
    start();
    struct stat found {};
    ASSERT_EQ(::stat(path().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0600U);
    server_.reset();
    EXPECT_FALSE(fs::exists(path()));
}

TEST_F(ControlServerTest, a_read_is_answered_without_the_session) {
    start();
    const auto client = connect();
    say(client, "{\"command\":\"status\"}\n{\"command\":\"balance\"}\n");
    EXPECT_NE(hear(client).find("\"running\":true"), std::string::npos);
    EXPECT_NE(hear(client).find("\"equity\""), std::string::npos);
    EXPECT_TRUE(server_->take_commands().empty());
}

TEST_F(ControlServerTest, a_command_carries_the_users_name_and_gets_the_sessions_answer) {
    start();
    const auto client = connect();
    say(client, "{\"command\":\"pause\",\"reason\":\"news\"}\n");
    const ControlCommand command = take();
    EXPECT_EQ(command.kind, CommandKind::pause);
    EXPECT_EQ(command.operator_name, user_name(::getuid()));
    EXPECT_EQ(command.reason, "news");
    server_->answer(command.ticket, "ok", "no new entries");
    EXPECT_NE(hear(client).find("no new entries"), std::string::npos);
}

TEST_F(ControlServerTest, questions_wait_for_the_session_one_at_a_time) {
    start();
    const auto first = connect(), second = connect();
    say(first, "{\"command\":\"bars\",\"argument\":\"symbol=NIFTY;n=3\"}\n");
    std::optional<WaitingQuery> query;
    while (!query) query = server_->take_query();
    EXPECT_EQ(query->query.view, ControlView::bars);
    EXPECT_EQ(query->query.count, 3);
    EXPECT_TRUE(query->last);
    EXPECT_FALSE(server_->take_query());
    server_->answer(query->ticket, ViewDocument([] { return std::string("{\"bars\":[]}"); }));
    EXPECT_NE(hear(first).find("\"data\":{\"bars\":[]}"), std::string::npos);
    say(second, "{\"command\":\"quote\",\"argument\":\"symbol=FOO\"}\n");
    for (query.reset(); !query;) query = server_->take_query();
    server_->answer(query->ticket, make_error(ErrorCode::not_found, "unknown symbol 'FOO'"));
    EXPECT_NE(hear(second).find("not_found"), std::string::npos);
    say(first, "{\"command\":\"bars\",\"argument\":\"n=3\"}\n");  // refused without the session
    EXPECT_NE(hear(first).find("symbol= is missing"), std::string::npos);
    EXPECT_FALSE(server_->take_query());
}

TEST_F(ControlServerTest, a_session_that_does_not_answer_is_said_to_be_unreachable) {
    ControlLimits limits;
    limits.answer_s = 0.05;
    start(limits);
    const auto client = connect();
    say(client, "{\"command\":\"pause\"}\n");
    EXPECT_NE(hear(client).find("unreachable"), std::string::npos);
}

TEST_F(ControlServerTest, a_line_without_an_end_is_cut_off) {
    start();
    const auto client = connect();
    const std::string much(1 << 16, 'x');
    // As a client with a gigabyte would go on; the server closes after the first kilobytes.
    for (int i = 0; i < 1 << 14; ++i) {
        if (::send(client.get(), much.data(), much.size(), MSG_NOSIGNAL) < 0) break;
        ASSERT_LT(i, 1000) << "the server goes on reading";
    }
    const auto other = connect();
    say(other, "{\"command\":\"status\"}\n");
    EXPECT_NE(hear(other).find("\"ok\":true"), std::string::npos);
}

TEST_F(ControlServerTest, half_a_line_is_waited_for_only_so_long) {
    ControlLimits limits;
    limits.line_s = 0.05;
    start(limits);
    const auto client = connect();
    say(client, "{\"command\":");
    EXPECT_EQ(hear(client), "");  // closed
}

TEST_F(ControlServerTest, a_thousand_connections_leave_room_for_none_and_harm_nobody) {
    ControlLimits limits;
    limits.clients_max = 8;
    start(limits);
    const auto first = connect();
    say(first, "{\"command\":\"status\"}\n");
    ASSERT_NE(hear(first).find("\"ok\":true"), std::string::npos);
    std::vector<FileDescriptor> crowd;
    for (int i = 0; i < 900; ++i) {
        auto socket = connect_unix(path(), 5);
        if (socket) crowd.push_back(std::move(*socket));
    }
    say(first, "{\"command\":\"status\"}\n");
    EXPECT_NE(hear(first).find("\"ok\":true"), std::string::npos);
    crowd.clear();
    for (int tries = 0;; ++tries) {  // the crowd's ends are noticed
        const auto late = connect();
        say(late, "{\"command\":\"status\"}\n");
        const std::string line = hear(late);
        if (line.find("\"ok\":true") != std::string::npos) break;
        ASSERT_LT(tries, 10'000) << line;
    }
}

TEST_F(ControlServerTest, a_client_that_does_not_read_is_dropped_and_delays_nobody) {
    ControlLimits limits;
    limits.unread_s = 0.1;
    start(limits);
    auto snapshot = std::make_shared<ControlSnapshot>();
    for (int i = 0; i < 200; ++i) {
        OrderRow row;
        row.why = std::string(400, 'w');
        snapshot->orders.push_back(row);
    }
    server_->publish(snapshot);
    const auto lazy = connect();
    for (int i = 0; i < 30; ++i) say(lazy, "{\"command\":\"orders\"}\n");
    const auto other = connect();
    say(other, "{\"command\":\"status\"}\n");
    EXPECT_NE(hear(other).find("\"ok\":true"), std::string::npos);
    // Read at last, it finds the first answers and then the end.
    std::array<char, 65'536> bytes;
    pollfd closed{lazy.get(), POLLRDHUP, 0};
    ASSERT_EQ(::poll(&closed, 1, 20'000), 1);
    size_t total = 0;
    for (ssize_t got = 1; got > 0; total += static_cast<size_t>(std::max<ssize_t>(got, 0))) {
        got = ::recv(lazy.get(), bytes.data(), bytes.size(), 0);
    }
    EXPECT_LT(total, 30 * to_line(ControlAnswer{"ok", "orders", view_json(*snapshot, ControlView::orders)}).size());
}

TEST_F(ControlServerTest, publishing_and_taking_never_wait_for_a_client) {
    start();
    std::vector<FileDescriptor> clients;
    for (int i = 0; i < 16; ++i) {
        clients.push_back(connect());
        say(clients.back(), "{\"command\":");
    }
    const auto snapshot = std::make_shared<const ControlSnapshot>();
    const auto began = Clock::now();
    for (int i = 0; i < 10'000; ++i) {
        server_->publish(snapshot);
        EXPECT_TRUE(server_->take_commands().empty());
    }
    EXPECT_LT(Clock::now() - began, std::chrono::seconds(2));  // 100 us each would be many times what it takes
}

}  // namespace
}  // namespace tide
