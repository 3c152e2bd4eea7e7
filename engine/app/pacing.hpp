#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/events.hpp"
#include "core/result.hpp"

namespace tide {

// An operator's word on its way to the session, with its texts.
struct OperatorCommand {
    CommandKind kind = CommandKind::stop;
    std::string operator_name;
    std::string argument;
    std::string reason;
};

// Waits until it is time for the next event, and hears the operator meanwhile: signals and the EMERGENCY_STOP file. The
// only place of a running session that reads the wall clock.
class Pacing {
  public:
    // speed 0: does not wait. 1: real time. 60: a minute of session time in a second. `show` is called about ten times
    // a second of wall time, and must return quickly.
    Pacing(double speed, std::string emergency_stop_file, std::function<void(ReceiveTime)> show);
    ~Pacing();
    Pacing(const Pacing&) = delete;
    Pacing& operator=(const Pacing&) = delete;

    // Session time passes to `t`. Returns the moment reached: `t`, or earlier when a command came in.
    ReceiveTime wait_until(ReceiveTime t);
    // Commands that have come in since the last call.
    std::vector<OperatorCommand> take_commands();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tide
