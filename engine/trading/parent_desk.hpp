#pragma once
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trading/order.hpp"
#include "trading/parent_order.hpp"

namespace tide {

class ParentListener {
  public:
    virtual ~ParentListener() = default;
    // Accepted (`from` is its state), changed its state, or let a child go. Do not call the desk back from here.
    virtual void on_parent(const ParentOrder& parent, ParentState from, std::string_view detail) = 0;
};

// What is to be done now. The caller does it and tells the desk what became of it.
struct ParentWork {
    enum class Kind : uint8_t {
        release,       // `lots` more: through the risk gate, then released() or refused()
        cancel_child,  // every live order of the intent `child`
        close,         // `units` of `position` were filled that nobody wants
    };
    Kind kind = Kind::release;
    IntentId parent;
    int64_t lots = 0;
    IntentId child;
    PositionId position;
    Quantity units;
    std::string why;
};

// Holds entries until their moment, and says which child orders leave when. Pure: knows no gate, no broker and no
// clock; the same calls give the same work. Limits are the risk gate's, at every release.
class ParentDesk {
  public:
    explicit ParentDesk(ParentListener& listener) : listener_(listener) {}

    // A parent as the caller has made it: intent, lot, quantity, what it watches, plan. `window`: today's, where known.
    void accept(ParentOrder parent, Date today, const std::optional<EntryWindow>& window, ReceiveTime now);
    // A price of an instrument that some parent looks at: trails follow it, triggers are reached.
    void on_price(InstrumentId id, Price last, ReceiveTime now);
    // What is due at or before `now`, one piece at a time until there is none.
    std::optional<ParentWork> next_work(ReceiveTime now);
    // kNever: nothing is. A plain time, for it is asked after every event.
    ReceiveTime next_due() const { return next_due_; }
    bool due(ReceiveTime now) const { return !wanted_.empty() || next_due_ <= now; }

    // The answer to a release.
    void released(IntentId parent, IntentId child, Quantity quantity, PositionId position, ReceiveTime now,
                  std::string_view detail);
    // Nothing of what was released could leave.
    void unsent(IntentId child, ReceiveTime now, std::string_view why);
    void refused(IntentId parent, std::string_view code, std::string_view text, ReceiveTime now);
    // What happened to a child's orders.
    void on_order(const Order& order, OrderState from, ReceiveTime now);
    void on_fill(const Fill& fill, IntentId child, ReceiveTime now);

    // False: no such live parent.
    bool cancel(IntentId parent, ReceiveTime now, std::string_view reason);
    void cancel_all(ReceiveTime now, std::string_view reason);
    void cancel_of(StrategyId strategy, ReceiveTime now, std::string_view reason);
    // The position that it opened is being closed.
    void cancel_for(PositionId position, ReceiveTime now, std::string_view reason);
    // A day's window is known: `window_of(parent)` gives it, or nothing where its market is closed or its contract
    // ends.
    template <class WindowOf>
    void start_day(Date today, ReceiveTime now, WindowOf&& window_of) {
        if (today_ != today) forget_final();
        today_ = today;
        const std::vector<IntentId> ids = live_;
        for (const IntentId id : ids) give_window(parents_.at(id), today, window_of(parents_.at(id)), now);
        look_ahead();
    }

    const ParentOrder* find(IntentId parent) const;
    // Whose child order it is; nullptr: nobody's.
    const ParentOrder* parent_of(IntentId child) const;
    // Live ones, oldest first.
    const std::vector<IntentId>& live() const { return live_; }
    bool idle() const { return live_.empty(); }
    size_t live_count(StrategyId strategy) const;
    // All of today's, oldest first.
    const std::map<IntentId, ParentOrder>& all() const { return parents_; }

  private:
    ParentOrder* owner_of(IntentId child);
    void give_window(ParentOrder& parent, Date today, const std::optional<EntryWindow>& window, ReceiveTime now);
    void forget_final();
    void step(ParentOrder& parent, ParentEvent event, ReceiveTime now, std::string_view detail);
    void end(ParentOrder& parent, ParentEvent event, ReceiveTime now, std::string_view detail);
    void want_child_gone(ParentOrder& parent);
    void child_over(ParentOrder& parent, ReceiveTime now, std::string_view why);
    void window_over(ParentOrder& parent, ReceiveTime now);
    void follow(ParentOrder& parent, Price last);
    void lose_siblings(const ParentOrder& winner, ReceiveTime now);
    std::optional<ParentWork> work_of(ParentOrder& parent, ReceiveTime now);
    std::optional<ParentWork> slice_of(ParentOrder& parent, ReceiveTime now);
    ReceiveTime due_of(const ParentOrder& parent) const;
    void look_ahead();

    ParentListener& listener_;
    std::map<IntentId, ParentOrder> parents_;  // of today, and live ones of days before
    std::map<IntentId, IntentId> parent_of_;   // by child
    std::vector<IntentId> live_;
    std::deque<ParentWork> wanted_;  // cancels and closings, oldest first
    Date today_{};
    ReceiveTime next_due_ = ParentOrder::kNever;
};

}  // namespace tide
