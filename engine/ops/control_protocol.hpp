#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/events.hpp"
#include "core/result.hpp"

// The language of the control socket: one JSON object a line, in and out (docs/cli.md, "Control socket").
namespace tide {

inline constexpr size_t kControlLineMax = 4096;  // a request, in bytes
inline constexpr size_t kControlArgumentMax = 1024;
inline constexpr size_t kControlReasonMax = 512;

// What can be read of a running engine without disturbing it. Those up to risk are answered from the last snapshot; the
// rest by the Session itself, between two events (ops/session_view.hpp).
enum class ControlView : uint8_t {
    status,
    positions,
    orders,
    balance,
    risk,
    bars,
    indicators,
    chain,
    vix,
    quote,
    scripts,
    script
};
std::string_view name_of(ControlView view);
std::optional<ControlView> parse_control_view(std::string_view name);
constexpr bool is_asked_of_session(ControlView view) { return view > ControlView::risk; }

// {"command": "pause", "argument": "…", "reason": "…", "confirm": true}
struct ControlRequest {
    std::optional<ControlView> view;           // a read, or else
    CommandKind command = CommandKind::pause;  // an order to the session
    std::string argument;
    std::string reason;
};

// Errors (usage) say in one line what is wrong: not a JSON object, an unknown key or command, a value of the wrong
// type, too long, a control character, or `confirm` missing where it is asked for (kill_switch, resume).
Result<ControlRequest> parse_control_request(std::string_view line);
// The request as a line, with its end.
std::string to_line(const ControlRequest& request);

// The answer. `code`: ok, refused, halted, not_found, usage, unavailable, unreachable (the session did not answer in
// time), busy.
struct ControlAnswer {
    std::string code = "ok";
    std::string text;
    std::string data;  // a JSON document, or empty
    bool ok() const { return code == "ok"; }
};
std::string to_line(const ControlAnswer& answer);
// Errors: input (not an answer of an engine).
Result<ControlAnswer> parse_control_answer(std::string_view line);
// What a shell is told: usage, not_found -> usage; refused, halted -> halted; unreachable, busy -> unreachable.
ErrorCode error_code_of(std::string_view answer_code);

}  // namespace tide
