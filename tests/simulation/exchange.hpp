#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/events.hpp"
#include "dice.hpp"
#include "line_troubles.hpp"
#include "market.hpp"
#include "scenario.hpp"
#include "trading/broker_books.hpp"
#include "trading/broker_link.hpp"

namespace tide::simulation {

// One execution as the exchange has it.
struct Trade {
    FillId id;
    OrderId order;
    InstrumentId instrument;
    Side side = Side::buy;
    Quantity quantity;
    Price price;
    bool told = false;  // its word has been handed to the engine at least once
};

// A broker with an honest book and a dishonest line to it. What is traded is traded once, within limits, at the true
// quotes; what the engine hears of it is late, doubled, out of order, or nothing at all until the books are read again.
// From `honest_from` on every message arrives and every answer comes, in order.
class Exchange final : public BrokerLink {
  public:
    Exchange(const Scenario& scenario, const Market& market);

    // The time at which the engine's next messages leave.
    void set_now(ReceiveTime now) { now_ = now; }
    void submit(const Order& order) override;
    void cancel(const Order& order) override;
    void replace(const Order& order, Price limit) override;
    void ask(const Order& order) override;

    // When something happens at the exchange, or a reply is due.
    std::optional<ReceiveTime> next_due() const;
    // Does what is due at `time`. A reply, if one is due then.
    std::optional<OrderUpdateEvent> run(ReceiveTime time);
    // New true quotes: resting orders may trade.
    void on_market(ReceiveTime now);
    void close_market(ReceiveTime now);

    // Its books, all of them and as they are.
    BrokerBooks books() const;
    const std::vector<Trade>& trades() const { return trades_; }
    Quantity net(InstrumentId id) const;
    LineTroubles& line() { return line_; }
    bool all_told() const { return replies_.empty() && requests_.empty(); }
    size_t resting() const;
    size_t messages() const { return messages_; }
    // Live and traded units of an order here.
    Quantity committed(OrderId id) const;

  private:
    enum class Kind : uint8_t { submit, cancel, replace, ask, read_books };
    struct Request {
        ReceiveTime due;
        uint64_t number = 0;
        Kind kind = Kind::submit;
        OrderId order;
        Price limit;
    };
    struct Reply {
        ReceiveTime due;
        uint64_t number = 0;
        OrderUpdateEvent update;
    };
    enum class State : uint8_t { on_its_way, never_came, working, done, cancelled, rejected, expired };
    struct Resting {
        OrderId id;
        InstrumentId instrument;
        Side side = Side::buy;
        Quantity quantity, remaining;
        Price limit;
        State state = State::on_its_way;
        BrokerOrderId number;
        ReceiveTime changed;
    };

    bool honest(ReceiveTime now) const { return now >= honest_from_; }
    bool faulty(Fault fault, int64_t permille, ReceiveTime now);
    // Of an order that never left, nothing is known but its number.
    void know(const Order& order);
    bool taken_by_line(Kind kind, const Order& order);
    void answer_with_status(int status, Kind kind, const Order& order);
    Price traded_at(const Resting& order, Price touch, ReceiveTime now);
    void send(Kind kind, const Order& order, Price limit);
    void arrive(const Request& request);
    void arrive_submit(Resting& order, ReceiveTime now);
    void arrive_cancel(Resting& order, ReceiveTime now);
    void arrive_replace(Resting& order, Price limit, ReceiveTime now);
    void arrive_ask(const Resting& order, ReceiveTime now);
    void read_books(ReceiveTime now);
    void match(Resting& order, ReceiveTime now);
    void reply(OrderUpdateEvent update, ReceiveTime now, bool may_be_unknown);
    void queue_reply(const OrderUpdateEvent& update, ReceiveTime due);
    OrderUpdateEvent update_of(const Resting& order, OrderUpdateKind kind, const char* reason) const;

    const Scenario& scenario_;
    const Market& market_;
    Dice dice_;
    Dice line_dice_;  // of what LineTroubles say, and of wrong prices
    LineTroubles line_;
    ReceiveTime now_, honest_from_, close_, burst_until_, last_request_due_, last_reply_due_;
    std::vector<Request> requests_;  // by due, then number
    std::vector<Reply> replies_;     // by due, then number
    std::map<OrderId, Resting> orders_;
    std::vector<Trade> trades_;
    uint64_t next_number_ = 1;
    uint64_t next_broker_order_ = 1;
    size_t messages_ = 0;
};

}  // namespace tide::simulation
