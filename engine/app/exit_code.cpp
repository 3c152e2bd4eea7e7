#include "app/exit_code.hpp"

#include <algorithm>

namespace tide {

ExitCode exit_code_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::usage:
        case ErrorCode::config:
        case ErrorCode::input:
        case ErrorCode::not_found:
        case ErrorCode::io:
        case ErrorCode::corrupt:
            return ExitCode::usage;
        case ErrorCode::script:
        case ErrorCode::stopped:
            return ExitCode::script;
        case ErrorCode::unreachable:
            return ExitCode::unreachable;
        case ErrorCode::mismatch:
            return ExitCode::does_not_hold;
        case ErrorCode::halted:
            return ExitCode::halted;
        case ErrorCode::internal:
            break;
    }
    return ExitCode::internal;
}

std::string one_line(std::string_view message) {
    std::string line(message.substr(0, message.find('\n')));
    const std::string first = line;
    while (message.find('\n') != std::string_view::npos) {
        message.remove_prefix(message.find('\n') + 1);
        std::string_view frame = message.substr(0, message.find('\n'));
        frame.remove_prefix(std::min(frame.find_first_not_of(' '), frame.size()));
        const bool where_it_was = first.starts_with(frame.substr(0, frame.find(' ')));
        if (!where_it_was) line += "; called from " + std::string(frame);
    }
    return line;
}

}  // namespace tide
