#pragma once
#include <atomic>
#include <memory>
#include <string>

#include "app/paths.hpp"
#include "core/settings.hpp"
#include "net/file_descriptor.hpp"

namespace tide {

// When the engine counts as hung. Registered with the session's settings.
struct WatchdogSettings {
    bool enabled = true;
    double hang_s = 10;
    double kill_wait_s = 1;
    void register_in(SettingsRegistry& registry);
};

// What the engine tells its watchdog, in memory that both have.
struct WatchdogBoard {
    std::atomic<uint64_t> beats{0};
    std::atomic<int64_t> positions{0};
    std::atomic<int64_t> orders{0};
    std::atomic<bool> killed{false};  // the kill switch has been heard
    std::atomic<bool> ended{false};   // in order: there is nothing to guard any more
};

// A process of its own that closes everything at the exchange when the engine hangs or dies with something at stake, or
// does not hear the kill switch (docs/decisions/control.md). It shares nothing with the engine but the board and a pipe
// that breaks when the engine ends.
class Watchdog {
  public:
    // Starts it. (The child calls only what is safe between fork and exec: other threads may exist.) Errors: io.
    static Result<std::unique_ptr<Watchdog>> start(const Paths& paths, const std::string& session_id,
                                                   const WatchdogSettings& settings);
    ~Watchdog();  // waits for its end: without end() before, until it has closed what is at stake
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    void beat(size_t positions, size_t orders, bool killed) {
        board_->killed.store(killed, std::memory_order_relaxed);
        board_->positions.store(static_cast<int64_t>(positions), std::memory_order_relaxed);
        board_->orders.store(static_cast<int64_t>(orders), std::memory_order_relaxed);
        board_->beats.fetch_add(1, std::memory_order_release);
    }
    // The process is there.
    bool alive();
    // The session has ended in order.
    void end();

  private:
    Watchdog() = default;
    WatchdogBoard* board_ = nullptr;
    FileDescriptor memory_, pipe_;
    int process_ = -1;
    bool gone_ = false;
};

struct WatchdogProcess {
    std::string home;
    std::string session_id;
    int board = -1;   // descriptors that were handed over
    int engine = -1;  // read end of the pipe
    int engine_process = 0;
    double hang_s = 10;
    double kill_wait_s = 1;
};
// The watchdog's own main; returns its exit code.
int watch_engine(const WatchdogProcess& options);

// The exchange's process for `run --broker paper-process`, unless one listens in this home already. Errors: io,
// unreachable when it does not come up.
Result<void> start_paper_exchange(const Paths& paths);

}  // namespace tide
