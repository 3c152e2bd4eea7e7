#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <variant>

#include "core/bar.hpp"
#include "core/instrument.hpp"
#include "core/money.hpp"
#include "core/strong_id.hpp"
#include "core/time.hpp"

// Everything that can enter a Session. The order of events is the truth: a Session that is given the same events in the
// same order produces the same intents, orders and audit chain. Texts are views: whoever hands an event over keeps the
// bytes alive until the Session has handled it; the Session copies what it keeps.
namespace tide {

enum TickFlag : uint32_t {
    kTickHasBid = 1,
    kTickHasAsk = 2,
    kTickHasVolume = 4,      // `volume` is the day's total so far
    kTickVolumeIsDelta = 8,  // `volume` is what traded since the last tick (with kTickHasVolume unset)
    kTickHasOi = 16,
    kTickModelPrice = 32,   // priced by model, not traded
    kTickPathOfBar = 64,    // a point on the path inside a bar that will follow as a bar: moves quotes, builds no bar
    kTickDailyValue = 128,  // stands for a whole day (a daily series used where there is no intraday one)
    kTickRealisedValue = 256,  // a VIX estimated from realised volatility (with kTickDailyValue: holds for the day)
};

// A quote or a trade. Absent parts are flags, not zeros.
struct TickEvent {
    InstrumentId instrument;
    uint32_t flags = 0;
    Price last, bid, ask;
    int64_t bid_quantity = 0;
    int64_t ask_quantity = 0;
    int64_t volume = 0;
    int64_t oi = 0;
    bool has(TickFlag flag) const { return (flags & flag) != 0; }
};

// A finished bar from a bar feed (1m), or context (kBarHistory, any timeframe).
struct BarEvent {
    Bar bar;
    bool more = false;  // another bar that ends at the same moment follows: scripts see them together
};

// Time passes with nothing else to say. Timers fire on any event; a clock event exists so that they fire without one.
struct ClockEvent {};

enum class OrderUpdateKind : uint8_t {
    acknowledged,     // the broker has it; `broker_order` is its number
    rejected,         // refused by broker or exchange; nothing was traded on it
    filled,           // one execution: `quantity` at `price`, `fill`
    cancelled,        // `quantity` is what was left
    cancel_rejected,  // too late or unknown there
    replaced,         // price (and quantity) changed
    replace_rejected,
    expired,          // end of validity
    unknown_outcome,  // no answer in time: a state, never a guess
    absent,           // a book's answer: the order is not in it
};
enum OrderUpdateFlag : uint16_t {
    kUpdateModelPrice = 1,  // the fill's price came from a model quote
    kUpdateLastPrice = 2,   // the fill's price came from a last price and a modelled spread, not from a quote
    kUpdateFromBook = 4,    // read from the order book or the trade book, because it was asked for
    // What the broker has under our number is not what was sent: another side, instrument or quantity, or a price
    // beyond the limit. `reason` says which.
    kUpdateMismatch = 8,
};
// The broker's word on one of our orders. `reason` is the broker's text. The last word of a book's answer
// (acknowledged: it works there; cancelled, rejected, expired, absent) has in `quantity` what the order book says was
// traded on it.
struct OrderUpdateEvent {
    OrderId order;
    BrokerOrderId broker_order;
    OrderUpdateKind kind = OrderUpdateKind::acknowledged;
    uint16_t flags = 0;
    Quantity quantity;
    Price price;
    FillId fill;
    std::string_view reason;
};

// Arguments are "key=value" pairs joined by ';' (session/operator_argument.hpp), where nothing else is said.
enum class CommandKind : uint8_t {
    stop,          // graceful: positions closed by the rules, then the session ends
    stop_no_exit,  // ends with positions left as they are
    kill_switch,
    pause,  // no new entries
    resume,
    set,     // "risk.max_positions=2", with "confirm=yes" where the change loosens a limit
    reload,  // "script=adx_trend;now=yes;confirm=yes;rollback=yes;cold=yes" (all scripts without one), or
             // "refused=yes": the new sources of `script` could not be used, and `reason` says why
    mode_normal,
    exit_position,   // a position id, or "all"
    cancel_order,    // an order id
    stop_immediate,  // every order cancelled and every position closed at once, then the session ends
    manual_mode,     // "on" or "off": scripts' entries are refused, the operator's pass
    manual_order,    // "side=buy;symbol=…;lots=1;limit=150.5;stop_pct=1;confirm=yes"
    resolve_order,   // an order id: the operator has looked at the broker's own books
    reconcile,       // read the broker's books and compare; "end=yes": as the day's last word
    acknowledge,     // an operator has looked into what differs from the broker's books
};
inline constexpr size_t kCommandKindCount = 16;
// An operator's word (or a signal's, a file's), audited with who said it and why.
struct CommandEvent {
    CommandKind kind = CommandKind::stop;
    std::string_view operator_name;
    std::string_view argument;
    std::string_view reason;
};

// The session's settings as canonical "key = value" lines; always the first event of a session.
struct ConfigEvent {
    std::string_view text;
};

enum class ScriptRole : uint8_t { module, strategy, saved };
// One source file. Modules, and what the strategy saved in an earlier session (`name` is the version that saved it,
// `text` the bytes), come before the strategy that they belong to. A strategy text completes a bundle: it loads a new
// strategy, or offers a new version of one that there is, for a CommandEvent `reload` to take up.
struct ScriptEvent {
    StrategyId strategy;
    ScriptRole role = ScriptRole::module;
    std::string_view name;  // "adx_category" or "adx_trend"
    std::string_view text;
    std::string_view parameters;  // of a strategy: "name=value" lines from --param
};

struct InstrumentEvent {
    Instrument instrument;
};

struct SessionHours {
    Duration open;  // since midnight IST
    Duration close;
};
// A trading day with its sessions; sent before the day's first market data.
struct TradingDayEvent {
    Date date;
    uint8_t session_count = 0;
    std::array<SessionHours, 3> sessions;
    bool from_data = false;  // the calendar has no table for the year: the day was taken from the data
    bool history = false;    // context: aligns the history bars that follow, nothing is traded
    std::string_view calendar;
};
// The data for a day has ended (after the close): closes the day's bars.
struct DayEndEvent {
    Date date;
};

// One row of the charges table. Rate is in 1e-8 of the base, or a flat amount per executed order.
struct ChargeRateEvent {
    std::string_view item;      // brokerage, stt, exchange, ipft, sebi, stamp, gst
    std::string_view exchange;  // NSE, BSE, * for any
    InstrumentKind kind = InstrumentKind::option;
    std::string_view side;  // buy, sell, both
    int64_t rate_e8 = 0;
    Money flat;
    std::string_view rounding;  // none, paisa, rupee
    std::string_view base;      // turnover, or for gst the items joined by '+'
    Date from;
    Date to;  // last day it holds
};

enum class FeedState : uint8_t { up, degraded, down, ended };
// The line to the broker speaks as a feed of this name.
inline constexpr std::string_view kBrokerLine = "broker";
struct FeedStatusEvent {
    FeedState state = FeedState::up;
    std::string_view feed;
    std::string_view detail;
};

// What a session with the broker, or the exchange itself, says of its own service.
enum class Service : uint8_t {
    broker_session,  // the login: up is a new or refreshed one
    exchange,        // trading at the exchange: down is a halt
};
enum class ServiceState : uint8_t { up, ending, down };
struct ServiceStatusEvent {
    Service service = Service::broker_session;
    ServiceState state = ServiceState::up;
    ReceiveTime until;  // when a session ends, when a halted exchange opens again; 1970: not told
    std::string_view detail;
};

enum class BooksOccasion : uint8_t {
    interrupted,  // the engine goes on after an interruption: read before anything else is done
    asked,        // the Session wanted them
};
// What the broker's order book, trade book, positions and funds say at one moment (trading/broker_books.hpp).
struct BrokerBooksEvent {
    BooksOccasion occasion = BooksOccasion::asked;
    std::string_view text;
};

using EventPayload =
    std::variant<TickEvent, BarEvent, ClockEvent, OrderUpdateEvent, CommandEvent, ConfigEvent, ScriptEvent,
                 InstrumentEvent, TradingDayEvent, DayEndEvent, ChargeRateEvent, FeedStatusEvent, ServiceStatusEvent,
                 BrokerBooksEvent>;

struct Event {
    uint64_t sequence = 0;  // 1, 2, 3, … in a journal
    ReceiveTime received;   // never falls
    ExchangeTime exchange;  // 1970 where the exchange gave none
    EventPayload payload;
};

}  // namespace tide
