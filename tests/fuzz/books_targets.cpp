#include "app/broker_statement.hpp"
#include "core/assert.hpp"
#include "targets.hpp"
#include "trading/broker_books.hpp"

namespace tide::fuzz {

// What was read is within its days, and a statement always matches fills that are made of it.
void broker_statement(std::string_view bytes) {
    const auto statement = parse_statement(bytes, "statement.csv", make_date(2026, 11, 20));
    if (!statement) return;
    TIDE_ASSERT(!statement->trades.empty() && statement->first_day <= statement->last_day);
    std::vector<FillRow> fills;
    for (const StatementTrade& trade : statement->trades) {
        TIDE_ASSERT(trade.quantity > 0 && trade.price.positive() && trade.line > 1);
        if (trade.symbol.empty() || fills.size() >= 50) return;
        FillRow fill;
        fill.instrument = trade.symbol;
        fill.side = trade.buy ? "buy" : "sell";
        fill.quantity = trade.quantity;
        fill.price = trade.price;
        if (trade.time) fill.time = as_receive_time(*trade.time);
        fills.push_back(fill);
    }
    StatementTolerance tolerance;
    tolerance.charges = Money::from_units(int64_t(1) << 60);
    TIDE_ASSERT(match_statement(*statement, fills, tolerance).matched == fills.size());
}

void broker_books(std::string_view bytes) {
    const auto books = parse_broker_books(bytes);
    if (!books) return;
    const auto again = parse_broker_books(to_text(*books));
    TIDE_ASSERT(again && *again == *books);
}

}  // namespace tide::fuzz
