#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/events.hpp"
#include "core/result.hpp"
#include "trading/broker_books.hpp"
#include "trading/broker_link.hpp"

namespace tide {

// What an exchange (or a broker) itself says that there is.
struct BookOrder {
    OrderId id;
    InstrumentId instrument;
    InstrumentId underlying;  // of an option or a future; else the instrument itself
    std::string symbol;
    Side side = Side::buy;
    Quantity remaining;
    Price limit;
};
struct BookPosition {
    InstrumentId instrument;
    InstrumentId underlying;
    std::string symbol;
    Quantity net;  // signed
    Price last;    // 0: no price
    Price bid, ask;
    Price tick;
    Quantity lot, freeze;
};
struct ExchangeBooks {
    std::string session;         // whose books these are
    uint64_t market_events = 0;  // that it has been told of
    uint64_t trades = 0;         // that it has made
    OrderId newest_order;        // the highest number seen, watchdogs left out
    ReceiveTime now;
    std::vector<BookOrder> orders;
    std::vector<BookPosition> positions;  // not flat
    bool flat() const { return orders.empty() && positions.empty(); }
};

// What a paper exchange looks at.
inline bool is_market_event(const Event& event) {
    return std::holds_alternative<TickEvent>(event.payload) || std::holds_alternative<BarEvent>(event.payload) ||
           std::holds_alternative<InstrumentEvent>(event.payload) ||
           std::holds_alternative<DayEndEvent>(event.payload) || std::holds_alternative<TradingDayEvent>(event.payload);
}

// A paper exchange as a driver sees it, in this process or in another. The driver tells it every event and the time;
// its answers come out of pop_due in the order of time. Two of them that are told the same give the same answers.
class ExchangeLink : public BrokerLink {
  public:
    // Every event that the Session sees (orders' own updates are ignored). Messages due before it are settled first,
    // against the quotes before it.
    virtual void on_event(const Event& event) = 0;
    // The time of submit, cancel and replace: the Session's now.
    virtual void set_now(ReceiveTime now) = 0;
    // When something will have happened at the exchange.
    virtual std::optional<ReceiveTime> next_due() = 0;
    // The next answer due at or before `until`, in time order, ties by order id. Its texts live until the next call.
    virtual bool pop_due(ReceiveTime until, Event& out) = 0;
    virtual Result<ExchangeBooks> books() = 0;
    // Order book, trade book, positions and funds as of the moment the question arrives: answered by a BrokerBooksEvent
    // out of pop_due. Changes nothing there.
    virtual void ask_books() = 0;
    // False after the first error of the line to the exchange: nothing is sent and nothing comes any more.
    virtual bool alive() const { return true; }
    virtual Result<void> status() const { return {}; }
};

}  // namespace tide
