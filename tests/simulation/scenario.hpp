#pragma once
#include <array>
#include <cstdint>
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
};
inline constexpr size_t kFaultCount = 28;
std::string_view name_of(Fault fault);

enum InstrumentNumber : uint32_t { kNifty = 1, kBankNifty = 2, kVix = 3, kFirstOption = 4 };
inline constexpr uint32_t kOptionCount = 10;
inline const Date kTradingDay = make_date(2024, 1, 10);  // a Wednesday

// Everything that a seed decides before the first event. `faults` and `stop_after` can be narrowed to shrink a failure.
struct Scenario {
    uint64_t seed = 0;
    uint32_t faults = 0;           // bit per Fault
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

}  // namespace tide::simulation
