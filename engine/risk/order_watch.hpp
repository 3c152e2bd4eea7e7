#pragma once
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "market/instruments.hpp"
#include "risk/risk_settings.hpp"
#include "trading/order.hpp"

namespace tide {

// Something was sent or traded that nobody decided.
struct WrongOrder {
    std::string rule;  // "sent_quantity", "sent_price", "repeated", "overfilled", "beyond_limit", …
    std::string values;
    std::string text;
    PositionId position;
    Money at_risk;  // what it may cost
};

// A second look at every order, behind the gate and the desk: at what leaves, and at what is traded on it. It trusts
// neither, and knows of each decision only what it may cost (option-bot-flow 13.14.4). Engine exits are bounded by
// their position, which the books hold; so of exits only fills are looked at.
class OrderWatch {
  public:
    OrderWatch(const RiskSettings& risk, const OrderSettings& orders) : risk_(risk), orders_(orders) {}
    void start_day();
    // The gate let an entry of so many units pass.
    void note_decision(IntentId intent, Quantity units) { decided_[intent] = units; }
    // An order is about to leave. `last`: of its instrument, if there is one.
    std::optional<WrongOrder> on_sent(const Order& order, const Instrument& instrument, std::optional<Price> last);
    // An execution was booked; `order` has it already.
    std::optional<WrongOrder> on_fill(const Fill& fill, const Order& order, const Instrument& instrument);
    // What so many units may cost: the premium until the engine's own stop acts; of others, their fall until it does.
    Money at_risk(const Instrument& instrument, Price price, Quantity units) const;

  private:
    struct Sent {
        ReceiveTime time;
        OrderId order;
        IntentId intent;
        InstrumentId instrument;
        Side side;
        Quantity quantity;
        Price limit;
    };
    std::optional<WrongOrder> check_quantity(const Order& order, const Instrument& instrument);
    std::optional<WrongOrder> check_price(const Order& order, const Instrument& instrument, Price last) const;
    std::optional<WrongOrder> check_repeats(const Order& order, const Instrument& instrument);

    const RiskSettings& risk_;
    const OrderSettings& orders_;
    std::map<IntentId, Quantity> decided_;  // units that are still to be sent
    std::deque<Sent> sent_;                 // of the last seconds, and not filled yet
};

}  // namespace tide
