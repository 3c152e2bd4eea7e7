#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/assert.hpp"
#include "core/events.hpp"

namespace tide {

// One calendar's sessions of the current day.
struct DayHours {
    std::string calendar;
    Date date{};
    uint8_t session_count = 0;
    std::array<SessionHours, 3> sessions{};
    ReceiveTime midnight;  // at which `date` begins: a comparison with it is cheaper than a date of every price

    bool holds(ReceiveTime now) const { return now >= midnight && now - midnight < hours(24); }
    bool open_at(ReceiveTime now) const {
        if (!holds(now)) return false;
        const Duration t = now - midnight;
        for (size_t i = 0; i < session_count; ++i) {
            if (t >= sessions[i].open && t < sessions[i].close) return true;
        }
        return false;
    }
    // End of the day's last session.
    ReceiveTime close() const {
        TIDE_ASSERT(session_count > 0);
        return midnight + sessions[session_count - 1U].close;
    }
    // A market that never closes has no entry window and no square-off.
    bool round_the_clock() const {
        return session_count == 1 && sessions[0].open == Duration(0) && sessions[0].close >= hours(24);
    }
};

// The current day of every calendar in use, from TradingDayEvent.
class TradingHours {
  public:
    void on_day(const TradingDayEvent& day);
    // nullptr: no day known, or it is another date than now's.
    const DayHours* find(std::string_view calendar, ReceiveTime now) const;
    // For what asks at every price: the place of a calendar, which it keeps; kNoPlace before its first day.
    static constexpr size_t kNoPlace = ~size_t(0);
    size_t place_of(std::string_view calendar) const;
    const DayHours* find(size_t place, ReceiveTime now) const {
        const DayHours& day = days_[place];
        return day.holds(now) && day.session_count > 0 ? &day : nullptr;
    }
    const std::vector<DayHours>& all() const { return days_; }
    bool any_open_at(ReceiveTime now) const;
    // For how long a market was open meanwhile: of the calendars' current days, the one that was open longest.
    Duration open_between(ReceiveTime from, ReceiveTime to) const;

  private:
    std::vector<DayHours> days_;
};

}  // namespace tide
