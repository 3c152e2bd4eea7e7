#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/percent.hpp"
#include "risk/risk_gate.hpp"
#include "trading/margin.hpp"

// What the checks of an entry look at. Inside the risk gate only.
namespace tide {

inline InstrumentId underlying_of(const Instrument& instrument) {
    return instrument.underlying.valid() ? instrument.underlying : instrument.id;
}

inline double seconds_between(ReceiveTime earlier, ReceiveTime later) {
    return std::chrono::duration<double>(later - earlier).count();
}

// Of a limit on size: how many lots it would let pass.
inline RiskVerdict with_max_lots(RiskVerdict verdict, Money limit, Money per_lot) {
    const int64_t lots = per_lot > Money() ? limit.units() / per_lot.units() : 0;
    verdict.max_lots = std::max<int64_t>(0, lots);
    verdict.values += fmt::format(" max_lots={}", *verdict.max_lots);
    return verdict;
}

// One instrument that is to be bought or sold, once its form is known to be right and prices are there. An entry has
// one, a group two to eight.
struct RiskGate::EntryLeg {
    const Intent& intent;
    const Instrument& instrument;
    InstrumentId underlying;
    int direction;
    Quantity quantity;
    Quote quote;
    Price underlying_last;
    Price price;  // that the order may cost: its limit
    Money value;  // price x quantity
    // Of a child order: what earlier ones of the same entry have opened. Limits on one entry hold for all of it.
    const Position* own = nullptr;

    Money own_value() const { return own == nullptr ? Money() : own->last_price * own->quantity; }
    Money per_lot(Money total) const { return scale(total, 1, std::max<int64_t>(1, intent.lots)); }
    MarginLeg margin_leg() const { return {&instrument, intent.side, quantity, price, underlying_last}; }
};

// A position that is open, or that a live entry or a waiting leg of a group will open.
struct Holding {
    PositionId position;
    GroupId group;
    StrategyId strategy;
    const Instrument* instrument = nullptr;
    Side side = Side::buy;
    Quantity quantity;
    Quantity open;     // of it, filled
    Price price;       // mark, or the limit of what is still to come
    Money value;       // price x quantity
    Money to_be_paid;  // premium of what is still to come
};

// What counts as one position: a position, or all legs of a group.
struct PositionUnit {
    PositionId position;  // or its first leg
    GroupId group;
    StrategyId strategy;
    InstrumentId underlying;
    std::optional<Date> expiry;
    int direction = 0;       // +1: profits when the underlying rises
    double delta_value = 0;  // of a group's legs
};

struct RiskGate::EntryFacts {
    const Intent& intent;  // of the entry, or of the group
    const std::vector<EntryLeg>& legs;
    MarginMarket market;
    std::vector<Holding> holdings;
    std::vector<PositionUnit> units;
    int direction = 0;
    int64_t lots = 1;               // that a limit on size is told in: of the entry, or of the group's largest leg
    Money value;                    // of all legs
    Money premium;                  // of what is bought
    Money committed;                // margin of these legs by themselves, with `own`
    const Position* own = nullptr;  // as of the leg

    InstrumentId underlying() const { return legs.front().underlying; }
    Money per_lot(Money total) const { return scale(total, 1, std::max<int64_t>(1, lots)); }
    // The same of what holds for the entry with all that was opened of it.
    Money lot_share(Money total) const {
        const int64_t lot = legs.front().instrument.lot.units();
        return own == nullptr ? per_lot(total) : scale(total, lot, lots * lot + own->quantity.units());
    }
};

}  // namespace tide
