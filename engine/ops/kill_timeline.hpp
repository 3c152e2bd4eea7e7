#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "trading/recorder.hpp"

// What the kill switch does, step by step, each with its time since the trigger and the time it may take
// (option-bot-flow 14.2.2).
namespace tide {

enum class KillStep : uint8_t {
    entries_stopped,     // the halt holds: no intent passes any more
    latched,             // EMERGENCY_STOP is on the disk
    cancels_confirmed,   // no order of before the trigger is live
    positions_closed,    // by fills
    verified_flat,       // the broker's books say so
    state_saved,         // journal, store, what scripts saved
    report_written,      // as far as it has got; again at the end
    backed_up,           // store, journal, bars
    connections_closed,  // feed, exchange, control socket; the journal is sealed
    operator_notified,
    shutdown_complete,
};
inline constexpr size_t kKillStepCount = 11;
std::string_view name_of(KillStep step);
int64_t limit_ms_of(KillStep step);

struct KillStepTime {
    KillStep step = KillStep::entries_stopped;
    bool done = true;
    std::optional<int64_t> session_ms;  // in the session's time; none: happened outside the session
    std::optional<int64_t> wall_ms;     // on the wall
    std::string text;
    // The session's time is the market's, and counts where there is one.
    int64_t since_ms() const { return session_ms.value_or(wall_ms.value_or(0)); }
    bool in_time() const { return done && since_ms() <= limit_ms_of(step); }
};
struct KilledOrder {
    uint64_t order = 0;
    std::string instrument, reason, outcome;  // outcome: "cancelled", "filled", …; empty: none yet
    int64_t asked_ms = 0;                     // when the cancel was asked for
    std::optional<int64_t> ended_ms;
};
struct KilledPosition {
    uint64_t position = 0;
    std::string instrument;
    Price exit_price;
    std::optional<Money> gross, net;  // none: not known to whoever closed it
    int tries = 1;                    // exit orders that were sent
    int64_t session_ms = 0;
    int64_t wall_ms = 0;
};

class KillTimeline {
  public:
    // `wall_ms` goes on evenly; empty: times are the session's alone.
    explicit KillTimeline(std::function<int64_t()> wall_ms = nullptr) : wall_(std::move(wall_ms)) {}
    // The trigger, with what was live and open at that moment, and the newest order's number.
    void begin(ReceiveTime at, uint64_t newest_order, std::set<uint64_t> live_orders,
               std::set<uint64_t> open_positions);
    void record(const Record& record);
    // A step outside the session has been done, or has failed.
    void note(KillStep step, bool done, std::string text) { note_at(step, wall_ms(), done, std::move(text)); }
    void note_at(KillStep step, int64_t wall_ms, bool done, std::string text);

    // Since the trigger.
    int64_t wall_ms() const { return wall_ ? wall_() - wall_began_ : 0; }

    // In the order of KillStep; those that have not come are not there.
    std::vector<KillStepTime> steps() const;
    const std::vector<KilledOrder>& orders() const { return orders_; }
    const std::vector<KilledPosition>& positions() const { return closed_; }
    // What the broker's books said last: none, if nobody has asked.
    std::optional<bool> verified() const;

  private:
    void on_order(ReceiveTime time, const OrderRecord& record);
    void on_closed(ReceiveTime time, const TradeRecord& record);
    void set(KillStep step, ReceiveTime time, bool done, std::string text);
    int64_t session_ms(ReceiveTime time) const;

    std::function<int64_t()> wall_;
    int64_t wall_began_ = 0;
    ReceiveTime began_;
    uint64_t newest_ = 0;  // orders after it are the kill switch's own exits
    std::set<uint64_t> waiting_, open_;
    std::vector<KilledOrder> orders_;
    std::vector<KilledPosition> closed_;
    std::map<uint64_t, int> tries_;  // exit orders sent, by position
    std::map<KillStep, KillStepTime> steps_;
};

// "step=verified_flat;since_ms=310;limit_ms=30000;done=yes": the argument of a kill_step command. Without the wall's
// times where the session is not paced, so that equal runs stay equal.
std::string step_words(const KillStepTime& step, bool paced);

}  // namespace tide
