#pragma once
#include "app/paths.hpp"
#include "ops/control_protocol.hpp"

namespace tide {

// One request to the engine that runs in this home, and its answer. Errors: unreachable (none runs, or it does not
// answer within `timeout_s`), input.
Result<ControlAnswer> ask_engine(const Paths& paths, const ControlRequest& request, double timeout_s);

}  // namespace tide
