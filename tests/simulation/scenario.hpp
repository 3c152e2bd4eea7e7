#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/events.hpp"
#include "session/session_config.hpp"

namespace tide::simulation {

// What can go wrong. A seed switches a random subset on (swarm testing: Groce et al., "Swarm Testing", ISSTA 2012), so
// that faults which would mask each other are also met alone.
enum class Fault : uint8_t {
    request_lost,     // the exchange never sees the message
    request_late,     // it arrives seconds later
    reply_lost,       // held back until the books are read again
    reply_late,       // seconds later
    reply_doubled,    // the same word twice
    reply_reordered,  // overtakes earlier ones: fill before acknowledgement, fill after cancel
    partial_fill,
    reject,
    cancel_rejected,  // although the order is working
    replace_rejected,
    unknown_outcome,  // the broker says that it does not know
    burst,            // nothing for a while, then everything at once
    feed_down,
    clock_still,  // several seconds of market arrive at one moment
    silent_instrument,
    jump,
    vix_spike,
    thin_market,    // wide spreads, little open interest, one-sided quotes
    operator_word,  // pause, resume, exit_position, cancel_order, set, reload, mode_normal
    kill_switch,
    stop,
    script_fault,
    restart,         // the process ends and comes back from its journal
    book_lag,        // what the order book or the trade book is asked for is not in it yet
    long_feed_down,  // with feed_down: for up to 45 minutes
    broker_session,  // it is told to end; sometimes it is renewed, before or after
    exchange_halt,   // trading stops by the exchange's word
    crash,           // the process dies at a message to the broker; what was not durable is lost
    crash_anywhere,  // at any event, also while it recovers; sometimes it is away for minutes
    line_down,       // the broker's line is mute: requests time out, updates stop, then it is back
    long_line_down,  // with line_down: for up to 45 minutes
    http_error,      // requests are answered by 403, 429 or 5xx for a while
    wrong_price,     // a fill beyond its limit
    index_limit,     // an index falls or rises by 10 to 22 %: the whole market halts
    clock_jump,      // minutes of market at one moment; the exchange's stamps run ahead of ours or behind
    script_stop,     // a script's process is killed
    operator_desk,   // manual mode, manual orders, settings, immediate stop, resolve, reconcile, acknowledge
};
inline constexpr size_t kFaultCount = 37;
std::string_view name_of(Fault fault);

enum InstrumentNumber : uint32_t { kNifty = 1, kBankNifty = 2, kVix = 3, kFirstOption = 4 };
inline constexpr uint32_t kOptionCount = 10;
inline const Date kTradingDay = make_date(2024, 1, 10);             // a Wednesday
inline constexpr double kNiftyStart = 21'500, kBankStart = 47'000;  // also the closes of the day before

// Everything that a seed decides before the first event. `faults` and `stop_after` can be narrowed to shrink a failure.
struct Scenario {
    uint64_t seed = 0;
    uint64_t faults = 0;           // bit per Fault
    uint64_t events_max = 40'000;  // a simulation that needs more is a failure
    uint64_t messages_max = 4'000;
    bool bars = false;  // one-minute bars with paths instead of ticks
    int strategies = 1;
    SessionHours hours{};
    Duration honest_from{};  // since midnight: from here on the broker answers everything, in order
    std::vector<Instrument> options;
    SessionConfig config;

    bool has(Fault fault) const { return (faults >> static_cast<unsigned>(fault) & 1U) != 0; }
    Duration square_off() const;
    std::string fault_names() const;
};

Scenario make_scenario(uint64_t seed);

// How long the whole market halts when an index is so far from its previous close, the pre-open behind it included
// (NSE, market-wide circuit breakers). None: not at all; the rest of the day is a day.
std::optional<Duration> index_halt_length(double move_pct, Duration since_midnight);

}  // namespace tide::simulation
