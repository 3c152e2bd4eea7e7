#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "app/pacing.hpp"
#include "app/paths.hpp"
#include "net/unix_socket.hpp"
#include "ops/control_server.hpp"
#include "ops/incident_report.hpp"
#include "session/session.hpp"

namespace tide {

// What surrounds a paper session so that it can be operated: the home folder's lock, the control socket, the latch of
// the kill switch and its incident report.
class SessionControl {
  public:
    // Errors: io; halted when another engine runs in this home.
    static Result<std::unique_ptr<SessionControl>> open(const Paths& paths, std::string session_id, std::string feed);

    // Hears every record of the session.
    Recorder& recorder() { return recorders_; }
    // Before the first event. Both outlive this, or are detached.
    // `process_of` (may be empty) knows the process that a script runs in.
    void attach(const Session& session, Pacing& pacing, std::function<int(ScriptSlot)> process_of);
    void detach();

    // Pacing's `hear` and `show`, the driver's `obeyed` and `killed`.
    void hear(std::vector<OperatorCommand>& commands);
    void publish();
    void obeyed(const OperatorCommand& command);
    // The latch is on the disk when this returns. Errors: io.
    Result<void> latch();
    // What the kill switch has done outside the session; nothing without one.
    void note(KillStep step, bool done, std::string text) { incident_.note(step, done, std::move(text)); }
    bool killed() const { return incident_.killed(); }
    Incident incident() const { return incident_.finish(snapshot()); }
    // The incident report as far as it has got, when there was an incident. Gives its path, or empty.
    Result<std::string> report() const;

  private:
    // Keeps what came of the last command.
    class OutcomeTap final : public Recorder {
      public:
        void record(const Record& record) override {
            if (const auto* command = std::get_if<CommandRecord>(&record.body)) last = *command;
        }
        CommandRecord last;
    };
    class FanOut final : public Recorder {
      public:
        FanOut(Recorder& first, Recorder& second) : first_(first), second_(second) {}
        void record(const Record& record) override {
            first_.record(record);
            second_.record(record);
        }

      private:
        Recorder& first_;
        Recorder& second_;
    };

    SessionControl(Paths paths, std::string session_id, std::string feed);
    ControlSnapshot snapshot() const;

    Paths paths_;
    std::string session_id_, feed_;
    std::function<int(ScriptSlot)> process_of_;
    FileDescriptor lock_;
    const Session* session_ = nullptr;
    Pacing* pacing_ = nullptr;
    std::atomic<Pacing*> wake_{nullptr};
    OutcomeTap tap_;
    IncidentRecorder incident_;
    FanOut recorders_;
    int looks_ = 0;
    std::unique_ptr<ControlServer> server_;  // last: its thread calls back
};

}  // namespace tide
