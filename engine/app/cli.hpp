#pragma once

namespace tide {
// Reads the command line, runs the command, prints errors as one line, returns the exit code.
int run_cli(int argc, char** argv);
}  // namespace tide
