#pragma once
#include "app/exit_code.hpp"
#include "app/run_options.hpp"
#include "core/result.hpp"

namespace tide {

// Prepares and runs one session (paper or backtest) from the command line's options: settings, scripts, market,
// journal, store, screen; then the summary or the JSON document.
Result<ExitCode> run_session(const RunOptions& options);

}  // namespace tide
