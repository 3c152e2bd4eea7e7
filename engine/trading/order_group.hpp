#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trading/intent.hpp"

// Legs that are entered and left as one. What is bought (the hedge) leaves first; what is sold leaves only when every
// bought leg is filled; a group that does not become whole in time is unwound, what is sold first. So nothing sold is
// ever open without the hedge that was planned for it, for longer than buying it back takes.
namespace tide {

enum class GroupState : uint8_t {
    waiting,    // accepted, nothing has left
    hedging,    // the bought legs are at work
    selling,    // the bought legs are filled, the sold ones are at work
    whole,      // every leg is filled
    unwinding,  // entries are cancelled; what is open is closed, sold legs first
    flat,       // nothing open, nothing live
};
inline constexpr size_t kGroupStateCount = 6;
std::string_view name_of(GroupState state);

struct GroupLeg {
    InstrumentId instrument;
    Side side = Side::buy;
    int64_t lots = 0;
    Quantity quantity;
    std::optional<Price> limit;
    IntentId intent;      // of its entry
    PositionId position;  // it opens
    bool sent = false;    // its entry was handed to the order desk
};

// What is true of a leg now, of the order desk and the portfolio.
struct LegFacts {
    Quantity open;          // held
    bool entering = false;  // an order may still open (more of) it
};

struct OrderGroup {
    GroupId id;
    StrategyId strategy;
    std::string strategy_name;
    std::string script_version;
    InstrumentId underlying;
    GroupState state = GroupState::waiting;
    std::vector<GroupLeg> legs;
    ReceiveTime deadline;               // to be whole
    std::optional<Money> loss_limit;    // the engine closes the group at this loss
    std::optional<ExitReason> closing;  // why it is to be closed
    std::string tag, why;

    bool alive() const { return state != GroupState::flat; }
};

// What is to be done with a group now.
struct GroupStep {
    GroupState next = GroupState::waiting;
    std::string rule, text;            // why, where `next` is another state
    std::optional<Side> send;          // the legs on this side leave
    bool cancel_entries = false;       // live entries of the group are cancelled
    std::optional<ExitReason> closes;  // from now on it closes, for this reason
};

// The table: the state and the facts decide, nothing else. Changes nothing.
GroupStep step_of(const OrderGroup& group, std::span<const LegFacts> facts, ReceiveTime now);

// The groups of a session.
class OrderGroups {
  public:
    OrderGroup& add(OrderGroup group);
    OrderGroup* find(GroupId id);
    const OrderGroup* find(GroupId id) const;
    const std::vector<OrderGroup>& all() const { return groups_; }
    std::vector<OrderGroup>& all() { return groups_; }
    // Closes it as a whole; a better (lower) priority takes the place of the reason before. False: it is no live group.
    bool close(GroupId id, const ExitReason& reason);
    // Why it closes; nullptr: it does not, or there is no such group.
    const ExitReason* closing(GroupId id) const;
    // The next moment at which a group is late; ReceiveTime::max(): none.
    ReceiveTime next_due() const;
    // Ended groups are forgotten.
    void start_day();

  private:
    std::vector<OrderGroup> groups_;  // by id
};

}  // namespace tide
