#pragma once
#include <functional>

#include "app/commands.hpp"

namespace CLI {
class App;
}

namespace tide {

using Command = std::function<Result<ExitCode>()>;

// The commands that operate a running engine or decide whether one may run. All references outlive the parsing.
void add_operate_commands(CLI::App& app, OperateOptions& operate, ResumeOptions& resume, HealthOptions& health,
                          Command& chosen);

}  // namespace tide
