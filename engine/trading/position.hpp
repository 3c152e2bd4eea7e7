#pragma once
#include <optional>
#include <string>

#include "trading/order.hpp"

namespace tide {

// What an entry says of levels on the instrument's own price, beside those on the underlying. In percent: of the first
// fill's price.
struct PremiumLevels {
    std::optional<Price> stop, target;
    std::optional<double> stop_pct, target_pct;
    bool any() const { return stop || target || stop_pct || target_pct; }
};

// Levels that the engine holds for a position and acts on before any script sees the event. On the underlying's price
// unless `on_premium`. A stop never moves against the position.
struct ProtectiveLevels {
    std::optional<Price> stop;
    std::optional<Price> target;
    bool on_premium = false;
    std::optional<Price> premium_stop, premium_target;  // on the instrument's own price, whatever the others look at
    std::optional<double> trail_pct;                    // `stop` follows best_underlying, this far behind
    std::string stop_rule = "stop";                     // what the ladder called the level it last set
};

// +1: profits when the underlying rises (long call, long future, long equity); -1: profits when it falls (long put).
struct Position {
    PositionId id;
    GroupId group;  // the group that it is a leg of, if any
    StrategyId strategy;
    std::string strategy_name;
    std::string script_version;  // "1.0.0 sha256-prefix" in force when it was opened
    InstrumentId instrument;
    InstrumentId underlying;  // itself where the instrument has none
    Side side = Side::buy;
    int underlying_direction = 1;
    Quantity quantity;         // still open, units, positive
    Quantity opened_quantity;  // all that was ever opened
    Money entry_value;         // of the open part: price x quantity at entry prices
    Price entry_price;         // average
    Price exit_price;          // average of what was closed
    Money exit_value;          // of what was closed: price x quantity at exit prices
    Price underlying_entry;    // underlying's price at the first fill
    Price best_underlying;     // most favourable underlying price since entry
    Price last_price;          // mark of the instrument
    Price last_underlying;
    Money realised_gross;
    Money charges;
    ReceiveTime opened;
    std::optional<ReceiveTime> closed;
    ProtectiveLevels levels;
    std::string tag;
    std::string why;
    OrderId exit_order;         // the one exit in progress, if any
    bool half_taken = false;    // a part was closed at a profit target
    bool model_priced = false;  // any of its fills was priced by model
    bool surplus = false;       // nobody planned it: more was filled than was open; to be closed at once

    bool open() const { return quantity.units() > 0; }
    Money unrealised() const;  // gross, at last_price
    Money gross() const { return realised_gross + unrealised(); }
    Money net() const { return gross() - charges; }
};

}  // namespace tide
