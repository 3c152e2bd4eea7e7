#pragma once
#include <optional>
#include <string>
#include <vector>

#include "trading/entry_terms.hpp"
#include "trading/position.hpp"

namespace tide {

// What a script (or the engine's guardian, or an operator) wants. The risk gate decides.
enum class IntentKind : uint8_t { enter, exit, set_stop, set_target, cancel, set_trail, enter_group, exit_group };
std::string_view name_of(IntentKind kind);

// Priority 1 is the engine's (guardian), 2 risk, 3 profit, 4 technical, 5 time. The highest priority (lowest number)
// wins.
struct ExitReason {
    int priority = 5;
    std::string rule;    // stable name: "session_close", "stop", "target", "trail_2r", "ema_cross", …
    std::string values;  // "underlying=21700.5 stop=21690.0": what was looked at
    std::string text;    // for a person
};

// A leg of a group that is to be entered as one.
struct IntentLeg {
    InstrumentId instrument;
    Side side = Side::buy;
    int64_t lots = 0;
    std::optional<Price> limit;  // none: aggressive
};
inline constexpr size_t kGroupLegsMin = 2;
inline constexpr size_t kGroupLegsMax = 8;

struct Intent {
    IntentId id;  // given by the Session
    IntentKind kind = IntentKind::enter;
    StrategyId strategy;
    ReceiveTime decided;        // the event's time
    ExchangeTime decision_bar;  // start of the bar it was decided on; 1970 where there is none
    // enter
    InstrumentId instrument;
    Side side = Side::buy;
    int64_t lots = 0;
    std::optional<Price> limit;      // none: aggressive
    std::optional<Price> stop;       // on the underlying
    std::optional<Price> target;     // on the underlying
    std::optional<double> stop_pct;  // of the underlying's price at the first fill; becomes `stop`
    std::optional<double> target_pct;
    PremiumLevels premium;                 // besides them, on the instrument's own price
    std::optional<double> trail_stop_pct;  // the stop follows the underlying's best price; also of set_trail
    bool cover = false;                    // refused without a stop of any kind
    EntryTerms terms;
    std::string tag;
    std::string why;
    IntentId parent;  // of a child order: the entry that the engine held; of a cancel: the entry that ends
    // exit, set_stop, set_target, set_trail; of a child order: the position that an earlier one has opened
    PositionId position;
    double fraction = 1.0;  // of what is open, rounded down to lots, at least one lot; 1 = all
    Price level;
    ExitReason reason;
    // cancel
    OrderId order;
    // enter_group
    std::vector<IntentLeg> legs;
    std::optional<double> timeout_s;  // none: orders.group_timeout_s
    std::optional<Money> max_loss;    // of the group, before charges: it is closed at that
    // exit_group; of an entry: the group it is a leg of
    GroupId group;
};

}  // namespace tide
