#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/alerts.hpp"
#include "app/books_latch.hpp"
#include "app/commands.hpp"
#include "app/control_client.hpp"
#include "app/engine_settings.hpp"
#include "app/health.hpp"
#include "app/paths.hpp"
#include "ledger/ledger_reader.hpp"
#include "net/unix_socket.hpp"
#include "session/runtime_settings.hpp"

// Operating the running engine; what latches and clears the kill switch when none runs.
namespace tide {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr double kAnswerWait_s = 6;    // longer than the engine gives its session
constexpr int kComparisonLooks = 300;  // ten a second
constexpr double kKillWait_s = 1;      // then the file says it
constexpr auto kKillLook = std::chrono::milliseconds(50);
constexpr int kHeardLooks = 100;    // 5 s: longer than a watchdog waits with the file in place
constexpr int kClosingLooks = 900;  // 45 s: longer than it tries

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

// The process behind the control socket, which the kernel names although it does not answer.
struct EngineProcess {
    int id = 0;  // 0: none
    bool stopped = false;
};
EngineProcess find_engine(const Paths& paths) {
    EngineProcess engine;
    auto socket = connect_unix(paths.control_socket(), kKillWait_s);
    if (!socket) return engine;
    engine.id = peer_process(*socket).value_or(0);
    std::ifstream file(fmt::format("/proc/{}/stat", engine.id));
    std::string line;
    std::getline(file, line);
    const size_t at = line.rfind(") ");
    engine.stopped = at != std::string::npos && at + 2 < line.size() && (line[at + 2] == 'T' || line[at + 2] == 't');
    return engine;
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

namespace {

std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Sees what comes of the file when the engine itself said nothing.
class KillWitness {
  public:
    explicit KillWitness(Paths paths) : paths_(std::move(paths)), told_before_(text_of(paths_.emergency_stop())) {}

    ControlAnswer wait_for_outcome(const EngineProcess& engine) const {
        bool heard = false;
        for (int looks = 0; looks < (heard ? kClosingLooks : kHeardLooks); ++looks) {
            std::this_thread::sleep_for(kKillLook);
            const std::string told = text_of(paths_.emergency_stop());
            const std::string news = told.size() > told_before_.size() ? told.substr(told_before_.size()) : "";
            if (news.find("kill switch at ") != std::string::npos)
                return {"ok", "the engine has heard it meanwhile: every order is cancelled, every position closed", ""};
            const size_t watchdog = news.find(kWatchdogWord);
            if (watchdog == std::string::npos) continue;
            heard = true;
            const std::string rest = news.substr(watchdog + kWatchdogWord.size());
            if (auto outcome = report_of(rest.substr(0, rest.find(':')))) return *outcome;
        }
        if (heard)
            return {"unreachable", "the watchdog has not said what came of it: look at the broker's terminal", ""};
        return {"unreachable",
                fmt::format(
                    "nobody has closed anything: process {}{} does not act on it, and no watchdog guards it. Its "
                    "positions are as they were; {}, or close them at the broker's terminal",
                    engine.id, engine.stopped ? " is stopped and" : "",
                    engine.stopped ? fmt::format("let it go on (kill -CONT {}), then it closes everything", engine.id)
                                   : "wait for it"),
                ""};
    }

  private:
    static constexpr std::string_view kWatchdogWord = "kill switch by the watchdog of ";

    std::optional<ControlAnswer> report_of(const std::string& session) const {
        const auto page = paths_.incidents() / (session + ".md");
        const Json incident = Json::parse(text_of(paths_.incidents() / (session + ".json")), nullptr, false);
        if (!incident.is_object() || incident.value("carried_out_by", "") != "watchdog") return std::nullopt;
        const bool flat = incident.value("flat", false);
        return ControlAnswer{flat ? "ok" : "halted",
                             fmt::format("the watchdog has ended the engine and {}: {}; {}",
                                         flat ? "closed everything" : "NOT closed everything",
                                         incident.value("result", ""), page.string()),
                             ""};
    }

    Paths paths_;
    std::string told_before_;
};

}  // namespace

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
    const EngineProcess engine = find_engine(*paths);
    auto answer = ask_engine(*paths, request, kKillWait_s);
    if (answer && answer->ok()) {
        answer->text += "; every order is cancelled and every position closed; see 'engine status', then " +
                        paths->incidents().string();
        return print_answer(*answer, options.json);
    }
    // No engine, or one that hangs: the file stands until somebody resumes, and whoever watches the engine acts.
    const KillWitness witness(*paths);
    if (auto done = append_line(paths->emergency_stop(), fmt::format("by {}: {}", operator_name(), request.reason));
        !done) {
        return done.error();
    }
    const std::string in_place = paths->emergency_stop().string() + " is in place";
    if (auto done = log_operator(*paths, fmt::format("kill-switch ({}), not heard by an engine", request.reason));
        !done)
        return done.error();
    if (engine.id == 0) {
        return print_answer(
            {"ok",
             fmt::format("no engine runs in {}; {}: none starts until 'engine resume'", paths->home.string(), in_place),
             ""},
            options.json);
    }
    fmt::print(stderr, "the engine (process {}{}) does not answer; {}\n", engine.id,
               engine.stopped ? ", stopped by a signal" : "", in_place);
    return print_answer(witness.wait_for_outcome(engine), options.json);
}

namespace {

// Every check that fails is told, and what is doubtful.
Result<void> pass_health_check(const HealthRequest& request) {
    std::string failed;
    for (const HealthCheck& check : check_health(request)) {
        if (check.state == HealthState::warning) fmt::print(stderr, "note: {}: {}\n", check.name, check.text);
        if (check.state == HealthState::failed)
            failed += fmt::format("{}{}: {}", failed.empty() ? "" : "; ", check.name, check.text);
    }
    if (failed.empty()) return {};
    return make_error(ErrorCode::mismatch,
                      fmt::format("not resumed: {}; mend that, 'engine health-check --full' shows all checks", failed));
}

// Of the last incident: what it was and where it is told.
void tell_incident(const Paths& paths) {
    fs::path newest;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(paths.incidents(), ignored)) {
        if (entry.path().extension() != ".json") continue;
        if (newest.empty() || entry.last_write_time() > fs::last_write_time(newest, ignored)) newest = entry.path();
    }
    if (newest.empty()) return;
    std::ifstream file(newest);
    const Json incident = Json::parse(file, nullptr, false);
    if (!incident.is_object()) return;
    fmt::print("last incident: {} ({}): {}; {}\n", incident.value("trigger", ""), incident.value("reason", ""),
               incident.value("result", ""), newest.replace_extension(".md").string());
    if (!incident.value("flat", false))
        fmt::print(stderr, "warning: it says that NOT everything was closed: look at the broker's terminal first\n");
}

}  // namespace

Result<ExitCode> resume_command(const ResumeOptions& options) {
    const bool blank = options.reason.find_first_not_of(" \t\r\n") == std::string::npos;
    if (!options.confirm_safe || blank) {
        return make_error(
            ErrorCode::usage,
            fmt::format("resume needs --confirm-safe and --reason \"what was found and mended\"; missing: {}",
                        !options.confirm_safe && blank ? "both"
                        : blank                        ? "a reason in words"
                                                       : "--confirm-safe"));
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
    // One that does not answer is one too: cleared under its hands, the kill switch would never reach it.
    if (auto free = lock_file(paths->engine_lock()); !free && free.error().code == ErrorCode::halted) {
        const EngineProcess engine = find_engine(*paths);
        return make_error(
            ErrorCode::halted,
            fmt::format("not resumed: the engine (process {}) has not ended yet; {}, then try again", engine.id,
                        engine.stopped
                            ? fmt::format("it is stopped by a signal: let it go on (kill -CONT {})", engine.id)
                            : "wait until it has carried the kill switch out"));
    }
    if (auto passed = pass_health_check({*paths, options.config_file, true}); !passed) return passed.error();
    tell_incident(*paths);
    if (auto done = log_operator(*paths, fmt::format("resume ({})", options.reason)); !done) return done.error();
    if (auto done = append_line(paths->limited_mode(), "since the kill switch was resumed by " + operator_name());
        !done)
        return done.error();
    std::error_code error;
    if (!fs::remove(paths->emergency_stop(), error) || error) {
        return make_error(ErrorCode::io,
                          fmt::format("cannot remove {}: {}", paths->emergency_stop().string(), error.message()));
    }
    EngineSettings settings;
    const std::string config = options.config_file.empty() ? paths->config_file().string() : options.config_file;
    if (auto read = settings.read_file(config); !read) return read.error();
    const RiskSettings& risk = settings.session.risk;
    fmt::print(
        "kill switch cleared. Sessions start in limited mode: {:g} % of the usual size, {} position(s) at once, for "
        "{:g} minutes at least and until 'engine mode normal'\n",
        risk.limited_size_pct, risk.limited_positions, risk.limited_minutes);
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

namespace {

// Without a session: on the wall, since the kill switch was cleared.
Result<void> limited_time_is_over(const Paths& paths) {
    std::error_code missing;
    const auto since = fs::last_write_time(paths.limited_mode(), missing);
    if (missing) return {};
    EngineSettings settings;
    if (auto read = settings.read_file(paths.config_file().string()); !read) return read;
    const double minutes =
        std::chrono::duration<double, std::ratio<60>>(fs::file_time_type::clock::now() - since).count();
    const double least = settings.session.risk.limited_minutes;
    if (minutes >= least) return {};
    return make_error(ErrorCode::halted,
                      fmt::format("limited mode lasts {:g} minutes at least, {:.0f} of them are left", least,
                                  std::ceil(least - minutes)));
}

}  // namespace

Result<ExitCode> mode_normal_command(const std::string& home) {
    auto paths = find_paths(home);
    if (!paths) return paths.error();
    ControlRequest request;
    request.command = CommandKind::mode_normal;
    auto answer = ask_engine(*paths, request, kAnswerWait_s);
    // A running session says whether its hour is over; the file follows it.
    if (answer && !answer->ok()) return print_answer(*answer, false);
    if (!answer) {
        if (auto over = limited_time_is_over(*paths); !over) return over.error();
    }
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
