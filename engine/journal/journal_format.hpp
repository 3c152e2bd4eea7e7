#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "core/digest.hpp"
#include "core/events.hpp"
#include "trading/order.hpp"

// The journal file: a header, then one record for every input event, in order, and for every output that must be
// provable later. Numbers are in the byte order of the machine that wrote the file; the header says which.
//
//   header   magic "TIDEJRNL" | byte order mark u32 | format version u32 | build id size u16 | session id size u16 |
//            build id | session id | CRC32C u32 of all before it
//   record   payload size u32 | kind u16 | zero u16 | sequence u64 | receive time i64 | exchange time i64 | payload |
//            CRC32C u32 of all before it
namespace tide {

inline constexpr std::string_view kJournalMagic = "TIDEJRNL";
inline constexpr uint32_t kJournalByteOrderMark = 0x01020304;
inline constexpr uint32_t kJournalVersion = 3;
inline constexpr size_t kMaxPayloadBytes = 16U << 20;  // the largest script or configuration text, with room
inline constexpr size_t kRecordHeadBytes = 32;
inline constexpr size_t kRecordFrameBytes = kRecordHeadBytes + 4;  // with its CRC
inline constexpr size_t kMaxRecordBytes = kMaxPayloadBytes + kRecordFrameBytes;

// Numbers in the file: never reused, never renumbered. 0 is no record (a preallocated or zeroed tail).
enum class JournalKind : uint16_t {
    tick = 1,
    bar = 2,
    clock = 3,
    order_update = 4,
    command = 5,
    config = 6,
    script = 7,
    instrument = 8,
    trading_day = 9,
    day_end = 10,
    charge_rate = 11,
    feed_status = 12,
    service_status = 13,
    broker_books = 14,
    order_sent = 64,
    audit_head = 65,
    session_end = 66,
    script_stop = 67,
    script_late = 68,
};
std::string_view name_of(JournalKind kind);

enum class OrderSentKind : uint8_t { submit, cancel, replace };
// An order message that is about to leave: written and made durable before it does.
struct OrderSent {
    OrderId order;
    std::string_view client_id;
    InstrumentId instrument;
    Side side = Side::buy;
    Quantity quantity;
    Price limit;
    OrderSentKind kind = OrderSentKind::submit;
    bool operator==(const OrderSent&) const = default;
};
// The audit chain's head so far: what a replay must reach at the same place.
struct AuditHead {
    uint64_t rows = 0;
    Sha256Digest hash{};
    bool operator==(const AuditHead&) const = default;
};
// The session ended in order. A journal without one was interrupted.
struct SessionEnd {
    std::string_view reason;
    bool operator==(const SessionEnd&) const = default;
};

// A script's process was stopped in this load or callback, counted for each strategy from 1: what its sources and the
// input events do not explain, and a replay must repeat. Written before anything that follows from it.
struct ScriptStop {
    StrategyId strategy;
    uint64_t call = 0;
    std::string_view reason;
    bool late = false;  // it did not answer in time, by its own doing; in the file a kind of its own
    bool operator==(const ScriptStop&) const = default;
};

struct JournalOutput {
    uint64_t sequence = 0;  // of the event being handled
    ReceiveTime time;
    std::variant<OrderSent, AuditHead, SessionEnd, ScriptStop> payload;
};

struct JournalHeader {
    std::string build_id;
    std::string session_id;
    uint32_t version = kJournalVersion;
};

// One record as read back. Texts are views into the bytes it was decoded from.
struct JournalRecord {
    uint64_t offset = 0;  // in the file
    JournalKind kind = JournalKind::clock;
    Event event;           // when !is_output()
    JournalOutput output;  // when is_output()
    bool is_output() const { return kind >= JournalKind::order_sent; }
};

}  // namespace tide
