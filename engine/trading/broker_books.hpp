#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/events.hpp"
#include "core/result.hpp"
#include "trading/order.hpp"

namespace tide {

// Orders from this number on are those of a watchdog: no session counts so far.
inline constexpr uint64_t kFirstWatchdogOrder = uint64_t(1) << 62;

// What a broker's own books say at one moment: of the day's orders those that live, the day's trades, what is held.
struct BrokerBooks {
    struct Order {
        OrderId order;  // our number, by the client id that it was sent with; 0: not one of ours
        BrokerOrderId broker_order;
        InstrumentId instrument;
        Side side = Side::buy;
        Quantity remaining;
        Price limit;
        bool operator==(const Order&) const = default;
    };
    struct Trade {
        FillId fill;
        OrderId order;
        BrokerOrderId broker_order;
        InstrumentId instrument;
        Side side = Side::buy;
        Quantity quantity;
        Price price;
        uint16_t flags = 0;  // OrderUpdateFlag
        bool operator==(const Trade&) const = default;
    };
    struct Position {
        InstrumentId instrument;
        Quantity net;  // signed
        bool operator==(const Position&) const = default;
    };
    std::vector<Order> orders;
    std::vector<Trade> trades;
    std::vector<Position> positions;
    std::optional<Money> traded_value;  // sold less bought since the books began, before charges
    OrderId newest_order;               // the highest number that the broker has seen from us, watchdogs left out
    bool operator==(const BrokerBooks&) const = default;
};

// One line a row, "order id=7 …", in the order of the lists: what a BrokerBooksEvent carries.
std::string to_text(const BrokerBooks& books);
// Errors: corrupt, naming the line.
Result<BrokerBooks> parse_broker_books(std::string_view text);

}  // namespace tide
