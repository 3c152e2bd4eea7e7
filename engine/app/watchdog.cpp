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
#include <fstream>
#include <thread>
#include <vector>

#include "app/alerts.hpp"
#include "app/health.hpp"
#include "app/kill_backup.hpp"
#include "brokers/emergency_close.hpp"
#include "brokers/remote_exchange.hpp"
#include "ops/incident_report.hpp"
#include "ops/text_table.hpp"

namespace tide {
namespace {

using Wall = std::chrono::steady_clock;
constexpr int kLook_ms = 20;
constexpr auto kPauseOfOurOwn = std::chrono::milliseconds(200);  // a longer gap between looks is ours, not the engine's
constexpr double kExchangeWait_s = 5;
constexpr const char* kHung = "engine_hung";
constexpr const char* kDied = "engine_died";
constexpr const char* kUnheard = "emergency_stop";

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
            if (gone) return at_stake() ? act(kDied, "the engine has ended without a word") : 0;
            const auto now = Wall::now();
            quiet += std::min<Wall::duration>(now - last_look, kPauseOfOurOwn);
            last_look = now;
            if (const uint64_t seen = board_.beats.load(std::memory_order_acquire); seen != beats) {
                beats = seen;
                quiet = Wall::duration::zero();
                told = false;
            }
            const double quiet_s = std::chrono::duration<double>(quiet).count();
            if (quiet_s >= options_.kill_wait_s && unheard())
                return act(kUnheard, fmt::format("{}; no sign of life for {:.1f} s", emergency_text(), quiet_s));
            if (quiet_s < options_.hang_s) continue;
            if (at_stake()) return act(kHung, fmt::format("no sign of life for {} s", options_.hang_s));
            if (!told) log("the engine hangs with nothing at stake");
            told = true;
        }
    }

  private:
    bool at_stake() const { return board_.positions.load() > 0 || board_.orders.load() > 0; }
    // Somebody has asked for the kill switch and the engine has not heard it. What is at stake is then in the
    // exchange's books: the engine's last word on it may be old.
    bool unheard() const {
        std::error_code ignored;
        return !board_.killed.load() && std::filesystem::exists(paths_.emergency_stop(), ignored);
    }
    std::string emergency_text() const {
        std::ifstream file(paths_.emergency_stop());
        std::string line;
        std::getline(file, line);
        return line.empty() ? "EMERGENCY_STOP file" : "EMERGENCY_STOP file: " + printable(line);
    }
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
        KillTimeline timeline(
            [began] { return std::chrono::duration_cast<std::chrono::milliseconds>(Wall::now() - began).count(); });
        if (trigger != kDied) fence();
        timeline.note(KillStep::entries_stopped, true,
                      trigger == kDied ? "the engine had ended" : "the engine's process was ended");
        latch(trigger, why);
        timeline.note(KillStep::latched, true, paths_.emergency_stop().string());
        raise_alert(paths_, kCritical, trigger,
                    fmt::format("session {}: {}; the watchdog closes everything", options_.session_id, why));
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
            describe_steps(*closed, timeline, incident);
        } else {
            incident.result = closed.error().message;
            timeline.note(KillStep::verified_flat, false, incident.result);
        }
        const double took_ms = std::chrono::duration<double, std::milli>(Wall::now() - began).count();
        incident.result += fmt::format("; {:.0f} ms after the trigger", took_ms);
        // Whoever waits for the outcome finds it here; what follows is added.
        finish(incident, timeline);
        return incident.flat ? 0 : 1;
    }

    void finish(Incident& incident, KillTimeline& timeline) const {
        const auto write = [&] {
            incident.steps = timeline.steps();
            return write_incident(incident, paths_.incidents(), options_.session_id);
        };
        const auto first = write();
        timeline.note(KillStep::state_saved, true,
                      "the engine's journal goes to its last word; 'engine recover' completes the store");
        timeline.note(KillStep::report_written, first.has_value(), first ? first->string() : first.error().message);
        const KillBackup backup =
            back_up_after_kill(paths_, (paths_.journals() / (options_.session_id + ".journal")).string());
        timeline.note(KillStep::backed_up, backup.done, backup.text);
        timeline.note(KillStep::connections_closed, true, "the line to the exchange");
        const std::string text =
            fmt::format("session {}: {} ({}): {}; {}", options_.session_id, incident.trigger, incident.reason,
                        incident.result, first ? first->string() : first.error().message);
        const bool told = raise_alert(paths_, kCritical, incident.flat ? "killed_and_flat" : "killed_NOT_FLAT", text);
        timeline.note(KillStep::operator_notified, told, told ? "on the terminal, in alerts.log" : "on the terminal");
        log(text);
        timeline.note(KillStep::shutdown_complete, true, "the watchdog ends");
        if (auto last = write(); !last) log(last.error().message);
    }

    // By the exchange's books, which the books' own time says.
    static void describe_steps(const EmergencyResult& closed, KillTimeline& timeline, Incident& incident) {
        const auto ms = [&](ReceiveTime t) {
            return std::chrono::duration_cast<std::chrono::milliseconds>(t - closed.began).count();
        };
        const int64_t first_look_ms = timeline.wall_ms() - ms(closed.ended);
        if (closed.cancelled)
            timeline.note_at(KillStep::cancels_confirmed, first_look_ms + ms(*closed.cancelled), true,
                             fmt::format("{} order(s) cancelled or ended", closed.before.orders.size()));
        timeline.note(KillStep::positions_closed, closed.after.positions.empty(),
                      fmt::format("{} position(s) closed by {} order(s)",
                                  closed.before.positions.size() - closed.after.positions.size(), closed.orders));
        timeline.note(KillStep::verified_flat, closed.flat,
                      closed.flat ? "the exchange's books are empty" : "the exchange's books are NOT empty");
        for (const EmergencyFill& fill : closed.closes) {
            KilledPosition row;
            row.instrument = fmt::format("{} ({})", fill.symbol, fill.quantity.units());
            row.exit_price = fill.price;
            row.session_ms = row.wall_ms = first_look_ms + ms(fill.time);
            incident.closes.push_back(std::move(row));
        }
        incident.verified = closed.flat;
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
    registry.add("watchdog.kill_wait_s", kill_wait_s, 0.2, 60, "s",
                 "with EMERGENCY_STOP in place and unheard: after this long without a sign");
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
                                "--engine", std::to_string(::getpid()), "--hang-s", fmt::format("{}", settings.hang_s),
                                "--kill-wait-s", fmt::format("{}", settings.kill_wait_s)},
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
