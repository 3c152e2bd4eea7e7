#include "app/strategy_test_views.hpp"

#include <algorithm>
#include <map>

namespace tide {
namespace {

using Fields = std::map<std::string, TestValue>;

TestValue row(Fields fields) {
    TestValue made = TestValue::table();
    made.fields = std::move(fields);
    return made;
}

TestValue number(int64_t value) { return TestValue(value); }
TestValue rupees(Price price) { return price.positive() ? TestValue(price.to_double()) : TestValue(); }
TestValue rupees(Money money) { return TestValue(money.to_double()); }
TestValue moment(ReceiveTime time) { return TestValue(format_iso(time).substr(11, 8)); }
TestValue level(const std::optional<Price>& price) { return price ? rupees(*price) : TestValue(); }

const Instrument& instrument_of(const StrategyTestSession& session, InstrumentId id) {
    return session.session().market().prices().instruments().get(id);
}
std::string underlying_symbol(const StrategyTestSession& session, const Instrument& instrument) {
    return instrument.underlying.valid() ? instrument_of(session, instrument.underlying).symbol : instrument.symbol;
}
TestValue lots(Quantity quantity, const Instrument& instrument) {
    return number(quantity.units() / instrument.lot.units());
}

template <class Body, class Each>
void for_each(const StrategyTestSession& session, Each each) {
    for (const Record& record : session.records()) {
        if (const auto* body = std::get_if<Body>(&record.body)) each(record, *body);
    }
}

bool left_the_engine(OrderState state) {
    return state != OrderState::created && state != OrderState::in_review && state != OrderState::refused;
}

TestValue order_row(const StrategyTestSession& session, const Order& order) {
    const Instrument& instrument = instrument_of(session, order.instrument);
    Fields fields{{"id", number(static_cast<int64_t>(order.id.value()))},
                  {"side", name_of(order.side)},
                  {"symbol", instrument.symbol},
                  {"underlying", underlying_symbol(session, instrument)},
                  {"lots", lots(order.quantity, instrument)},
                  {"quantity", number(order.quantity.units())},
                  {"filled", number(order.filled.units())},
                  {"limit", rupees(order.limit)},
                  {"state", name_of(order.state)},
                  {"purpose", name_of(order.purpose)},
                  {"tag", order.tag},
                  {"why", order.why},
                  {"reason", order.state_reason},
                  {"time", moment(order.created)}};
    if (order.filled.units() > 0)
        fields["average"] = order.filled_value.to_double() / static_cast<double>(order.filled.units());
    return row(std::move(fields));
}

}  // namespace

TestValue test_orders(const StrategyTestSession& session) {
    std::vector<const Order*> orders;  // each as its last record has it, by first appearance
    std::map<OrderId, size_t> places;
    for_each<OrderRecord>(session, [&](const Record&, const OrderRecord& record) {
        const Order& order = record.order;
        const auto known = places.find(order.id);
        if (known != places.end()) {
            orders[known->second] = &order;
        } else if (left_the_engine(order.state)) {
            places[order.id] = orders.size();
            orders.push_back(&order);
        }
    });
    TestValue list = TestValue::table();
    for (const Order* order : orders) list.list.push_back(order_row(session, *order));
    return list;
}

TestValue test_positions(const StrategyTestSession& session) {
    TestValue list = TestValue::table();
    for (const Position& position : session.session().portfolio().open()) {
        const Instrument& instrument = instrument_of(session, position.instrument);
        list.list.push_back(row({{"id", number(static_cast<int64_t>(position.id.value()))},
                                 {"symbol", instrument.symbol},
                                 {"underlying", underlying_symbol(session, instrument)},
                                 {"side", name_of(position.side)},
                                 {"lots", lots(position.quantity, instrument)},
                                 {"quantity", number(position.quantity.units())},
                                 {"entry", rupees(position.entry_price)},
                                 {"last", rupees(position.last_price)},
                                 {"stop", level(position.levels.stop)},
                                 {"target", level(position.levels.target)},
                                 {"underlying_entry", rupees(position.underlying_entry)},
                                 {"unrealised", rupees(position.unrealised())},
                                 {"net", rupees(position.net())},
                                 {"tag", position.tag},
                                 {"why", position.why}}));
    }
    return list;
}

TestValue test_trades(const StrategyTestSession& session) {
    TestValue list = TestValue::table();
    for_each<TradeRecord>(session, [&](const Record&, const TradeRecord& trade) {
        const Position& position = trade.position;
        const Instrument& instrument = instrument_of(session, position.instrument);
        list.list.push_back(row({{"symbol", trade.instrument},
                                 {"underlying", trade.underlying},
                                 {"side", name_of(position.side)},
                                 {"lots", lots(position.opened_quantity, instrument)},
                                 {"quantity", number(position.opened_quantity.units())},
                                 {"entry", rupees(position.entry_price)},
                                 {"exit", rupees(position.exit_price)},
                                 {"gross", rupees(position.gross())},
                                 {"charges", rupees(position.charges)},
                                 {"net", rupees(position.net())},
                                 {"rule", trade.exit.rule},
                                 {"priority", number(trade.exit.priority)},
                                 {"reason", trade.exit.text},
                                 {"tag", position.tag},
                                 {"why", position.why},
                                 {"opened", moment(position.opened)},
                                 {"closed", position.closed ? moment(*position.closed) : TestValue()}}));
    });
    return list;
}

TestValue test_exits(const StrategyTestSession& session) {
    TestValue list = TestValue::table();
    for_each<ExitRecord>(session, [&](const Record& record, const ExitRecord& exit) {
        list.list.push_back(row({{"symbol", exit.instrument},
                                 {"rule", exit.reason.rule},
                                 {"priority", number(exit.reason.priority)},
                                 {"reason", exit.reason.text},
                                 {"values", exit.reason.values},
                                 {"fraction", exit.fraction},
                                 {"decided_by", exit.decided_by},
                                 {"time", moment(record.time)}}));
    });
    return list;
}

TestValue test_skips(const StrategyTestSession& session) {
    std::vector<const SkipRecord*> skips;
    for_each<SkipRecord>(session, [&](const Record&, const SkipRecord& skip) { skips.push_back(&skip); });
    // The runs that still go on are not on record yet.
    for (const auto& script : session.session().scripts()) {
        for (const auto& [symbol, skip] : script->running_skips()) {
            if (skip.count > 0) skips.push_back(&skip);
        }
    }
    std::stable_sort(skips.begin(), skips.end(),
                     [](const SkipRecord* a, const SkipRecord* b) { return a->last < b->last; });
    TestValue list = TestValue::table();
    for (const SkipRecord* skip : skips) {
        list.list.push_back(row({{"symbol", skip->symbol},
                                 {"why", skip->why},
                                 {"count", number(skip->count)},
                                 {"first", moment(skip->first)},
                                 {"last", moment(skip->last)}}));
    }
    return list;
}

TestValue test_refusals(const StrategyTestSession& session) {
    TestValue list = TestValue::table();
    for_each<RiskRecord>(session, [&](const Record& record, const RiskRecord& risk) {
        if (risk.passed) return;
        list.list.push_back(row({{"symbol", risk.instrument},
                                 {"code", risk.code},
                                 {"text", risk.text},
                                 {"values", risk.values},
                                 {"time", moment(record.time)}}));
    });
    return list;
}

TestValue test_logs(const StrategyTestSession& session) {
    TestValue list = TestValue::table();
    for_each<NoteRecord>(session, [&](const Record& record, const NoteRecord& note) {
        list.list.push_back(
            row({{"level", note.level}, {"source", note.source}, {"text", note.text}, {"time", moment(record.time)}}));
    });
    return list;
}

TestValue test_account(const StrategyTestSession& session) {
    const Portfolio& portfolio = session.session().portfolio();
    return row({{"equity", rupees(portfolio.equity())},
                {"cash", rupees(portfolio.cash())},
                {"day_net", rupees(portfolio.day_net())},
                {"net", rupees(portfolio.net())},
                {"open_positions", number(static_cast<int64_t>(portfolio.open().size()))}});
}

}  // namespace tide
