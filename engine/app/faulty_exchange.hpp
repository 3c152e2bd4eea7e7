#pragma once
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "brokers/paper_broker.hpp"

namespace tide {

// The paper exchange behind a line on which things go wrong as told: for tests of strategies. What is asked for the
// next order holds for the next one that is sent, once.
class FaultyExchange final : public ExchangeLink {
  public:
    explicit FaultyExchange(PaperBroker& exchange) : exchange_(exchange) {}

    // The next order's acknowledgement never comes; its fills do.
    void drop_next_acknowledgement() { next_.drop_acknowledgement = true; }
    // The next order is rejected with this text.
    void reject_next(std::string reason) { next_.rejected_for = std::move(reason); }
    // Of the next order so many lots are filled; the rest rests until it is cancelled.
    void fill_lots_of_next(int64_t lots) { next_.lots = lots; }
    // From now on every answer comes so much later.
    void delay_answers(Duration delay) { delay_ = delay; }

    void on_event(const Event& event) override { exchange_.on_event(event); }
    void set_now(ReceiveTime now) override;
    void submit(const Order& order) override;
    void cancel(const Order& order) override;
    void replace(const Order& order, Price limit) override;
    void ask(const Order& order) override;
    std::optional<ReceiveTime> next_due() override;
    bool pop_due(ReceiveTime until, Event& out) override;
    Result<ExchangeBooks> books() override { return exchange_.books(); }
    void ask_books() override { exchange_.ask_books(); }

  private:
    struct Plan {
        bool drop_acknowledgement = false;
        std::optional<std::string> rejected_for;
        std::optional<int64_t> lots;
    };
    struct Partial {  // an order of which the exchange knows only a part
        Quantity at_exchange, filled, rest;
        bool over_at_exchange() const { return filled == at_exchange; }
    };
    struct Answer {
        ReceiveTime due;
        OrderUpdateEvent update;
        std::string reason;
    };

    void answer(ReceiveTime due, OrderUpdateEvent update, std::string reason);
    // What the desk hears of an answer of the exchange; false: nothing.
    bool pass(OrderUpdateEvent& update);

    PaperBroker& exchange_;
    ReceiveTime now_;
    Duration delay_{0};
    Plan next_;
    std::vector<OrderId> unacknowledged_;
    std::map<OrderId, Partial> partials_;
    std::deque<Answer> held_;  // by due
    std::string last_reason_;
};

}  // namespace tide
