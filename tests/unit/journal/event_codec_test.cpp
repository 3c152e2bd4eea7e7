#include "journal/event_codec.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "journal_samples.hpp"

namespace tide {
namespace {

using journal_samples::EventMaker;

std::string encoded(const Event& event) {
    std::string out;
    encode(event, out);
    return out;
}

TEST(event_codec, clock_event_has_the_bytes_that_the_format_says) {
    Event event;
    event.sequence = 0x0102030405060708;
    event.received = ReceiveTime(Duration(9));
    event.exchange = ExchangeTime(Duration(-1));
    event.payload = ClockEvent{};
    // payload size 0 | kind 3 | zero | sequence | received | exchange, little endian
    const std::string head(
        "\0\0\0\0\3\0\0\0\x08\x07\x06\x05\x04\x03\x02\x01\x09\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 32);
    const uint32_t crc = crc32c(head);
    std::string expected = head;
    for (int shift = 0; shift < 32; shift += 8) expected.push_back(static_cast<char>(crc >> shift & 0xff));
    EXPECT_EQ(encoded(event), expected);
}

TEST(event_codec, tick_comes_back_with_every_field) {
    TickEvent tick;
    tick.instrument = InstrumentId(7);
    tick.flags = kTickHasBid | kTickHasOi;
    tick.last = Price::from_units(217'005'000);
    tick.bid = Price::from_units(217'000'000);
    tick.ask = Price::from_units(217'010'000);
    tick.bid_quantity = 50;
    tick.ask_quantity = 75;
    tick.volume = 123'456;
    tick.oi = 9'876'543;
    const Event event{42, ReceiveTime(Duration(1001)), ExchangeTime(Duration(1000)), tick};
    const std::string bytes = encoded(event);
    JournalRecord record;
    const auto size = decode(bytes, record);
    ASSERT_TRUE(size.has_value()) << size.error().message;
    EXPECT_EQ(*size, bytes.size());
    EXPECT_EQ(record.kind, JournalKind::tick);
    EXPECT_EQ(record.event.sequence, 42U);
    EXPECT_EQ(record.event.received, event.received);
    EXPECT_EQ(record.event.exchange, event.exchange);
    const auto& back = std::get<TickEvent>(record.event.payload);
    EXPECT_EQ(back.instrument, tick.instrument);
    EXPECT_EQ(back.flags, tick.flags);
    EXPECT_EQ(back.last, tick.last);
    EXPECT_EQ(back.bid, tick.bid);
    EXPECT_EQ(back.ask, tick.ask);
    EXPECT_EQ(back.bid_quantity, 50);
    EXPECT_EQ(back.ask_quantity, 75);
    EXPECT_EQ(back.volume, 123'456);
    EXPECT_EQ(back.oi, 9'876'543);
}

TEST(event_codec, script_and_instrument_texts_come_back) {
    const std::string source(100'000, 'x');
    const Event script{1, {}, {}, ScriptEvent{StrategyId(2), ScriptRole::strategy, "adx_trend", source, "period=14\n"}};
    std::string bytes = encoded(script);
    JournalRecord record;
    ASSERT_TRUE(decode(bytes, record).has_value());
    const auto& back = std::get<ScriptEvent>(record.event.payload);
    EXPECT_EQ(back.strategy, StrategyId(2));
    EXPECT_EQ(back.role, ScriptRole::strategy);
    EXPECT_EQ(back.name, "adx_trend");
    EXPECT_EQ(back.text, source);
    EXPECT_EQ(back.parameters, "period=14\n");

    Instrument option;
    option.id = InstrumentId(3);
    option.symbol = "NIFTY 2024-01-25 21700 CE";
    option.kind = InstrumentKind::option;
    option.right = OptionRight::call;
    option.expiry = make_date(2024, 1, 25);
    option.strike = Price::from_rupees(21'700);
    option.lot = Quantity(50);
    bytes = encoded(Event{2, {}, {}, InstrumentEvent{option}});
    ASSERT_TRUE(decode(bytes, record).has_value());
    const Instrument& again = std::get<InstrumentEvent>(record.event.payload).instrument;
    EXPECT_EQ(again.symbol, option.symbol);
    EXPECT_EQ(again.expiry, option.expiry);
    EXPECT_EQ(again.right, OptionRight::call);
    EXPECT_EQ(again.strike, option.strike);
    EXPECT_EQ(again.lot, Quantity(50));
}

TEST(event_codec, every_event_survives_the_round_trip) {
    EventMaker maker(20'240'125);
    for (size_t i = 0; i < 12'000; ++i) {
        const Event event = maker.make(i + 1, i);
        const std::string bytes = encoded(event);
        JournalRecord record;
        const auto size = decode(bytes, record);
        ASSERT_TRUE(size.has_value()) << i << ": " << size.error().message;
        EXPECT_EQ(*size, bytes.size());
        EXPECT_EQ(record.event.payload.index(), event.payload.index());
        EXPECT_EQ(encoded(record.event), bytes) << i;
        EXPECT_LE(bytes.size(), encoded_bound(event));
    }
}

TEST(event_codec, outputs_survive_the_round_trip) {
    JournalOutput output;
    output.sequence = 77;
    output.time = ReceiveTime(Duration(5));
    const OrderSent sent{OrderId(9),
                         "0190-uuid",
                         InstrumentId(4),
                         Side::sell,
                         Quantity(75),
                         Price::from_rupees(120),
                         OrderSentKind::replace};
    output.payload = sent;
    std::string bytes;
    encode(output, bytes);
    JournalRecord record;
    ASSERT_TRUE(decode(bytes, record).has_value());
    ASSERT_TRUE(record.is_output());
    EXPECT_EQ(record.output.sequence, 77U);
    EXPECT_EQ(std::get<OrderSent>(record.output.payload), sent);

    const AuditHead head{512, sha256("head")};
    output.payload = head;
    bytes.clear();
    encode(output, bytes);
    ASSERT_TRUE(decode(bytes, record).has_value());
    EXPECT_EQ(std::get<AuditHead>(record.output.payload), head);

    output.payload = SessionEnd{"data ended"};
    bytes.clear();
    encode(output, bytes);
    ASSERT_TRUE(decode(bytes, record).has_value());
    EXPECT_EQ(std::get<SessionEnd>(record.output.payload).reason, "data ended");

    for (const bool late : {false, true}) {
        const ScriptStop stop{StrategyId(3), 41, "no answer within 50 ms", late};
        output.payload = stop;
        bytes.clear();
        encode(output, bytes);
        ASSERT_TRUE(decode(bytes, record).has_value());
        EXPECT_EQ(std::get<ScriptStop>(record.output.payload), stop);
        EXPECT_EQ(name_of(record.kind), late ? "script_late" : "script_stop");
    }
}

TEST(event_codec, random_bytes_are_refused) {
    std::mt19937_64 random(1);
    JournalRecord record;
    for (int i = 0; i < 200'000; ++i) {
        std::string bytes(random() % 160, '\0');
        for (char& byte : bytes) byte = static_cast<char>(random());
        EXPECT_FALSE(decode(bytes, record).has_value());
    }
}

// A checksum does not help against bytes that were written wrongly: payloads of random bytes under a right checksum.
TEST(event_codec, random_payloads_with_a_right_checksum_do_no_harm) {
    std::mt19937_64 random(2);
    JournalRecord record;
    size_t accepted = 0;
    for (int i = 0; i < 200'000; ++i) {
        const auto size = static_cast<uint32_t>(random() % 120);
        const auto kind = static_cast<uint16_t>(random() % 70);
        std::string bytes(kRecordHeadBytes + size, '\0');
        for (char& byte : bytes) byte = static_cast<char>(random() % 4 == 0 ? random() : 0);
        std::memcpy(bytes.data(), &size, 4);
        std::memcpy(bytes.data() + 4, &kind, 2);
        std::memset(bytes.data() + 6, 0, 2);
        const uint32_t crc = crc32c(bytes);
        bytes.append(reinterpret_cast<const char*>(&crc), 4);
        if (!decode(bytes, record)) continue;
        ++accepted;
        std::string again;  // each record has one way to be written
        record.is_output() ? encode(record.output, again) : encode(record.event, again);
        EXPECT_EQ(again, bytes) << name_of(record.kind);
    }
    EXPECT_LT(accepted, 200'000U / 10);
}

TEST(event_codec, every_truncation_and_every_changed_byte_is_noticed) {
    EventMaker maker(3);
    JournalRecord record;
    for (size_t kind = 0; kind < std::variant_size_v<EventPayload>; ++kind) {
        const std::string good = encoded(maker.make(1, kind));
        for (size_t size = 0; size < good.size(); ++size) {
            EXPECT_FALSE(decode(std::string_view(good).substr(0, size), record).has_value());
        }
        for (size_t at = 0; at < good.size(); ++at) {
            for (int bit = 0; bit < 8; ++bit) {
                std::string bad = good;
                bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
                EXPECT_FALSE(decode(bad, record).has_value()) << "kind " << kind << " byte " << at;
            }
        }
    }
}

TEST(event_codec, header_is_checked) {
    const JournalHeader header{"build 1", "session 2", kJournalVersion};
    const std::string good = encode_header(header);
    JournalHeader back;
    const auto size = decode_header(good + "more", back);
    ASSERT_TRUE(size.has_value());
    EXPECT_EQ(*size, good.size());
    EXPECT_EQ(back.build_id, "build 1");
    EXPECT_EQ(back.session_id, "session 2");
    for (size_t at = 0; at < good.size(); ++at) {
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 0x10);
        EXPECT_FALSE(decode_header(bad, back).has_value()) << at;
        EXPECT_FALSE(decode_header(std::string_view(good).substr(0, at), back).has_value()) << at;
    }
    JournalHeader newer = header;
    newer.version = kJournalVersion + 1;
    const auto refused = decode_header(encode_header(newer), back);
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().message.find("format " + std::to_string(kJournalVersion)), std::string::npos);
}

}  // namespace
}  // namespace tide
