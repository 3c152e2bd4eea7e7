#include "journal/event_codec.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <limits>
#include <type_traits>

#include "core/assert.hpp"

namespace tide {
namespace {

// More than the largest fixed part of any payload together with its frame.
constexpr size_t kFixedBound = 256;
constexpr Date kFirstDate = make_date(1900, 1, 1);
constexpr Date kLastDate = make_date(2200, 12, 31);

class ByteWriter {
  public:
    explicit ByteWriter(char* at) : at_(at) {}
    template <class Number>
    void put(Number value) {
        static_assert(std::is_integral_v<Number>);
        std::memcpy(at_, &value, sizeof value);
        at_ += sizeof value;
    }
    template <class Enum>
    void put_enum(Enum value) {
        put(static_cast<uint8_t>(value));
    }
    void put(Price value) { put(value.units()); }
    void put(Quantity value) { put(value.units()); }
    void put(Money value) { put(value.units()); }
    void put(Date value) { put(static_cast<int32_t>(value.time_since_epoch().count())); }
    void put(Duration value) { put(static_cast<int64_t>(value.count())); }
    template <class Tag, class Rep>
    void put(StrongId<Tag, Rep> id) {
        put(id.value());
    }
    void put(std::string_view text) {
        put(static_cast<uint32_t>(text.size()));
        put_raw(text);
    }
    void put_raw(std::string_view bytes) {
        if (!bytes.empty()) std::memcpy(at_, bytes.data(), bytes.size());
        at_ += bytes.size();
    }
    char* at() const { return at_; }

  private:
    char* at_;
};

// Reads what is there; after the first thing that cannot be right, ok() is false and values are zero.
class ByteSource {
  public:
    explicit ByteSource(std::string_view bytes) : rest_(bytes) {}
    bool ok() const { return ok_; }
    bool done() const { return ok_ && rest_.empty(); }

    template <class Number>
    Number number() {
        Number value{};
        if (rest_.size() < sizeof value) {
            ok_ = false;
            rest_ = {};
            return value;
        }
        std::memcpy(&value, rest_.data(), sizeof value);
        rest_.remove_prefix(sizeof value);
        return value;
    }
    template <class Enum>
    Enum enumerator(Enum last) {
        const auto value = number<uint8_t>();
        if (value > static_cast<uint8_t>(last)) ok_ = false;
        return ok_ ? static_cast<Enum>(value) : Enum{};
    }
    bool boolean() {
        const auto value = number<uint8_t>();
        if (value > 1) ok_ = false;
        return value == 1;
    }
    Price price() { return Price::from_units(number<int64_t>()); }
    Quantity quantity() { return Quantity(number<int64_t>()); }
    Money money() { return Money::from_units(number<int64_t>()); }
    Duration duration() { return Duration(number<int64_t>()); }
    template <class Id>
    Id id() {
        return Id(number<typename Id::rep>());
    }
    Date date() {
        const Date value{std::chrono::days(number<int32_t>())};
        if (value < kFirstDate || value > kLastDate) ok_ = false;
        return ok_ ? value : Date{};
    }
    std::string_view text() {
        const auto size = number<uint32_t>();
        if (size > rest_.size()) {
            ok_ = false;
            rest_ = {};
            return {};
        }
        const std::string_view value = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return value;
    }

  private:
    std::string_view rest_;
    bool ok_ = true;
};

// --- what kind, and how much text
// -------------------------------------------------------------------------------------

constexpr JournalKind kind_of_payload(const TickEvent&) { return JournalKind::tick; }
constexpr JournalKind kind_of_payload(const BarEvent&) { return JournalKind::bar; }
constexpr JournalKind kind_of_payload(const ClockEvent&) { return JournalKind::clock; }
constexpr JournalKind kind_of_payload(const OrderUpdateEvent&) { return JournalKind::order_update; }
constexpr JournalKind kind_of_payload(const CommandEvent&) { return JournalKind::command; }
constexpr JournalKind kind_of_payload(const ConfigEvent&) { return JournalKind::config; }
constexpr JournalKind kind_of_payload(const ScriptEvent&) { return JournalKind::script; }
constexpr JournalKind kind_of_payload(const InstrumentEvent&) { return JournalKind::instrument; }
constexpr JournalKind kind_of_payload(const TradingDayEvent&) { return JournalKind::trading_day; }
constexpr JournalKind kind_of_payload(const DayEndEvent&) { return JournalKind::day_end; }
constexpr JournalKind kind_of_payload(const ChargeRateEvent&) { return JournalKind::charge_rate; }
constexpr JournalKind kind_of_payload(const FeedStatusEvent&) { return JournalKind::feed_status; }
constexpr JournalKind kind_of_payload(const ServiceStatusEvent&) { return JournalKind::service_status; }
constexpr JournalKind kind_of_payload(const BrokerBooksEvent&) { return JournalKind::broker_books; }
constexpr JournalKind kind_of_payload(const OrderSent&) { return JournalKind::order_sent; }
constexpr JournalKind kind_of_payload(const AuditHead&) { return JournalKind::audit_head; }
constexpr JournalKind kind_of_payload(const SessionEnd&) { return JournalKind::session_end; }
constexpr JournalKind kind_of_payload(const ScriptStop& e) {
    return e.late ? JournalKind::script_late : JournalKind::script_stop;
}

template <class Payload>
size_t text_bytes(const Payload&) {
    return 0;
}
size_t text_bytes(const OrderUpdateEvent& e) { return e.reason.size(); }
size_t text_bytes(const CommandEvent& e) { return e.operator_name.size() + e.argument.size() + e.reason.size(); }
size_t text_bytes(const ConfigEvent& e) { return e.text.size(); }
size_t text_bytes(const ScriptEvent& e) { return e.name.size() + e.text.size() + e.parameters.size(); }
size_t text_bytes(const InstrumentEvent& e) {
    return e.instrument.symbol.size() + e.instrument.exchange.size() + e.instrument.calendar.size();
}
size_t text_bytes(const TradingDayEvent& e) { return e.calendar.size(); }
size_t text_bytes(const ChargeRateEvent& e) {
    return e.item.size() + e.exchange.size() + e.side.size() + e.rounding.size() + e.base.size();
}
size_t text_bytes(const FeedStatusEvent& e) { return e.feed.size() + e.detail.size(); }
size_t text_bytes(const ServiceStatusEvent& e) { return e.detail.size(); }
size_t text_bytes(const BrokerBooksEvent& e) { return e.text.size(); }
size_t text_bytes(const OrderSent& e) { return e.client_id.size(); }
size_t text_bytes(const SessionEnd& e) { return e.reason.size(); }
size_t text_bytes(const ScriptStop& e) { return e.reason.size(); }

// --- payloads to bytes
// ------------------------------------------------------------------------------------------------

void write(ByteWriter& out, const TickEvent& e) {
    out.put(e.instrument);
    out.put(e.flags);
    out.put(e.last);
    out.put(e.bid);
    out.put(e.ask);
    out.put(e.bid_quantity);
    out.put(e.ask_quantity);
    out.put(e.volume);
    out.put(e.oi);
}
void write(ByteWriter& out, const BarEvent& e) {
    const Bar& bar = e.bar;
    out.put(bar.instrument);
    out.put_enum(bar.timeframe);
    out.put(bar.flags);
    out.put(bar.start.time_since_epoch());
    out.put(bar.open);
    out.put(bar.high);
    out.put(bar.low);
    out.put(bar.close);
    out.put(bar.volume);
    out.put(bar.oi);
    out.put(static_cast<uint8_t>(e.more));
}
void write(ByteWriter&, const ClockEvent&) {}
void write(ByteWriter& out, const OrderUpdateEvent& e) {
    out.put(e.order);
    out.put(e.broker_order);
    out.put_enum(e.kind);
    out.put(e.flags);
    out.put(e.quantity);
    out.put(e.price);
    out.put(e.fill);
    out.put(e.reason);
}
void write(ByteWriter& out, const CommandEvent& e) {
    out.put_enum(e.kind);
    out.put(e.operator_name);
    out.put(e.argument);
    out.put(e.reason);
}
void write(ByteWriter& out, const ConfigEvent& e) { out.put(e.text); }
void write(ByteWriter& out, const ScriptEvent& e) {
    out.put(e.strategy);
    out.put_enum(e.role);
    out.put(e.name);
    out.put(e.text);
    out.put(e.parameters);
}
void write(ByteWriter& out, const InstrumentEvent& e) {
    const Instrument& i = e.instrument;
    out.put(i.id);
    out.put(std::string_view(i.symbol));
    out.put(std::string_view(i.exchange));
    out.put(std::string_view(i.calendar));
    out.put_enum(i.kind);
    out.put_enum(i.right);
    out.put(i.underlying);
    out.put(static_cast<uint8_t>(i.expiry.has_value()));
    out.put(i.expiry.value_or(Date{}));
    out.put(static_cast<uint8_t>(i.monthly));
    out.put(i.strike);
    out.put(i.lot);
    out.put(i.tick);
    out.put(i.freeze);
}
void write(ByteWriter& out, const TradingDayEvent& e) {
    TIDE_ASSERT(e.session_count <= e.sessions.size());
    out.put(e.date);
    out.put(e.session_count);
    for (size_t i = 0; i < e.session_count; ++i) {
        out.put(e.sessions[i].open);
        out.put(e.sessions[i].close);
    }
    out.put(static_cast<uint8_t>(e.from_data));
    out.put(static_cast<uint8_t>(e.history));
    out.put(e.calendar);
}
void write(ByteWriter& out, const DayEndEvent& e) { out.put(e.date); }
void write(ByteWriter& out, const ChargeRateEvent& e) {
    out.put(e.item);
    out.put(e.exchange);
    out.put_enum(e.kind);
    out.put(e.side);
    out.put(e.rate_e8);
    out.put(e.flat);
    out.put(e.rounding);
    out.put(e.base);
    out.put(e.from);
    out.put(e.to);
}
void write(ByteWriter& out, const FeedStatusEvent& e) {
    out.put_enum(e.state);
    out.put(e.feed);
    out.put(e.detail);
}
void write(ByteWriter& out, const ServiceStatusEvent& e) {
    out.put_enum(e.service);
    out.put_enum(e.state);
    out.put(e.until.time_since_epoch());
    out.put(e.detail);
}
void write(ByteWriter& out, const BrokerBooksEvent& e) {
    out.put_enum(e.occasion);
    out.put(e.text);
}
void write(ByteWriter& out, const OrderSent& e) {
    out.put(e.order);
    out.put(e.client_id);
    out.put(e.instrument);
    out.put_enum(e.side);
    out.put(e.quantity);
    out.put(e.limit);
    out.put_enum(e.kind);
}
void write(ByteWriter& out, const AuditHead& e) {
    out.put(e.rows);
    out.put_raw({reinterpret_cast<const char*>(e.hash.data()), e.hash.size()});
}
void write(ByteWriter& out, const SessionEnd& e) { out.put(e.reason); }
void write(ByteWriter& out, const ScriptStop& e) {
    out.put(e.strategy);
    out.put(e.call);
    out.put(e.reason);
}

// --- bytes to payloads
// ------------------------------------------------------------------------------------------------

TickEvent read_tick(ByteSource& in) {
    TickEvent e;
    e.instrument = in.id<InstrumentId>();
    e.flags = in.number<uint32_t>();
    e.last = in.price();
    e.bid = in.price();
    e.ask = in.price();
    e.bid_quantity = in.number<int64_t>();
    e.ask_quantity = in.number<int64_t>();
    e.volume = in.number<int64_t>();
    e.oi = in.number<int64_t>();
    return e;
}
BarEvent read_bar(ByteSource& in) {
    Bar bar;
    bar.instrument = in.id<InstrumentId>();
    bar.timeframe = in.enumerator(Timeframe::w1);
    bar.flags = in.number<uint16_t>();
    bar.start = ExchangeTime(in.duration());
    bar.open = in.price();
    bar.high = in.price();
    bar.low = in.price();
    bar.close = in.price();
    bar.volume = in.number<int64_t>();
    bar.oi = in.number<int64_t>();
    return BarEvent{bar, in.boolean()};
}
OrderUpdateEvent read_order_update(ByteSource& in) {
    OrderUpdateEvent e;
    e.order = in.id<OrderId>();
    e.broker_order = in.id<BrokerOrderId>();
    e.kind = in.enumerator(OrderUpdateKind::absent);
    e.flags = in.number<uint16_t>();
    e.quantity = in.quantity();
    e.price = in.price();
    e.fill = in.id<FillId>();
    e.reason = in.text();
    return e;
}
CommandEvent read_command(ByteSource& in) {
    CommandEvent e;
    e.kind = in.enumerator(CommandKind::acknowledge);
    e.operator_name = in.text();
    e.argument = in.text();
    e.reason = in.text();
    return e;
}
ScriptEvent read_script(ByteSource& in) {
    ScriptEvent e;
    e.strategy = in.id<StrategyId>();
    e.role = in.enumerator(ScriptRole::saved);
    e.name = in.text();
    e.text = in.text();
    e.parameters = in.text();
    return e;
}
InstrumentEvent read_instrument(ByteSource& in, bool& sound) {
    InstrumentEvent e;
    Instrument& i = e.instrument;
    i.id = in.id<InstrumentId>();
    i.symbol = in.text();
    i.exchange = in.text();
    i.calendar = in.text();
    i.kind = in.enumerator(InstrumentKind::volatility_index);
    i.right = in.enumerator(OptionRight::put);
    i.underlying = in.id<InstrumentId>();
    const bool has_expiry = in.boolean();
    const Date expiry = in.date();
    if (has_expiry) i.expiry = expiry;
    sound = has_expiry || expiry == Date{};
    i.monthly = in.boolean();
    i.strike = in.price();
    i.lot = in.quantity();
    i.tick = in.price();
    i.freeze = in.quantity();
    return e;
}
TradingDayEvent read_trading_day(ByteSource& in, bool& sound) {
    TradingDayEvent e;
    e.date = in.date();
    e.session_count = in.number<uint8_t>();
    sound = e.session_count <= e.sessions.size();
    if (!sound) return e;
    for (size_t i = 0; i < e.session_count; ++i) {
        e.sessions[i].open = in.duration();
        e.sessions[i].close = in.duration();
    }
    e.from_data = in.boolean();
    e.history = in.boolean();
    e.calendar = in.text();
    return e;
}
ChargeRateEvent read_charge_rate(ByteSource& in) {
    ChargeRateEvent e;
    e.item = in.text();
    e.exchange = in.text();
    e.kind = in.enumerator(InstrumentKind::volatility_index);
    e.side = in.text();
    e.rate_e8 = in.number<int64_t>();
    e.flat = in.money();
    e.rounding = in.text();
    e.base = in.text();
    e.from = in.date();
    e.to = in.date();
    return e;
}
FeedStatusEvent read_feed_status(ByteSource& in) {
    FeedStatusEvent e;
    e.state = in.enumerator(FeedState::ended);
    e.feed = in.text();
    e.detail = in.text();
    return e;
}
ServiceStatusEvent read_service_status(ByteSource& in) {
    ServiceStatusEvent e;
    e.service = in.enumerator(Service::exchange);
    e.state = in.enumerator(ServiceState::down);
    e.until = ReceiveTime(in.duration());
    e.detail = in.text();
    return e;
}
BrokerBooksEvent read_broker_books(ByteSource& in) {
    BrokerBooksEvent e;
    e.occasion = in.enumerator(BooksOccasion::asked);
    e.text = in.text();
    return e;
}
OrderSent read_order_sent(ByteSource& in) {
    OrderSent e;
    e.order = in.id<OrderId>();
    e.client_id = in.text();
    e.instrument = in.id<InstrumentId>();
    e.side = in.enumerator(Side::sell);
    e.quantity = in.quantity();
    e.limit = in.price();
    e.kind = in.enumerator(OrderSentKind::replace);
    return e;
}
AuditHead read_audit_head(ByteSource& in) {
    AuditHead e;
    e.rows = in.number<uint64_t>();
    for (uint8_t& byte : e.hash) byte = in.number<uint8_t>();
    return e;
}

// False when the payload does not hold what its kind says.
bool read_payload(ByteSource& in, JournalRecord& record) {
    EventPayload& event = record.event.payload;
    bool sound = true;
    switch (record.kind) {
        case JournalKind::tick:
            event = read_tick(in);
            break;
        case JournalKind::bar:
            event = read_bar(in);
            break;
        case JournalKind::clock:
            event = ClockEvent{};
            break;
        case JournalKind::order_update:
            event = read_order_update(in);
            break;
        case JournalKind::command:
            event = read_command(in);
            break;
        case JournalKind::config:
            event = ConfigEvent{in.text()};
            break;
        case JournalKind::script:
            event = read_script(in);
            break;
        case JournalKind::instrument:
            event = read_instrument(in, sound);
            break;
        case JournalKind::trading_day:
            event = read_trading_day(in, sound);
            break;
        case JournalKind::day_end:
            event = DayEndEvent{in.date()};
            break;
        case JournalKind::charge_rate:
            event = read_charge_rate(in);
            break;
        case JournalKind::feed_status:
            event = read_feed_status(in);
            break;
        case JournalKind::service_status:
            event = read_service_status(in);
            break;
        case JournalKind::broker_books:
            event = read_broker_books(in);
            break;
        case JournalKind::order_sent:
            record.output.payload = read_order_sent(in);
            break;
        case JournalKind::audit_head:
            record.output.payload = read_audit_head(in);
            break;
        case JournalKind::session_end:
            record.output.payload = SessionEnd{in.text()};
            break;
        case JournalKind::script_stop:
        case JournalKind::script_late: {
            ScriptStop stop;
            stop.strategy = in.id<StrategyId>();
            stop.call = in.number<uint64_t>();
            stop.reason = in.text();
            stop.late = record.kind == JournalKind::script_late;
            record.output.payload = stop;
            break;
        }
    }
    return sound && in.done();
}

template <class Payload>
char* write_record(const Payload& payload, uint64_t sequence, ReceiveTime received, ExchangeTime exchange, char* out) {
    ByteWriter bytes(out + sizeof(uint32_t));
    bytes.put(static_cast<uint16_t>(kind_of_payload(payload)));
    bytes.put(uint16_t{0});
    bytes.put(sequence);
    bytes.put(received.time_since_epoch());
    bytes.put(exchange.time_since_epoch());
    write(bytes, payload);
    const auto payload_size = static_cast<size_t>(bytes.at() - out) - kRecordHeadBytes;
    TIDE_ASSERT(payload_size <= kMaxPayloadBytes);
    ByteWriter(out).put(static_cast<uint32_t>(payload_size));
    bytes.put(crc32c({out, static_cast<size_t>(bytes.at() - out)}));
    return bytes.at();
}

template <class Content>
void append_encoded(const Content& content, std::string& out) {
    const size_t before = out.size();
    out.resize(before + encoded_bound(content));
    const char* end = encode_to(content, out.data() + before);
    out.resize(static_cast<size_t>(end - out.data()));
}

bool known_kind(uint16_t kind) {
    return (kind >= static_cast<uint16_t>(JournalKind::tick) &&
            kind <= static_cast<uint16_t>(JournalKind::broker_books)) ||
           (kind >= static_cast<uint16_t>(JournalKind::order_sent) &&
            kind <= static_cast<uint16_t>(JournalKind::script_late));
}

template <class Number>
Number number_at(std::string_view bytes, size_t at) {
    Number value{};
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

}  // namespace

std::string_view name_of(JournalKind kind) {
    switch (kind) {
        case JournalKind::tick:
            return "tick";
        case JournalKind::bar:
            return "bar";
        case JournalKind::clock:
            return "clock";
        case JournalKind::order_update:
            return "order_update";
        case JournalKind::command:
            return "command";
        case JournalKind::config:
            return "config";
        case JournalKind::script:
            return "script";
        case JournalKind::instrument:
            return "instrument";
        case JournalKind::trading_day:
            return "trading_day";
        case JournalKind::day_end:
            return "day_end";
        case JournalKind::charge_rate:
            return "charge_rate";
        case JournalKind::feed_status:
            return "feed_status";
        case JournalKind::service_status:
            return "service_status";
        case JournalKind::broker_books:
            return "broker_books";
        case JournalKind::order_sent:
            return "order_sent";
        case JournalKind::audit_head:
            return "audit_head";
        case JournalKind::session_end:
            return "session_end";
        case JournalKind::script_stop:
            return "script_stop";
        case JournalKind::script_late:
            return "script_late";
    }
    return "";
}

size_t encoded_bound(const Event& event) {
    return std::visit([](const auto& payload) { return kFixedBound + text_bytes(payload); }, event.payload);
}
size_t encoded_bound(const JournalOutput& output) {
    return std::visit([](const auto& payload) { return kFixedBound + text_bytes(payload); }, output.payload);
}
char* encode_to(const Event& event, char* out) {
    return std::visit(
        [&](const auto& payload) { return write_record(payload, event.sequence, event.received, event.exchange, out); },
        event.payload);
}
char* encode_to(const JournalOutput& output, char* out) {
    return std::visit(
        [&](const auto& payload) { return write_record(payload, output.sequence, output.time, ExchangeTime{}, out); },
        output.payload);
}
void encode(const Event& event, std::string& out) { append_encoded(event, out); }
void encode(const JournalOutput& output, std::string& out) { append_encoded(output, out); }

RecordFrame read_frame(std::string_view bytes) {
    RecordFrame frame;
    if (bytes.size() < kRecordHeadBytes) {
        frame.state = FrameState::incomplete;
        frame.size = kRecordHeadBytes;
        return frame;
    }
    const auto payload_size = number_at<uint32_t>(bytes, 0);
    const auto kind = number_at<uint16_t>(bytes, 4);
    if (payload_size > kMaxPayloadBytes || !known_kind(kind) || number_at<uint16_t>(bytes, 6) != 0) return frame;
    frame.size = payload_size + kRecordFrameBytes;
    if (bytes.size() < frame.size) {
        frame.state = FrameState::incomplete;
        return frame;
    }
    const size_t covered = kRecordHeadBytes + payload_size;
    if (crc32c(bytes.substr(0, covered)) != number_at<uint32_t>(bytes, covered)) return frame;
    frame.state = FrameState::whole;
    frame.kind = static_cast<JournalKind>(kind);
    frame.sequence = number_at<uint64_t>(bytes, 8);
    frame.payload = bytes.substr(kRecordHeadBytes, payload_size);
    return frame;
}

Result<size_t> decode(std::string_view bytes, JournalRecord& record) {
    const RecordFrame frame = read_frame(bytes);
    if (frame.state == FrameState::incomplete) {
        return make_error(ErrorCode::corrupt,
                          fmt::format("record is cut short: {} of {} bytes are there", bytes.size(), frame.size));
    }
    if (frame.state == FrameState::damaged) {
        return make_error(ErrorCode::corrupt, "record does not match its checksum, or is not a record");
    }
    record.kind = frame.kind;
    const ReceiveTime received{Duration(number_at<int64_t>(bytes, 16))};
    if (record.is_output()) {
        record.output.sequence = frame.sequence;
        record.output.time = received;
    } else {
        record.event.sequence = frame.sequence;
        record.event.received = received;
        record.event.exchange = ExchangeTime(Duration(number_at<int64_t>(bytes, 24)));
    }
    const bool stray_time = record.is_output() && number_at<int64_t>(bytes, 24) != 0;
    ByteSource payload(frame.payload);
    if (stray_time || !read_payload(payload, record)) {
        return make_error(ErrorCode::corrupt, fmt::format("{} record has an impossible content", name_of(frame.kind)));
    }
    return frame.size;
}

std::string encode_header(const JournalHeader& header) {
    TIDE_ASSERT(header.build_id.size() <= 0xffff && header.session_id.size() <= 0xffff);
    std::string out(kMaxHeaderBytes, '\0');
    ByteWriter bytes(out.data());
    bytes.put_raw(kJournalMagic);
    bytes.put(kJournalByteOrderMark);
    bytes.put(header.version);
    bytes.put(static_cast<uint16_t>(header.build_id.size()));
    bytes.put(static_cast<uint16_t>(header.session_id.size()));
    bytes.put_raw(header.build_id);
    bytes.put_raw(header.session_id);
    const auto covered = static_cast<size_t>(bytes.at() - out.data());
    bytes.put(crc32c(std::string_view(out).substr(0, covered)));
    out.resize(covered + sizeof(uint32_t));
    return out;
}

Result<size_t> decode_header(std::string_view bytes, JournalHeader& header) {
    constexpr size_t kFixed = 20;
    if (bytes.size() < kFixed || bytes.substr(0, kJournalMagic.size()) != kJournalMagic) {
        return make_error(ErrorCode::input, "this is not a journal");
    }
    const auto mark = number_at<uint32_t>(bytes, 8);
    if (mark == __builtin_bswap32(kJournalByteOrderMark)) {
        return make_error(ErrorCode::input, "this journal was written on a machine with the other byte order");
    }
    const size_t build_size = number_at<uint16_t>(bytes, 16);
    const size_t session_size = number_at<uint16_t>(bytes, 18);
    const size_t covered = kFixed + build_size + session_size;
    if (mark != kJournalByteOrderMark || bytes.size() < covered + sizeof(uint32_t) ||
        crc32c(bytes.substr(0, covered)) != number_at<uint32_t>(bytes, covered)) {
        return make_error(ErrorCode::corrupt, "the journal's header is damaged");
    }
    header.version = number_at<uint32_t>(bytes, 12);
    if (header.version != kJournalVersion) {
        return make_error(ErrorCode::input, fmt::format("the journal has format {}, this engine reads format {}",
                                                        header.version, kJournalVersion));
    }
    header.build_id = bytes.substr(kFixed, build_size);
    header.session_id = bytes.substr(kFixed + build_size, session_size);
    return covered + sizeof(uint32_t);
}

}  // namespace tide
