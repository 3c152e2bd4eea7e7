#include "app/exit_code.hpp"

namespace tide {

ExitCode exit_code_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::usage:
        case ErrorCode::config:
        case ErrorCode::input:
        case ErrorCode::not_found:
        case ErrorCode::io:
        case ErrorCode::corrupt: return ExitCode::usage;
        case ErrorCode::script: return ExitCode::script;
        case ErrorCode::unreachable: return ExitCode::unreachable;
        case ErrorCode::mismatch: return ExitCode::does_not_hold;
        case ErrorCode::halted: return ExitCode::halted;
        case ErrorCode::internal: break;
    }
    return ExitCode::internal;
}

}  // namespace tide
