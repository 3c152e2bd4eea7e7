#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "trading/intent.hpp"

namespace tide {

// The states of an entry that the engine holds. The table of (state, event) pairs is in parent_order.cpp.
enum class ParentState : uint8_t {
    waiting,    // for its trigger, its time or the next entry window
    working,    // child orders have been let go
    done,       // all of it is filled; the rest are final too
    cancelled,  // by the script, an operator, a halt, its group, or because a child ended unfilled
    expired,    // its time is over
    refused,    // the risk gate refused a child and no other one follows
};
enum class ParentEvent : uint8_t { release, park, fill_rest, cancel, expire, refuse };
inline constexpr size_t kParentStateCount = 6;
inline constexpr size_t kParentEventCount = 6;
std::string_view name_of(ParentState state);
std::string_view name_of(ParentEvent event);
constexpr bool is_final(ParentState state) { return state >= ParentState::done; }
// The one table. The same state: nothing changes. A final state never does.
ParentState transition(ParentState state, ParentEvent event);

// When an entry may act on one day: [from, until).
struct EntryWindow {
    ReceiveTime from, until;
};

// An entry above the order desk. Every child of it passes the risk gate when it is let go; at most one child is live at
// a time, and what was filled and what is live are together never more than the whole.
struct ParentOrder {
    static constexpr ReceiveTime kNever = ReceiveTime::max();
    Intent intent;  // as it was asked for; its id is the parent's number
    ParentState state = ParentState::waiting;
    Quantity lot{1}, quantity, filled;  // units
    // The trigger. `direction` +1: reached from below.
    InstrumentId watched;
    int direction = 1;
    double trail_step_pct = 0;  // a trail moves the trigger by no less than this, of the price
    std::optional<Price> trigger, best;
    bool reached = false;
    // Today's window, cut by good_till; kNever: of another day.
    ReceiveTime from = kNever, until = kNever;
    ReceiveTime accepted, updated;
    // Slices: how many lots shall have been asked for once slice i is due, and which is the next.
    std::vector<int64_t> plan;
    std::string_view profile;  // where the weights are from: "equal", "volume"
    size_t next_slice = 0;
    ReceiveTime begun;  // of the first slice
    // The child that is live.
    IntentId child;
    Quantity child_quantity, child_ended, child_filled;
    bool child_leaves = false;  // a cancel is on its way
    bool any_child = false;     // there was one
    PositionId position;        // of its fills
    bool lost = false;          // another one of its group was filled: what is filled now is closed at once
    std::string code, reason;   // of the last state

    IntentId id() const { return intent.id; }
    bool live() const { return !is_final(state); }
    bool sliced() const { return !plan.empty(); }
    Quantity rest() const { return quantity - std::min(quantity, filled); }
    // Rests until its time instead of giving up like any other entry.
    bool rests() const { return intent.terms.good_till != GoodTill::unsaid; }
    ReceiveTime slice_due() const;
};

}  // namespace tide
