#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/money.hpp"
#include "core/strong_id.hpp"
#include "core/time.hpp"

namespace tide {

// Legs that are entered and left as one: the number of the intent that asked for them.
using GroupId = StrongId<struct GroupTag, uint64_t>;

enum class Side : uint8_t { buy, sell };
constexpr Side opposite(Side side) { return side == Side::buy ? Side::sell : Side::buy; }
constexpr int64_t sign_of(Side side) { return side == Side::buy ? 1 : -1; }
std::string_view name_of(Side side);

// The states of one order. The table of (state, event) pairs is in order_state.cpp.
enum class OrderState : uint8_t {
    created,    // accepted by the risk gate, durable, not yet handed to the broker link
    in_review,  // held in the review queue
    submitted,  // handed over, no answer yet
    open,       // the broker has it
    partially_filled,
    pending_cancel,   // a cancel is on its way
    pending_replace,  // a price change is on its way
    unknown,          // no answer in time: blocks its instrument until the order book says
    filled,           // the rest are final
    cancelled,
    rejected,  // by broker or exchange
    expired,
    refused,  // by the risk gate; never left
};
std::string_view name_of(OrderState state);
constexpr bool is_final(OrderState state) { return state >= OrderState::filled; }

// Why an order exists; exits are never refused by entry limits.
enum class OrderPurpose : uint8_t { entry, exit };
std::string_view name_of(OrderPurpose purpose);

// `passive` rests at its limit. `aggressive` is what others call a market order: a limit at the touch plus a protection
// band, re-priced step by step until filled or given up (no market order leaves the engine).
enum class PriceStyle : uint8_t { passive, aggressive };

struct Order {
    OrderId id;
    IntentId intent;
    StrategyId strategy;  // none: the engine's own (guardian, operator)
    PositionId position;  // the position it opens or closes
    GroupId group;        // the group that it is a leg of, if any
    InstrumentId instrument;
    Side side = Side::buy;
    OrderPurpose purpose = OrderPurpose::entry;
    PriceStyle style = PriceStyle::aggressive;
    OrderState state = OrderState::created;
    Quantity quantity;
    Quantity filled;
    Price limit;
    // The furthest limit that was ever asked for (a buy's highest, a sell's lowest): no fill may lie beyond it, not
    // even one that overtakes the broker's word on a change.
    Price furthest_limit;
    Money filled_value;  // sum of price x quantity of its fills
    BrokerOrderId broker_order;
    ReceiveTime created;
    ReceiveTime updated;
    int32_t reprices = 0;
    int32_t cancel_attempts = 0;
    std::string client_id;     // UUID (version 8, derived from the session's seed and the order's number)
    std::string tag;           // the script's
    std::string why;           // the script's reason, or the engine's rule
    std::string state_reason;  // the broker's or the gate's text for the last state

    Quantity remaining() const { return quantity - filled; }
    bool live() const { return !is_final(state); }
};

enum FillFlag : uint16_t { kFillModelPrice = 1, kFillLastPrice = 2 };
struct Fill {
    FillId id;
    OrderId order;
    PositionId position;
    StrategyId strategy;
    InstrumentId instrument;
    Side side = Side::buy;
    uint16_t flags = 0;
    Quantity quantity;
    Price price;
    Money charges;  // all heads together, for this fill
    ReceiveTime time;
};

}  // namespace tide
