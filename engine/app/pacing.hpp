#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/events.hpp"
#include "core/result.hpp"
#include "session/strategy_host.hpp"

namespace tide {

// An operator's word on its way to the session, with its texts.
struct OperatorCommand {
    CommandKind kind = CommandKind::stop;
    std::string operator_name;
    std::string argument;
    std::string reason;
    uint64_t ticket = 0;                     // of somebody who waits for the outcome; 0: nobody
    std::vector<ScriptBundle> scripts = {};  // of `reload`: new sources, which come before it
};

struct PacingOptions {
    double speed = 1;  // 0: does not wait. 1: real time. 60: a minute of session time in a second.
    std::string emergency_stop_file;
    // Each called on the session's thread, and must return quickly: ten times a second of wall time; for commands from
    // elsewhere; whenever the session's thread shows that it is alive. Any may be empty.
    std::function<void(ReceiveTime)> show;
    std::function<void(std::vector<OperatorCommand>&)> hear;
    std::function<void()> beat;
};

// Waits until it is time for the next event, and hears the operator meanwhile: signals, the EMERGENCY_STOP file, the
// control socket. The only place of a running session that reads the wall clock.
class Pacing {
  public:
    explicit Pacing(PacingOptions options);
    ~Pacing();
    Pacing(const Pacing&) = delete;
    Pacing& operator=(const Pacing&) = delete;

    // Session time passes to `t`. Returns the moment reached: `t`, or earlier when a command came in.
    ReceiveTime wait_until(ReceiveTime t);
    // Commands that have come in since the last call.
    std::vector<OperatorCommand> take_commands();
    // Ends a wait early, so that `hear` is asked. From any thread.
    void wake();
    // The engine has written the EMERGENCY_STOP file itself: it is no operator's word.
    void expect_emergency_stop();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tide
