#pragma once
#include <string>
#include <vector>

#include "ledger/ledger_reader.hpp"
#include "ops/control_protocol.hpp"
#include "session/session.hpp"

namespace tide {

// A session's state at one moment, as plain values: what the control socket shows and an incident report keeps.
struct ControlSnapshot {
    struct HaltLine {
        std::string kind, values, text;
        ReceiveTime since;
    };
    struct Strategy {
        std::string version;
        bool active = false;
        int process = 0;  // that it runs in; 0: the engine's own
    };
    struct Levels {  // of a position, beside its stop and target
        std::optional<Price> premium_stop, premium_target;
        std::optional<double> trail_pct;
    };
    struct Held {  // an entry that the engine holds
        uint64_t intent = 0;
        std::string strategy, instrument, side, state, terms, tag, why;
        int64_t quantity = 0, filled = 0;
        std::optional<Price> trigger;
        ReceiveTime accepted;
        std::optional<ReceiveTime> until;  // today; none: waits for another day
    };
    std::string session_id, mode, feed, phase;
    ReceiveTime now;
    std::vector<HaltLine> halts;
    std::vector<Strategy> strategies;
    bool stopping = false, killed = false, manual_mode = false, limited_mode = false;
    double size_factor = 1;
    int64_t max_positions = 0;
    Money start, equity, cash, day_start, day_gross, day_charges, day_net, day_peak, margin_used;
    int64_t losing_streak = 0;
    std::optional<double> vix;
    std::vector<PositionRow> positions;                         // open
    std::vector<Levels> levels;                                 // of the same
    std::vector<OrderRow> orders;                               // of today, the newest kSnapshotOrdersMax
    std::vector<Held> held;                                     // live ones
    std::vector<std::pair<std::string, std::string>> settings;  // those that may change at run time
    int64_t live_orders = 0;
};
inline constexpr size_t kSnapshotOrdersMax = 200;

ControlSnapshot snapshot_of(const Session& session, std::string session_id, std::string feed);
// "running", "paused", "halted", "killed", "stopping".
// A halt that holds for all strategies.
bool entries_halted(const ControlSnapshot& snapshot);
std::string_view state_of(const ControlSnapshot& snapshot);
// One view as a JSON document with schema_version, and as lines or a table for a person.
std::string view_json(const ControlSnapshot& snapshot, ControlView view);
std::string view_text(const ControlSnapshot& snapshot, ControlView view);

}  // namespace tide
