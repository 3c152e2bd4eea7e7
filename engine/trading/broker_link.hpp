#pragma once
#include <string_view>

#include "trading/order.hpp"

namespace tide {

// What the order desk needs from a broker. Calls return at once; every answer comes back as an OrderUpdateEvent.
// Whoever implements it makes the message durable before it leaves.
class BrokerLink {
  public:
    virtual ~BrokerLink() = default;
    virtual void submit(const Order& order) = 0;
    virtual void cancel(const Order& order) = 0;
    // A new limit for the rest of the order.
    virtual void replace(const Order& order, Price limit) = 0;
    // What do the trade book and the order book say of this order? Answered by a `filled` for each of its trades, then
    // by one word that tells how it stands (`absent`: not in the book), all with kUpdateFromBook. Changes nothing
    // there.
    virtual void ask(const Order& order) = 0;
};

}  // namespace tide
