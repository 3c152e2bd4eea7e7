#include "risk/trading_hours.hpp"

#include <algorithm>

namespace tide {

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
    const size_t place = place_of(calendar);
    return place == kNoPlace ? nullptr : find(place, now);
}

size_t TradingHours::place_of(std::string_view calendar) const {
    for (size_t i = 0; i < days_.size(); ++i) {
        if (days_[i].calendar == calendar) return i;
    }
    return kNoPlace;
}

bool TradingHours::any_open_at(ReceiveTime now) const {
    return std::any_of(days_.begin(), days_.end(), [&](const DayHours& day) { return day.open_at(now); });
}

Duration TradingHours::open_between(ReceiveTime from, ReceiveTime to) const {
    Duration longest(0);
    for (const DayHours& day : days_) {
        Duration sum(0);
        for (size_t i = 0; i < day.session_count; ++i) {
            const ReceiveTime begin = std::max(from, day.midnight + day.sessions[i].open);
            const ReceiveTime end = std::min(to, day.midnight + day.sessions[i].close);
            if (begin < end) sum += end - begin;
        }
        longest = std::max(longest, sum);
    }
    return longest;
}

}  // namespace tide
