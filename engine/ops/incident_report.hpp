#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "ops/control_snapshot.hpp"
#include "ops/kill_timeline.hpp"
#include "trading/recorder.hpp"

// What the kill switch (or the end of a long outage) found and did, for the person who must decide what happens next.
namespace tide {

struct IncidentAction {
    ReceiveTime time;
    std::string what;
};
enum class IncidentKind : uint8_t { kill_switch, long_outage };
struct Incident {
    IncidentKind kind = IncidentKind::kill_switch;
    std::string session_id;
    std::string carried_out_by;  // "engine" or "watchdog"
    std::string trigger;         // "command", or the breaker: "vix_kill", "margin", "equity_floor", "engine_hung", …
    std::string operator_name;   // of a command
    std::string reason;
    std::string values;  // "vix=27.1 rise=7.2 minutes=5"
    ReceiveTime began;   // session time
    ReceiveTime ended;
    ControlSnapshot before;           // positions and orders at the moment
    std::vector<KillStepTime> steps;  // of a kill switch
    std::vector<KilledOrder> cancels;
    std::vector<KilledPosition> closes;
    std::optional<bool> verified;  // the broker's books: none, nobody has asked
    std::vector<IncidentAction> actions;
    bool actions_cut = false;      // more happened than was kept
    bool flat = false;             // verified: no position, no live order
    std::string result;            // one line
    std::optional<Money> day_net;  // at the end, where it is known
};

// <folder>/<name>.md for a person and <name>.json for programs, both written whole or not at all. Gives the path of the
// first. Errors: io.
Result<std::filesystem::path> write_incident(const Incident& incident, const std::filesystem::path& folder,
                                             const std::string& name);

// Watches a session's records from the moment the kill switch is latched, or a long outage has ended. A kill switch
// that follows an outage takes the report over.
class IncidentRecorder final : public Recorder {
  public:
    // `wall_ms` (may be empty) goes on evenly: how long things take on the wall.
    explicit IncidentRecorder(std::function<ControlSnapshot()> snapshot, std::function<int64_t()> wall_ms = nullptr)
        : snapshot_(std::move(snapshot)), timeline_(std::move(wall_ms)) {}
    void record(const Record& record) override;
    bool happened() const { return happened_; }
    bool killed() const { return happened_ && incident_.kind == IncidentKind::kill_switch; }
    // What is done outside the session.
    void note(KillStep step, bool done, std::string text) {
        if (killed()) timeline_.note(step, done, std::move(text));
    }
    std::vector<KillStepTime> steps() const { return timeline_.steps(); }
    // With the session's state at its end.
    Incident finish(const ControlSnapshot& end) const;

  private:
    void begin(const Record& record, const HaltRecord& halt);
    void add(ReceiveTime time, std::string what);

    std::function<ControlSnapshot()> snapshot_;
    KillTimeline timeline_;
    uint64_t newest_order_ = 0;
    Incident incident_;
    CommandRecord command_;  // the last kill_switch command
    std::string breaker_;    // the last halt before it
    bool happened_ = false;
};

}  // namespace tide
