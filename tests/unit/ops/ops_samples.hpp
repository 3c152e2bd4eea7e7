#pragma once
#include <string>
#include <vector>

#include "trading/records.hpp"

// Records as a session makes them, with only what the tests look at.
namespace tide::ops_samples {

inline const Date kDay = make_date(2024, 1, 25);
inline const std::string kOption = "NIFTY 2024-01-25 21700 CE";

inline Record record_at(Date day, int hour, int minute, RecordBody body) {
    Record record;
    record.time = at(day, hours(hour) + minutes(minute));
    record.body = std::move(body);
    return record;
}
inline Record record_at(int hour, int minute, RecordBody body) {
    return record_at(kDay, hour, minute, std::move(body));
}

// Bought 2 lots of 50 at 142.35, stop on the underlying at 21 500.
inline Position open_position() {
    Position p;
    p.id = PositionId(5);
    p.instrument = InstrumentId(9);
    p.quantity = p.opened_quantity = Quantity(100);
    p.entry_price = p.last_price = Price::from_units(1'423'500);
    p.entry_value = p.entry_price * p.quantity;
    p.levels.stop = Price::from_rupees(21'500);
    p.opened = at(kDay, hours(10) + minutes(15));
    return p;
}
inline Position closed_position(Money gross, Money charges) {
    Position p = open_position();
    p.quantity = Quantity(0);
    p.entry_value = Money();
    p.exit_price = Price::from_units(1'712'000);
    p.realised_gross = gross;
    p.charges = charges;
    p.closed = at(kDay, hours(11) + minutes(15));
    return p;
}
inline TradeRecord trade(int64_t number, Money gross, Money charges) {
    return TradeRecord{closed_position(gross, charges),
                       kOption,
                       "NIFTY",
                       ExitReason{3, "target", "", "21 900 reached"},
                       number,
                       "2 x 50"};
}
inline TradeRecord trade_of(int64_t net_rupees) { return trade(1, Money::from_rupees(net_rupees), Money()); }
inline EquityRecord equity_of(int64_t rupees, std::string detail = "day") {
    return EquityRecord{Money::from_rupees(rupees), {}, {}, {}, std::move(detail)};
}
inline OrderRecord order(OrderPurpose purpose, OrderState from, OrderState to, int64_t filled) {
    OrderRecord r;
    r.order.id = OrderId(11);
    r.order.position = PositionId(5);
    r.order.instrument = InstrumentId(9);
    r.order.side = purpose == OrderPurpose::entry ? Side::buy : Side::sell;
    r.order.purpose = purpose;
    r.order.state = to;
    r.order.quantity = Quantity(100);
    r.order.filled = Quantity(filled);
    r.order.filled_value = Price::from_units(1'423'500) * Quantity(filled);
    r.order.why = "breakout above 21 700";
    r.from = from;
    r.instrument = kOption;
    return r;
}
inline IntentRecord intent(uint64_t id, IntentKind kind) {
    IntentRecord r;
    r.intent.id = IntentId(id);
    r.intent.kind = kind;
    r.instrument = kOption;
    return r;
}
inline RiskRecord refusal(uint64_t intent_id, std::string code) {
    RiskRecord r;
    r.intent = IntentId(intent_id);
    r.instrument = kOption;
    r.code = std::move(code);
    r.values = "age=9 limit=5";
    r.text = "the quote is old";
    return r;
}

}  // namespace tide::ops_samples
