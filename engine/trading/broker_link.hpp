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
};

}  // namespace tide
