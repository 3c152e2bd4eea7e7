#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "trading_fixture.hpp"

namespace tide::testing {

struct Sent {
    std::string what;
    OrderId order;
    Price limit;
    Quantity quantity;
};

struct FakeBroker : BrokerLink {
    std::vector<Sent> sent;
    void submit(const Order& o) override { sent.push_back({"submit", o.id, o.limit, o.quantity}); }
    void cancel(const Order& o) override { sent.push_back({"cancel", o.id, o.limit, o.quantity}); }
    void replace(const Order& o, Price limit) override { sent.push_back({"replace", o.id, limit, o.quantity}); }
    std::vector<OrderId> asked;  // about: the books
    void ask(const Order& o) override { asked.push_back(o.id); }
    int64_t count(std::string_view what) const {
        return std::count_if(sent.begin(), sent.end(), [&](const Sent& s) { return s.what == what; });
    }
};

struct Log : DeskListener {
    std::vector<std::string> states;
    std::vector<Fill> fills;
    std::vector<std::string> contradictions;
    Money last_turnover_before;
    void on_order(const Order& o, OrderState from, std::string_view) override {
        states.push_back(std::string(name_of(from)) + ">" + std::string(name_of(o.state)));
    }
    void on_fill(const Fill& fill, const Order&, Money before) override {
        fills.push_back(fill);
        last_turnover_before = before;
    }
    void on_contradiction(OrderId, InstrumentId, std::string_view text) override { contradictions.emplace_back(text); }
    std::vector<OrderId> unclear;
    void on_unclear(const Order& o, std::string_view) override { unclear.push_back(o.id); }
};

}  // namespace tide::testing
