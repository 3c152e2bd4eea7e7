#pragma once
#include <string>

#include "core/events.hpp"
#include "core/instrument.hpp"

namespace tide {

// One tick as a line of NDJSON in the documented form, which TickFileReader reads back:
//   {"ts_exchange":"2025-10-15T09:15:00.123+05:30","ts_utc":"2025-10-15T03:45:00.2Z","symbol":"NIFTY","token":1,
//    "ltp":23456.7,"bid":23456.5,"ask":23456.9,"volume":1000}
// ts_utc is when it was received; what the tick does not have is left out ("volume" is the day's total, "volume_delta"
// what traded since the last tick; "bid_qty", "ask_qty", "oi"). "token" is the instrument's number in its journal.
void append_raw_tick(std::string& out, ReceiveTime received, ExchangeTime exchange, const TickEvent& tick,
                     const Instrument& instrument);

}  // namespace tide
