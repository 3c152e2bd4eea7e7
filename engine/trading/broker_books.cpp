#include "trading/broker_books.hpp"

#include <fmt/format.h>

#include <charconv>

#include "core/lines.hpp"
#include "trading/record_text.hpp"

namespace tide {
namespace {

// The numbers of one line; `good` is false after one that is not there or does not fit.
class Row {
  public:
    explicit Row(const RecordText& line) : line_(line) {}
    int64_t number(std::string_view key) {
        const auto value = line_.whole(key);
        good_ = good_ && value.has_value();
        return value.value_or(0);
    }
    // Not negative: a number of something.
    uint64_t count(std::string_view key) {
        const std::string* text = line_.find(key);
        uint64_t value = 0;
        if (text == nullptr) {
            good_ = false;
            return 0;
        }
        const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
        good_ = good_ && error == std::errc() && end == text->data() + text->size();
        return value;
    }
    InstrumentId instrument() {
        const uint64_t value = count("instrument");
        good_ = good_ && value <= UINT32_MAX;
        return InstrumentId(static_cast<uint32_t>(value));
    }
    Side side() {
        const std::string* text = line_.find("side");
        good_ = good_ && text != nullptr && (*text == "buy" || *text == "sell");
        return text != nullptr && *text == "sell" ? Side::sell : Side::buy;
    }
    Price price(std::string_view key) { return Price::from_units(number(key)); }
    bool good() const { return good_; }

  private:
    const RecordText& line_;
    bool good_ = true;
};

bool read_row(const RecordText& line, BrokerBooks& books) {
    Row row(line);
    if (line.kind == "order") {
        books.orders.push_back({OrderId(row.count("order")), BrokerOrderId(row.count("broker_order")), row.instrument(),
                                row.side(), Quantity(row.number("remaining")), row.price("limit")});
    } else if (line.kind == "trade") {
        books.trades.push_back({FillId(row.count("fill")), OrderId(row.count("order")),
                                BrokerOrderId(row.count("broker_order")), row.instrument(), row.side(),
                                Quantity(row.number("quantity")), row.price("price"),
                                static_cast<uint16_t>(row.count("flags"))});
    } else if (line.kind == "position") {
        books.positions.push_back({row.instrument(), Quantity(row.number("net"))});
    } else if (line.kind == "funds") {
        books.traded_value = Money::from_units(row.number("traded"));
    } else if (line.kind == "newest") {
        books.newest_order = OrderId(row.count("order"));
    } else {
        return false;
    }
    return row.good();
}

}  // namespace

std::string to_text(const BrokerBooks& books) {
    std::string out;
    const auto line = [&out]<class... Values>(fmt::format_string<Values...> text, Values&&... values) {
        fmt::format_to(std::back_inserter(out), text, std::forward<Values>(values)...);
        out.push_back('\n');
    };
    for (const auto& o : books.orders) {
        line("order order={} broker_order={} instrument={} side={} remaining={} limit={}", o.order.value(),
             o.broker_order.value(), o.instrument.value(), name_of(o.side), o.remaining.units(), o.limit.units());
    }
    for (const auto& t : books.trades) {
        line("trade fill={} order={} broker_order={} instrument={} side={} quantity={} price={} flags={}",
             t.fill.value(), t.order.value(), t.broker_order.value(), t.instrument.value(), name_of(t.side),
             t.quantity.units(), t.price.units(), t.flags);
    }
    for (const auto& p : books.positions) line("position instrument={} net={}", p.instrument.value(), p.net.units());
    if (books.traded_value) line("funds traded={}", books.traded_value->units());
    if (books.newest_order.valid()) line("newest order={}", books.newest_order.value());
    return out;
}

Result<BrokerBooks> parse_broker_books(std::string_view text) {
    BrokerBooks books;
    size_t number = 0;
    for (const std::string_view line : lines_of(text)) {
        ++number;
        const auto read = parse_record_text(line);
        if (!read || !read_row(*read, books))
            return make_error(ErrorCode::corrupt, fmt::format("line {} of the broker's books does not read", number));
    }
    return books;
}

}  // namespace tide
