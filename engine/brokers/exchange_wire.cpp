#include "brokers/exchange_wire.hpp"

namespace tide {

Result<std::optional<WireFrame>> read_wire_frame(std::string_view bytes) {
    if (bytes.size() < kWireHeadBytes) return std::optional<WireFrame>();
    WireReader head(bytes);
    const auto size = head.get<uint32_t>();
    const auto kind = head.get<uint8_t>();
    if (size == 0 || size > kWireFrameMax || kind > static_cast<uint8_t>(WireKind::refused)) {
        return make_error(ErrorCode::corrupt, "the paper exchange's line holds something that is no frame");
    }
    if (bytes.size() < size + 4) return std::optional<WireFrame>();
    return std::optional(WireFrame{static_cast<WireKind>(kind), bytes.substr(kWireHeadBytes, size - 1), size + 4});
}

void write_books(std::string& out, const ExchangeBooks& books) {
    WireWriter frame(out, WireKind::books_are);
    frame.text(books.session).put(books.market_events).put(books.trades).put(books.newest_order.value());
    frame.put(books.now.time_since_epoch().count());
    frame.put(static_cast<uint32_t>(books.orders.size()));
    for (const BookOrder& order : books.orders) {
        frame.put(order.id.value()).put(order.instrument.value()).put(order.underlying.value());
        frame.text(order.symbol).put(order.side);
        frame.put(order.remaining.units()).put(order.limit.units());
    }
    frame.put(static_cast<uint32_t>(books.positions.size()));
    for (const BookPosition& position : books.positions) {
        frame.put(position.instrument.value()).put(position.underlying.value());
        frame.text(position.symbol).put(position.net.units());
        for (const Price price : {position.last, position.bid, position.ask, position.tick}) frame.put(price.units());
        frame.put(position.lot.units()).put(position.freeze.units());
    }
}

Result<ExchangeBooks> read_books(std::string_view body) {
    WireReader in(body);
    ExchangeBooks books;
    const auto price = [&in] { return Price::from_units(in.get<int64_t>()); };
    books.session = in.text();
    books.market_events = in.get<uint64_t>();
    books.trades = in.get<uint64_t>();
    books.newest_order = OrderId(in.get<uint64_t>());
    books.now = ReceiveTime(Duration(in.get<int64_t>()));
    for (auto count = in.get<uint32_t>(); count > 0 && in.good(); --count) {
        BookOrder order;
        order.id = OrderId(in.get<uint64_t>());
        order.instrument = InstrumentId(in.get<uint32_t>());
        order.underlying = InstrumentId(in.get<uint32_t>());
        order.symbol = in.text();
        order.side = in.get<uint8_t>() == 0 ? Side::buy : Side::sell;
        order.remaining = Quantity(in.get<int64_t>());
        order.limit = price();
        books.orders.push_back(std::move(order));
    }
    for (auto count = in.get<uint32_t>(); count > 0 && in.good(); --count) {
        BookPosition position;
        position.instrument = InstrumentId(in.get<uint32_t>());
        position.underlying = InstrumentId(in.get<uint32_t>());
        position.symbol = in.text();
        position.net = Quantity(in.get<int64_t>());
        position.last = price();
        position.bid = price();
        position.ask = price();
        position.tick = price();
        position.lot = Quantity(in.get<int64_t>());
        position.freeze = Quantity(in.get<int64_t>());
        books.positions.push_back(std::move(position));
    }
    if (!in.done()) return make_error(ErrorCode::corrupt, "the paper exchange's books do not read");
    return books;
}

}  // namespace tide
