#pragma once
#include "trading/order.hpp"

namespace tide::simulation {

enum class MessageKind : uint8_t { submit, cancel, replace };

// A message to the broker as the Session made it.
struct SentMessage {
    MessageKind kind = MessageKind::submit;
    OrderId order;
    Price limit;
    Quantity quantity;
    ReceiveTime time;
    friend bool operator==(const SentMessage&, const SentMessage&) = default;
};

}  // namespace tide::simulation
