#include "app/watchdog.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#include "app/health.hpp"
#include "brokers/emergency_close.hpp"
#include "brokers/remote_exchange.hpp"
#include "ops/incident_report.hpp"

namespace tide {
namespace {

using Wall = std::chrono::steady_clock;
constexpr int kLook_ms = 20;
constexpr auto kPauseOfOurOwn = std::chrono::milliseconds(200);  // a longer gap between looks is ours, not the engine's
constexpr double kExchangeWait_s = 5;
constexpr const char* kHung = "engine_hung";

Error failure(const char* what) { return make_error(ErrorCode::io, fmt::format("{}: {}", what, std::strerror(errno))); }

// This program again, as another process with a session of its own and only the descriptors it is given.
Result<int> start_process(const std::vector<std::string>& words, const std::vector<int>& kept) {
    std::vector<char*> arguments;
    for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const pid_t child = ::fork();
    if (child < 0) return failure("a process cannot be started");
    if (child > 0) return child;
    ::setsid();
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, SIG_IGN);
    const int null = ::open("/dev/null", O_RDWR);
    ::dup2(null, 0);
    ::dup2(null, 1);
    for (const int number : kept) ::fcntl(number, F_SETFD, 0);
    ::execv("/proc/self/exe", arguments.data());
    ::_exit(127);
}

class Guard {
  public:
    Guard(const WatchdogProcess& options, const WatchdogBoard& board, Paths paths)
        : options_(options), board_(board), paths_(std::move(paths)) {}

    int run() {
        auto last_look = Wall::now();
        auto quiet = Wall::duration::zero();
        uint64_t beats = board_.beats.load();
        bool told = false;
        while (true) {
            const bool gone = engine_gone();
            if (board_.ended.load()) return 0;
            if (gone) return at_stake() ? act("engine_died", "the engine has ended without a word") : 0;
            const auto now = Wall::now();
            quiet += std::min<Wall::duration>(now - last_look, kPauseOfOurOwn);
            last_look = now;
            if (const uint64_t seen = board_.beats.load(std::memory_order_acquire); seen != beats) {
                beats = seen;
                quiet = Wall::duration::zero();
                told = false;
            }
            if (std::chrono::duration<double>(quiet).count() < options_.hang_s) continue;
            if (at_stake()) return act(kHung, fmt::format("no sign of life for {} s", options_.hang_s));
            if (!told) log("the engine hangs with nothing at stake");
            told = true;
        }
    }

  private:
    bool at_stake() const { return board_.positions.load() > 0 || board_.orders.load() > 0; }
    bool engine_gone() const {
        pollfd pipe{options_.engine, POLLIN, 0};
        return ::poll(&pipe, 1, kLook_ms) > 0 && (pipe.revents & (POLLHUP | POLLERR)) != 0;
    }
    void log(const std::string& what) const {
        const std::string line = fmt::format("{} watchdog of {}: {}\n", wall_clock_text(), options_.session_id, what);
        FileDescriptor file(::open(paths_.operator_log().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
        (void)!::write(file.get(), line.data(), line.size());
        (void)!::write(STDERR_FILENO, line.data(), line.size());
    }
    // A hung engine that wakes up must not trade again.
    void fence() const {
        if (::getppid() == options_.engine_process) ::kill(options_.engine_process, SIGKILL);
    }
    void latch(const std::string& trigger, const std::string& why) const {
        const std::string line =
            fmt::format("kill switch by the watchdog of {}: {}: {}\n", options_.session_id, trigger, why);
        FileDescriptor file(::open(paths_.emergency_stop().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
        (void)!::write(file.get(), line.data(), line.size());
        ::fsync(file.get());
    }

    int act(const std::string& trigger, const std::string& why) {
        const auto began = Wall::now();
        if (trigger == kHung) fence();
        latch(trigger, why);
        Incident incident;
        incident.session_id = options_.session_id;
        incident.carried_out_by = "watchdog";
        incident.trigger = trigger;
        incident.reason = why;
        incident.values = fmt::format("positions={} orders={} hang_s={}", board_.positions.load(), board_.orders.load(),
                                      options_.hang_s);
        auto closed = close_at_exchange();
        if (closed) {
            describe(*closed, incident);
        } else {
            incident.result = closed.error().message;
        }
        const double took_ms = std::chrono::duration<double, std::milli>(Wall::now() - began).count();
        incident.result += fmt::format("; {:.0f} ms after the trigger", took_ms);
        auto page = write_incident(incident, paths_.incidents(), options_.session_id);
        log(fmt::format("{} ({}): {}; {}", trigger, why, incident.result,
                        page ? page->string() : page.error().message));
        return incident.flat ? 0 : 1;
    }

    Result<EmergencyResult> close_at_exchange() const {
        auto exchange = RemoteExchange::connect(paths_.exchange_socket(), WireRole::watchdog, "", kExchangeWait_s);
        if (!exchange) return exchange.error();
        if (auto mine = (*exchange)->take_over(); !mine) return mine.error();
        auto books = (*exchange)->books();
        if (!books) return books.error();
        const auto began = Wall::now();
        const ReceiveTime start = books->now;
        return close_everything(
            **exchange, EmergencyCloseSettings(),
            [&] { return start + std::chrono::duration_cast<Duration>(Wall::now() - began); },
            [] { std::this_thread::sleep_for(std::chrono::milliseconds(5)); });
    }

    static void describe(const EmergencyResult& closed, Incident& incident) {
        incident.began = closed.began;
        incident.ended = closed.ended;
        incident.flat = closed.flat;
        incident.result = fmt::format("{} cancel(s), {} order(s), {} fill(s); the exchange's books are {}",
                                      closed.cancels, closed.orders, closed.fills, closed.flat ? "empty" : "NOT empty");
        for (const auto& position : closed.before.positions) {
            PositionRow row;
            row.instrument = position.symbol;
            row.side = position.net.units() > 0 ? "buy" : "sell";
            row.quantity = row.opened_quantity = std::abs(position.net.units());
            row.last = position.last;
            incident.before.positions.push_back(std::move(row));
        }
        for (const auto& order : closed.before.orders) {
            OrderRow row;
            row.id = order.id.value();
            row.instrument = order.symbol;
            row.side = name_of(order.side);
            row.state = "open";
            row.quantity = order.remaining.units();
            row.limit = order.limit;
            incident.before.orders.push_back(std::move(row));
        }
        for (const auto& action : closed.actions) incident.actions.push_back({action.time, action.what});
    }

    const WatchdogProcess& options_;
    const WatchdogBoard& board_;
    Paths paths_;
};

}  // namespace

void WatchdogSettings::register_in(SettingsRegistry& registry) {
    registry.add("watchdog.enabled", enabled,
                 "a process of its own closes everything at the exchange when the engine hangs or dies");
    registry.add("watchdog.hang_s", hang_s, 0.5, 600, "s", "the engine counts as hung after this long without a sign");
}

Result<std::unique_ptr<Watchdog>> Watchdog::start(const Paths& paths, const std::string& session_id,
                                                  const WatchdogSettings& settings) {
    std::unique_ptr<Watchdog> watchdog(new Watchdog());
    watchdog->memory_ = FileDescriptor(::memfd_create("watchdog", MFD_CLOEXEC));
    if (!watchdog->memory_.valid() || ::ftruncate(watchdog->memory_.get(), sizeof(WatchdogBoard)) != 0)
        return failure("no memory for the watchdog");
    void* memory =
        ::mmap(nullptr, sizeof(WatchdogBoard), PROT_READ | PROT_WRITE, MAP_SHARED, watchdog->memory_.get(), 0);
    if (memory == MAP_FAILED) return failure("no memory for the watchdog");
    watchdog->board_ = new (memory) WatchdogBoard();
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return failure("no pipe for the watchdog");
    FileDescriptor read_end(ends[0]);
    watchdog->pipe_ = FileDescriptor(ends[1]);
    auto child = start_process({"engine", "watchdog", "--home", paths.home.string(), "--session", session_id, "--board",
                                std::to_string(watchdog->memory_.get()), "--pipe", std::to_string(read_end.get()),
                                "--engine", std::to_string(::getpid()), "--hang-s", fmt::format("{}", settings.hang_s)},
                               {watchdog->memory_.get(), read_end.get()});
    if (!child) return child.error();
    watchdog->process_ = *child;
    return watchdog;
}

bool Watchdog::alive() {
    if (!gone_) gone_ = ::waitpid(process_, nullptr, WNOHANG) != 0;
    return !gone_;
}

void Watchdog::end() { board_->ended = true; }

Watchdog::~Watchdog() {
    // Without end() before it, this is how an engine ends that failed: the watchdog closes what is left.
    pipe_.reset();
    if (process_ > 0 && !gone_) ::waitpid(process_, nullptr, 0);
    if (board_ != nullptr) ::munmap(board_, sizeof(WatchdogBoard));
}

int watch_engine(const WatchdogProcess& options) {
    auto paths = find_paths(options.home);
    void* memory = ::mmap(nullptr, sizeof(WatchdogBoard), PROT_READ, MAP_SHARED, options.board, 0);
    if (!paths || memory == MAP_FAILED) return 1;
    return Guard(options, *static_cast<const WatchdogBoard*>(memory), *paths).run();
}

Result<void> start_paper_exchange(const Paths& paths) {
    const auto socket = paths.exchange_socket();
    if (connect_unix(socket, 1)) return {};
    auto child = start_process({"engine", "paper-exchange", "--once", "--home", paths.home.string()}, {});
    if (!child) return child.error();
    for (int i = 0; i < 250; ++i) {
        if (connect_unix(socket, 1)) return {};
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return make_error(ErrorCode::unreachable,
                      fmt::format("the paper exchange does not come up at {}", socket.string()));
}

}  // namespace tide
