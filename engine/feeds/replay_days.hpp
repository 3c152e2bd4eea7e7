#pragma once
#include <string>
#include <vector>

#include "core/events.hpp"
#include "feeds/replay_feed.hpp"

namespace tide {

// A day to be traded through.
struct ReplayDay {
    Date date;
    std::vector<SessionHours> sessions;
    bool from_data = false;

    ExchangeTime open() const { return ist_moment<ExchangeTime>(date, sessions.front().open); }
    ExchangeTime close() const { return ist_moment<ExchangeTime>(date, sessions.back().close); }
    // Whether [start, start + length) lies inside a session.
    bool holds(ExchangeTime start, Duration length) const;
};

// The days on which the input has data and the market was open, ascending: sessions from the calendar; where that has
// no table for the year, the usual hours (from_data), or, when no bar lies inside those, the hours that the bars span.
// Says in `notes` what it left out and what is missing.
std::vector<ReplayDay> replay_days(const ReplayInput& input, const std::string& calendar_name,
                                   std::vector<std::string>& notes);

// When a bar of that length was complete: its end; of a daily bar midnight after it; of a weekly one seven days later.
ExchangeTime known_at(const Bar& bar);

}  // namespace tide
