#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/books_latch.hpp"
#include "app/commands.hpp"
#include "app/control_client.hpp"
#include "app/engine_settings.hpp"
#include "app/health.hpp"
#include "app/paths.hpp"
#include "ledger/ledger_reader.hpp"
#include "session/runtime_settings.hpp"

// Operating the running engine; what latches and clears the kill switch when none runs.
namespace tide {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr double kAnswerWait_s = 6;    // longer than the engine gives its session
constexpr int kComparisonLooks = 300;  // ten a second
constexpr double kKillWait_s = 2;      // then the file says it

Result<void> append_line(const fs::path& path, const std::string& line) {
    std::ofstream file(path, std::ios::app);
    file << line << "\n";
    file.close();
    if (file) return {};
    return make_error(ErrorCode::io, fmt::format("cannot write {}; make the folder writable", path.string()));
}

Result<void> log_operator(const Paths& paths, const std::string& what) {
    return append_line(paths.operator_log(), fmt::format("{} {} by {}", wall_clock_text(), what, operator_name()));
}

Result<ExitCode> print_answer(const ControlAnswer& answer, bool json) {
    if (json) {
        std::cout
            << Json{{"schema_version", 1}, {"ok", answer.ok()}, {"code", answer.code}, {"text", answer.text}}.dump(2)
            << "\n";
    }
    if (!answer.ok()) {
        if (json) return exit_code_of(error_code_of(answer.code));
        return make_error(error_code_of(answer.code), answer.text);
    }
    if (!json) fmt::print("{}\n", answer.text);
    return ExitCode::done;
}

bool latched(const Paths& paths) {
    std::error_code ignored;
    return fs::exists(paths.emergency_stop(), ignored);
}

void print_document(const Json& document, bool json) {
    if (json) {
        std::cout << document.dump(2) << "\n";
        return;
    }
    for (const auto& [key, value] : document.items()) {
        if (key == "schema_version" || value.is_structured()) continue;
        fmt::print("{:<34} {}\n", key, value.is_string() ? value.get<std::string>() : value.dump());
    }
}

// Of the last session that the store knows.
Result<std::optional<SessionRow>> last_session(const Paths& paths) {
    auto ledger = LedgerReader::open(paths.ledger().string());
    if (!ledger && ledger.error().code == ErrorCode::not_found) return std::optional<SessionRow>();
    if (!ledger) return ledger.error();
    auto sessions = ledger->sessions();
    if (!sessions) return sessions.error();
    return sessions->empty() ? std::nullopt : std::optional(sessions->back());
}

}  // namespace

Result<bool> show_running_engine(ControlView view, const std::string& home, bool json) {
    auto paths = find_paths(home);
    if (!paths) return paths.error();
    ControlRequest request;
    request.view = view;
    request.argument = json ? "" : "text";
    auto answer = ask_engine(*paths, request, kAnswerWait_s);
    if (!answer && answer.error().code == ErrorCode::unreachable) return false;
    if (!answer) return answer.error();
    if (answer->code == "unavailable") return false;  // nothing of its session is known yet
    if (!answer->ok()) return make_error(error_code_of(answer->code), answer->text);
    const Json data = Json::parse(answer->data, nullptr, false);
    std::cout << (data.is_string() ? data.get<std::string>() : data.dump(2) + "\n");
    std::cout.flush();
    return true;
}

Result<ExitCode> operate_command(CommandKind kind, const OperateOptions& options) {
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    ControlRequest request;
    request.command = kind;
    request.argument = options.argument;
    request.reason = options.reason;
    auto answer = ask_engine(*paths, request, kAnswerWait_s);
    if (!answer) return answer.error();
    return print_answer(*answer, options.json);
}

Result<ExitCode> kill_switch_command(const OperateOptions& options) {
    if (!options.confirm)
        return make_error(ErrorCode::usage,
                          "kill-switch closes every position at once; say --confirm if that is meant");
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    if (auto ready = prepare_home(*paths); !ready) return ready.error();
    ControlRequest request;
    request.command = CommandKind::kill_switch;
    request.reason = options.reason.empty() ? "no reason given" : options.reason;
    auto answer = ask_engine(*paths, request, kKillWait_s);
    if (answer && answer->ok()) return print_answer(*answer, options.json);
    // No engine, or one that hangs: the file stands until somebody resumes, and whoever watches the engine acts.
    if (auto done = append_line(paths->emergency_stop(), fmt::format("by {}: {}", operator_name(), request.reason));
        !done) {
        return done.error();
    }
    const std::string text = fmt::format(
        "{}{} is in place: a running session closes everything within a second, and none starts until 'engine resume'",
        latched(*paths) && answer ? "the engine did not answer; " : "", paths->emergency_stop().string());
    return print_answer({"ok", text, ""}, options.json);
}

Result<ExitCode> resume_command(const ResumeOptions& options) {
    if (!options.confirm_safe || options.reason.empty()) {
        return make_error(ErrorCode::usage, "resume needs --confirm-safe and --reason \"what was found and mended\"");
    }
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    ControlRequest request;
    request.command = CommandKind::resume;
    request.reason = options.reason;
    const bool was_latched = latched(*paths);
    if (!was_latched) {  // a paused session
        auto answer = ask_engine(*paths, request, kAnswerWait_s);
        if (answer) return print_answer(*answer, false);
        if (answer.error().code != ErrorCode::unreachable) return answer.error();
        fmt::print("the kill switch is not latched in {}\n", paths->home.string());
        return ExitCode::done;
    }
    request = {};
    request.view = ControlView::status;
    if (ask_engine(*paths, request, kAnswerWait_s)) {
        return make_error(ErrorCode::halted,
                          "the engine is still carrying out the kill switch; resume once it has ended");
    }
    const auto checks = check_health({*paths, options.config_file, true});
    for (const HealthCheck& check : checks) {
        if (check.state != HealthState::failed) continue;
        return make_error(ErrorCode::mismatch,
                          fmt::format("not resumed: {}: {}; see 'engine health-check --full'", check.name, check.text));
    }
    if (auto done = log_operator(*paths, fmt::format("resume ({})", options.reason)); !done) return done.error();
    if (auto done = append_line(paths->limited_mode(), "since the kill switch was resumed by " + operator_name());
        !done)
        return done.error();
    std::error_code error;
    if (!fs::remove(paths->emergency_stop(), error) || error) {
        return make_error(ErrorCode::io,
                          fmt::format("cannot remove {}: {}", paths->emergency_stop().string(), error.message()));
    }
    fmt::print("kill switch cleared; sessions start in limited mode until 'engine mode normal'\n");
    return ExitCode::done;
}

Result<ExitCode> acknowledge_command(const OperateOptions& options) {
    if (options.reason.empty())
        return make_error(ErrorCode::usage, "recover --acknowledge needs --reason \"what was found and mended\"");
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    ControlRequest request;
    request.command = CommandKind::acknowledge;
    request.reason = options.reason;
    auto answer = ask_engine(*paths, request, kAnswerWait_s);
    if (answer) return print_answer(*answer, options.json);
    if (answer.error().code != ErrorCode::unreachable) return answer.error();
    auto was = BooksLatch::acknowledge(*paths);
    if (!was) return was.error();
    if (*was) {
        if (auto done = log_operator(*paths, fmt::format("acknowledge ({})", options.reason)); !done)
            return done.error();
    }
    return print_answer({"ok", *was ? "acknowledged: sessions may start again" : "there is nothing to acknowledge", ""},
                        options.json);
}

namespace {

// The rows of the newest comparison that has ended after row `after`; none yet: empty.
Result<std::vector<AuditRow>> comparison_after(const Paths& paths, uint64_t after) {
    auto ledger = LedgerReader::open(paths.ledger().string());
    if (!ledger) return ledger.error();
    AuditFilter filter;
    filter.kind = "reconcile";
    filter.limit = 200;
    auto rows = ledger->audit(filter);
    if (!rows) return rows.error();
    std::vector<AuditRow> found;
    for (auto& row : *rows) {
        if (row.row > after) found.push_back(row);
    }
    const auto ends = [](const AuditRow& row) {
        return row.text.find(" what=agreed ") != std::string::npos ||
               row.text.find(" what=differs ") != std::string::npos;
    };
    if (found.empty() || !ends(found.back())) return std::vector<AuditRow>();
    return found;
}

Result<uint64_t> newest_comparison_row(const Paths& paths) {
    auto ledger = LedgerReader::open(paths.ledger().string());
    if (!ledger) return ledger.error();
    AuditFilter filter;
    filter.kind = "reconcile";
    filter.limit = 1;
    auto rows = ledger->audit(filter);
    if (!rows) return rows.error();
    return rows->empty() ? 0 : rows->back().row;
}

}  // namespace

Result<ExitCode> reconcile_command(const OperateOptions& options) {
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    auto before = newest_comparison_row(*paths);
    if (!before && before.error().code != ErrorCode::not_found) return before.error();
    ControlRequest request;
    request.command = CommandKind::reconcile;
    request.reason = options.reason;
    auto answer = ask_engine(*paths, request, kAnswerWait_s);
    if (!answer) return answer.error();
    if (!answer->ok()) return print_answer(*answer, options.json);
    for (int looks = 0; looks < kComparisonLooks; ++looks) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        auto rows = comparison_after(*paths, before ? *before : 0);
        if (!rows) return rows.error();
        if (rows->empty()) continue;
        const bool agreed = rows->back().text.find(" what=agreed ") != std::string::npos;
        auto list = Json::array();
        for (const auto& row : *rows) {
            list.push_back(row.text);
            if (!options.json) fmt::print("{}\n", row.text);
        }
        if (options.json) std::cout << Json{{"schema_version", 1}, {"agreed", agreed}, {"rows", list}}.dump(2) << "\n";
        return agreed ? ExitCode::done : ExitCode::does_not_hold;
    }
    return make_error(ErrorCode::unreachable, "the broker's books have not been read within 30 s; see engine status");
}

Result<ExitCode> mode_normal_command(const std::string& home) {
    auto paths = find_paths(home);
    if (!paths) return paths.error();
    ControlRequest request;
    request.command = CommandKind::mode_normal;
    auto answer = ask_engine(*paths, request, kAnswerWait_s);
    // A running session says whether its hour is over; the file follows it.
    if (answer && !answer->ok()) return print_answer(*answer, false);
    std::error_code error;
    const bool was_limited = fs::remove(paths->limited_mode(), error);
    if (error)
        return make_error(ErrorCode::io,
                          fmt::format("cannot remove {}: {}", paths->limited_mode().string(), error.message()));
    if (was_limited) {
        if (auto done = log_operator(*paths, "mode normal"); !done) return done.error();
    }
    fmt::print("{}\n", was_limited ? "limited mode ended: sessions trade at full size" : "limited mode is not on");
    return ExitCode::done;
}

Result<ExitCode> status_command(const OperateOptions& options) {
    auto shown = show_running_engine(ControlView::status, options.home, options.json);
    if (!shown) return shown.error();
    if (*shown) return ExitCode::done;
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    auto session = last_session(*paths);
    if (!session) return session.error();
    std::error_code ignored;
    Json document{{"schema_version", 1},
                  {"running", false},
                  {"state", latched(*paths) ? "killed" : "stopped"},
                  {"kill_switch_latched", latched(*paths)},
                  {"limited_mode", fs::exists(paths->limited_mode(), ignored)},
                  {"home", paths->home.string()}};
    if (*session) {
        document["last_session"] = (*session)->session_id;
        document["started"] = (*session)->started ? Json(format_iso(*(*session)->started)) : Json(nullptr);
        document["ended"] = (*session)->ended ? Json(format_iso(*(*session)->ended)) : Json(nullptr);
        document["trades"] = (*session)->trades;
        document["net"] = to_string((*session)->net);
    }
    print_document(document, options.json);
    return ExitCode::done;
}

Result<ExitCode> balance_command(const OperateOptions& options) {
    auto shown = show_running_engine(ControlView::balance, options.home, options.json);
    if (!shown) return shown.error();
    if (*shown) return ExitCode::done;
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    auto ledger = LedgerReader::open(paths->ledger().string());
    if (!ledger) return ledger.error();
    AuditFilter filter;
    filter.kind = "equity";
    filter.limit = 1;
    auto rows = ledger->audit(filter);
    if (!rows) return rows.error();
    Json document{{"schema_version", 1}, {"running", false}};
    if (!rows->empty()) {
        document["session"] = rows->back().session_id;
        document["time"] = format_iso(rows->back().time);
        const std::string& text = rows->back().text;
        for (const char* key : {"equity", "gross", "charges", "net"}) {
            const size_t at = text.find(fmt::format(" {}=", key));
            if (at == std::string::npos) continue;
            const size_t from = text.find('=', at) + 1;
            document[key] = text.substr(from, text.find(' ', from) - from);
        }
    }
    print_document(document, options.json);
    return ExitCode::done;
}

Result<ExitCode> risk_command(const OperateOptions& options) {
    auto shown = show_running_engine(ControlView::risk, options.home, options.json);
    if (!shown) return shown.error();
    if (*shown) return ExitCode::done;
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    EngineSettings settings;
    if (auto read = settings.read_file(paths->config_file().string()); !read) return read.error();
    std::error_code ignored;
    Json limits = Json::object();
    for (const auto& setting : runtime_settings()) {
        limits[std::string(setting.key)] = settings.registry().value_of(setting.key).value_or("");
    }
    const Json document{{"schema_version", 1},
                        {"running", false},
                        {"kill_switch_latched", latched(*paths)},
                        {"limited_mode", fs::exists(paths->limited_mode(), ignored)},
                        {"limits", limits}};
    print_document(document, options.json);
    if (!options.json) print_document(limits, false);
    return ExitCode::done;
}

}  // namespace tide
