#pragma once
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace tide {

// What went wrong, in a form that both a person and the exit-code table can use.
enum class ErrorCode {
    usage,        // wrong flags or arguments
    config,       // configuration file or value
    input,        // a data file's content
    not_found,    // a named file, symbol or record does not exist
    io,           // disk full, read-only, permission
    corrupt,      // checksum or structure of our own file does not hold
    script,       // a strategy script was refused
    unreachable,  // no engine running, broker or feed down
    mismatch,     // the thing checked does not hold
    halted,       // refused because a halt or the kill switch is on
    stopped,      // a script's process did not answer in time, or has ended
    internal,     // our own fault
};
enum class Severity { info, warning, error, critical };

struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string message;  // one line: what happened, where, and what to do
    Severity severity = Severity::error;
    bool retryable = false;
};

// A value or an Error. Must be looked at.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
  public:
    using tl::expected<T, Error>::expected;
    Result() = default;
    Result(Error error) : tl::expected<T, Error>(tl::unexpect, std::move(error)) {}  // NOLINT: an Error is a Result
};

inline Error make_error(ErrorCode code, std::string message) { return Error{code, std::move(message)}; }

}  // namespace tide
