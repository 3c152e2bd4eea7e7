#include "risk/trading_hours.hpp"

#include <algorithm>

#include "core/assert.hpp"

namespace tide {

bool DayHours::open_at(ReceiveTime now) const {
    if (!holds(now)) return false;
    const Duration t = now - midnight;
    for (size_t i = 0; i < session_count; ++i) {
        if (t >= sessions[i].open && t < sessions[i].close) return true;
    }
    return false;
}

ReceiveTime DayHours::close() const {
    TIDE_ASSERT(session_count > 0);
    return at(date, sessions[session_count - 1U].close);
}

bool DayHours::round_the_clock() const {
    return session_count == 1 && sessions[0].open == Duration(0) && sessions[0].close >= hours(24);
}

void TradingHours::on_day(const TradingDayEvent& day) {
    const auto known =
        std::find_if(days_.begin(), days_.end(), [&](const DayHours& d) { return d.calendar == day.calendar; });
    DayHours& slot = known == days_.end() ? days_.emplace_back() : *known;
    slot.calendar = std::string(day.calendar);
    slot.date = day.date;
    slot.session_count = day.session_count;
    slot.sessions = day.sessions;
    slot.midnight = at(day.date, Duration(0));
}

const DayHours* TradingHours::find(std::string_view calendar, ReceiveTime now) const {
    for (const DayHours& day : days_) {
        if (day.calendar == calendar) return day.holds(now) && day.session_count > 0 ? &day : nullptr;
    }
    return nullptr;
}

}  // namespace tide
