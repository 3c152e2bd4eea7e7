#pragma once
#include <CLI/CLI.hpp>
#include <functional>

#include "app/exit_code.hpp"
#include "app/store_data_commands.hpp"
#include "core/result.hpp"

namespace tide {

// Adds the sub-commands of `engine data` that work on the home's store; the one that is given sets `chosen`.
void add_store_data_commands(CLI::App& data, StoreDataOptions& options, std::function<Result<ExitCode>()>& chosen);

}  // namespace tide
