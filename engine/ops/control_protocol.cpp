#include "ops/control_protocol.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace tide {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 12> kViews{"status",     "positions", "orders", "balance", "risk",    "bars",
                                                  "indicators", "chain",     "vix",    "quote",   "scripts", "script"};

struct Word {
    std::string_view name;
    CommandKind kind;
    bool needs_confirm;
};
constexpr std::array kWords{Word{"pause", CommandKind::pause, false},
                            Word{"resume", CommandKind::resume, true},
                            Word{"stop", CommandKind::stop, false},
                            Word{"stop_immediate", CommandKind::stop_immediate, false},
                            Word{"stop_no_exit", CommandKind::stop_no_exit, false},
                            Word{"kill_switch", CommandKind::kill_switch, true},
                            Word{"mode_normal", CommandKind::mode_normal, false},
                            Word{"set", CommandKind::set, false},
                            Word{"reload", CommandKind::reload, false},
                            Word{"manual_mode", CommandKind::manual_mode, false},
                            Word{"manual_order", CommandKind::manual_order, false},
                            Word{"exit_position", CommandKind::exit_position, false},
                            Word{"cancel_order", CommandKind::cancel_order, false},
                            Word{"resolve_order", CommandKind::resolve_order, true},
                            Word{"reconcile", CommandKind::reconcile, false},
                            Word{"acknowledge", CommandKind::acknowledge, true}};

Error usage(std::string text) { return make_error(ErrorCode::usage, std::move(text)); }

bool has_control_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// Empty where the key is absent.
Result<std::string> text_at(const Json& request, const char* key, size_t longest) {
    const auto found = request.find(key);
    if (found == request.end()) return std::string();
    if (!found->is_string()) return usage(fmt::format("'{}' must be a text", key));
    const auto& text = found->get_ref<const std::string&>();
    if (text.size() > longest) return usage(fmt::format("'{}' is longer than {} bytes", key, longest));
    if (has_control_character(text)) return usage(fmt::format("'{}' holds a control character", key));
    return text;
}

}  // namespace

std::string_view name_of(ControlView view) { return kViews[static_cast<size_t>(view)]; }

std::optional<ControlView> parse_control_view(std::string_view name) {
    const auto view = std::find(kViews.begin(), kViews.end(), name);
    if (view == kViews.end()) return std::nullopt;
    return static_cast<ControlView>(view - kViews.begin());
}

Result<ControlRequest> parse_control_request(std::string_view line) {
    if (line.size() > kControlLineMax) return usage(fmt::format("a request has at most {} bytes", kControlLineMax));
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object()) return usage("a request is one JSON object on one line");
    for (const auto& [key, value] : json.items()) {
        if (key != "command" && key != "argument" && key != "reason" && key != "confirm") {
            return usage("a request has command, argument, reason and confirm only");
        }
    }
    const auto command = text_at(json, "command", 64);
    if (!command) return command.error();
    auto argument = text_at(json, "argument", kControlArgumentMax);
    if (!argument) return argument.error();
    auto reason = text_at(json, "reason", kControlReasonMax);
    if (!reason) return reason.error();
    const auto confirm = json.find("confirm");
    if (confirm != json.end() && !confirm->is_boolean()) return usage("'confirm' must be true or false");
    ControlRequest request;
    request.argument = std::move(*argument);
    request.reason = std::move(*reason);
    if (request.view = parse_control_view(*command); request.view) return request;
    const auto word = std::find_if(kWords.begin(), kWords.end(), [&](const Word& w) { return w.name == *command; });
    if (word == kWords.end()) return usage("unknown command");
    if (word->needs_confirm && (confirm == json.end() || !confirm->get<bool>())) {
        return usage(fmt::format("{} needs \"confirm\": true", word->name));
    }
    request.command = word->kind;
    return request;
}

std::string to_line(const ControlRequest& request) {
    Json json;
    if (request.view) {
        json["command"] = name_of(*request.view);
    } else {
        const auto word =
            std::find_if(kWords.begin(), kWords.end(), [&](const Word& w) { return w.kind == request.command; });
        TIDE_ASSERT(word != kWords.end());
        json["command"] = word->name;
        if (word->needs_confirm) json["confirm"] = true;
    }
    if (!request.argument.empty()) json["argument"] = request.argument;
    if (!request.reason.empty()) json["reason"] = request.reason;
    return json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string to_line(const ControlAnswer& answer) {
    Json json{{"schema_version", 1}, {"ok", answer.ok()}, {"code", answer.code}, {"text", answer.text}};
    std::string line = json.dump(-1, ' ', true, Json::error_handler_t::replace);
    if (!answer.data.empty()) {
        line.pop_back();
        line += ",\"data\":" + answer.data + "}";
    }
    return line + "\n";
}

Result<ControlAnswer> parse_control_answer(std::string_view line) {
    const auto json = nlohmann::ordered_json::parse(line, nullptr, false);  // the order of fields is for people
    const auto is_text = [&](const char* key) { return json.contains(key) && json[key].is_string(); };
    if (!json.is_object() || !is_text("code") || !is_text("text")) {
        return make_error(ErrorCode::input, "the control socket gave an answer that is not an engine's");
    }
    ControlAnswer answer;
    answer.code = json["code"].get<std::string>();
    answer.text = json["text"].get<std::string>();
    if (const auto data = json.find("data"); data != json.end()) answer.data = data->dump();
    return answer;
}

ErrorCode error_code_of(std::string_view answer_code) {
    if (answer_code == "refused" || answer_code == "halted") return ErrorCode::halted;
    if (answer_code == "script") return ErrorCode::script;
    if (answer_code == "unreachable" || answer_code == "busy") return ErrorCode::unreachable;
    return ErrorCode::usage;
}

}  // namespace tide
