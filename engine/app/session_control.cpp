#include "app/session_control.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "app/alerts.hpp"
#include "app/wall_clock.hpp"

namespace tide {
namespace {

constexpr int kLooksBetweenSnapshots = 10;  // while nobody is connected: about one a second

// Appends a line and waits until it is on the disk.
Result<void> append_durably(const std::filesystem::path& path, const std::string& line) {
    FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    const bool done = file.valid() &&
                      ::write(file.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
                      ::fsync(file.get()) == 0;
    if (done) return {};
    return make_error(ErrorCode::io, fmt::format("the kill switch could not be latched in {}: {}", path.string(),
                                                 std::strerror(errno)));
}

}  // namespace

SessionControl::SessionControl(Paths paths, std::string session_id, std::string feed)
    : paths_(std::move(paths)),
      session_id_(std::move(session_id)),
      feed_(std::move(feed)),
      incident_([this] { return snapshot(); },
                [] { return std::chrono::duration_cast<milliseconds>(monotonic_now()).count(); }),
      recorders_(tap_, incident_) {}

Result<std::unique_ptr<SessionControl>> SessionControl::open(const Paths& paths, std::string session_id,
                                                             std::string feed) {
    std::unique_ptr<SessionControl> control(new SessionControl(paths, std::move(session_id), std::move(feed)));
    auto lock = lock_file(paths.engine_lock());
    if (!lock && lock.error().code == ErrorCode::halted) {
        return make_error(ErrorCode::io,
                          fmt::format("another engine runs in {}; stop it (engine stop) or choose another "
                                      "folder with --home DIR",
                                      paths.home.string()));
    }
    if (!lock) return lock.error();
    control->lock_ = std::move(*lock);
    auto server = ControlServer::start(paths.control_socket(), ControlLimits(), [raw = control.get()] {
        if (Pacing* pacing = raw->wake_.load()) pacing->wake();
    });
    if (!server) return server.error();
    control->server_ = std::move(*server);
    return control;
}

void SessionControl::attach(const Session& session, Pacing& pacing, std::function<int(ScriptSlot)> process_of) {
    process_of_ = std::move(process_of);
    session_ = &session;
    pacing_ = &pacing;
    wake_ = &pacing;
}

void SessionControl::detach() {
    wake_ = nullptr;
    server_.reset();
    pacing_ = nullptr;
}

ControlSnapshot SessionControl::snapshot() const {
    ControlSnapshot now = snapshot_of(*session_, session_id_, feed_);
    const auto& scripts = session_->scripts();
    for (size_t i = 0; i < now.strategies.size() && process_of_; ++i)
        now.strategies[i].process = process_of_(scripts[i]->slot());
    return now;
}

void SessionControl::hear(std::vector<OperatorCommand>& commands) {
    for (auto& command : server_->take_commands()) {
        commands.push_back({command.kind, std::move(command.operator_name), std::move(command.argument),
                            std::move(command.reason), command.ticket});
    }
    // One question between two events: that bounds what anybody who looks on can cost the session.
    if (const auto asked = server_->take_query()) {
        server_->answer(asked->ticket, session_view(*session_, asked->query));
        if (!asked->last) pacing_->wake();
    }
}

void SessionControl::publish() {
    if (!server_->wants_snapshot() && looks_++ % kLooksBetweenSnapshots != 0) return;
    server_->publish(std::make_shared<const ControlSnapshot>(snapshot()));
}

void SessionControl::obeyed(const OperatorCommand& command) {
    if (command.ticket == 0) return;
    // What is read next is not older than what was just done.
    server_->publish(std::make_shared<const ControlSnapshot>(snapshot()));
    server_->answer(command.ticket, tap_.last.code, tap_.last.outcome);
}

Result<void> SessionControl::latch() {
    if (pacing_ != nullptr) pacing_->expect_emergency_stop();
    const Halt& halt = session_->halts().of(HaltKind::kill_switch);
    auto done = append_durably(paths_.emergency_stop(),
                               fmt::format("kill switch at {} in session {}: {} {}\n", format_iso(halt.since),
                                           session_id_, halt.text, halt.values));
    note(KillStep::latched, done.has_value(), done ? paths_.emergency_stop().string() : done.error().message);
    if (!done) return done;
    raise_alert(paths_, kCritical, "kill_switch",
                fmt::format("session {}: {} {}; orders are cancelled and positions closed", session_id_, halt.text,
                            halt.values));
    return {};
}

Result<std::string> SessionControl::report() const {
    if (!incident_.happened()) return std::string();
    const Incident incident = incident_.finish(snapshot());
    auto written = write_incident(incident, paths_.incidents(), session_id_);
    if (!written) return written.error();
    return written->string();
}

}  // namespace tide
