#pragma once
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace tide {

// The contract with shells and other programs (docs/cli.md).
enum class ExitCode : int {
    done = 0,
    does_not_hold = 1,  // the thing checked does not hold
    usage = 2,          // bad usage, configuration or input file; a disk that cannot be written
    unreachable = 3,
    halted = 4,  // by risk or kill switch
    script = 5,  // rejected or quarantined
    internal = 70,
};
ExitCode exit_code_of(ErrorCode code);
// What a person is told of an error, in one line: a traceback is cut to the callers, and left out where there are none.
std::string one_line(std::string_view message);

}  // namespace tide
