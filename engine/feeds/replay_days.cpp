#include "feeds/replay_days.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace tide {
namespace {

using std::chrono::days;
constexpr size_t kNamedInNotes = 10;

// What the data has on a date.
struct Presence {
    int64_t rows = 0;
    Duration first = hours(24);  // start of the earliest bar or tick, since midnight
    Duration last{0};            // end of the latest
};
using PresenceByDate = std::map<Date, Presence>;

void add(PresenceByDate& present, const ReplayInput& input, ExchangeTime start, Duration length) {
    const Date date = ist_date(start);
    if ((input.from && date < *input.from) || (input.to && date > *input.to)) return;
    Presence& on = present[date];
    const Duration time = ist_since_midnight(start);
    ++on.rows;
    on.first = std::min(on.first, time);
    on.last = std::max(on.last, time + length);
}

PresenceByDate dates_of(const ReplayInput& input) {
    PresenceByDate present;
    for (const ReplaySeries& series : input.traded) {
        for (const Bar& bar : series.bars) add(present, input, bar.start, minutes(1));
    }
    for (const ReplayTickSeries& series : input.ticks) {
        for (const ReplayTick& tick : series.ticks) add(present, input, tick.time, Duration(0));
    }
    return present;
}

ReplayDay day_from_data(const ReplayInput& input, const std::string& calendar_name, Date date,
                        const Presence& present) {
    SessionHours usual = input.calendar->usual_hours(calendar_name, date);
    // A session at another time of day (a Muhurat evening) is the hours that the data spans.
    if (present.first >= usual.close || present.last <= usual.open) usual = {present.first, present.last};
    return {date, {usual}, true};
}

std::string joined(const std::vector<std::string>& names) {
    const size_t shown = std::min(names.size(), kNamedInNotes);
    std::string text =
        fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
    if (shown < names.size()) text += fmt::format(" and {} more", names.size() - shown);
    return text;
}

void note_missing(const ReplayInput& input, const std::string& calendar_name, const std::vector<ReplayDay>& found,
                  std::vector<std::string>& notes) {
    std::vector<std::string> missing;
    for (size_t i = 1; i < found.size(); ++i) {
        for (Date date = found[i - 1].date + days(1); date < found[i].date; date += days(1)) {
            if (!input.calendar->covers(calendar_name, date)) continue;
            const auto day = input.calendar->day(calendar_name, date);
            if (day && day->has_value()) missing.push_back(format_date(date));
        }
    }
    if (missing.empty() || calendar_name == "always") return;
    notes.push_back(fmt::format("{} trading day(s) without data: {}", missing.size(), joined(missing)));
}

}  // namespace

bool ReplayDay::holds(ExchangeTime start, Duration length) const {
    const Duration time = start - ist_moment<ExchangeTime>(date, Duration(0));
    return std::any_of(sessions.begin(), sessions.end(), [&](const SessionHours& session) {
        return time >= session.open && time + length <= session.close;
    });
}

std::vector<ReplayDay> replay_days(const ReplayInput& input, const std::string& calendar_name,
                                   std::vector<std::string>& notes) {
    std::vector<ReplayDay> found;
    std::vector<std::string> closed;
    size_t from_data = 0;
    for (const auto& [date, present] : dates_of(input)) {
        if (!input.calendar->covers(calendar_name, date)) {
            found.push_back(day_from_data(input, calendar_name, date, present));
            ++from_data;
            continue;
        }
        const auto day = input.calendar->day(calendar_name, date);
        if (day && day->has_value()) {
            found.push_back({date, (*day)->sessions, false});
        } else {
            closed.push_back(fmt::format("{} ({}, {} rows)", format_date(date),
                                         input.calendar->note(calendar_name, date), present.rows));
        }
    }
    if (!closed.empty()) {
        notes.push_back(fmt::format("data on {} closed day(s), not traded: {}", closed.size(), joined(closed)));
    }
    if (from_data > 0) {
        notes.push_back(
            fmt::format("{} trading day(s) and their hours taken from the data: the {} calendar has no table "
                        "for their year",
                        from_data, calendar_name));
    }
    note_missing(input, calendar_name, found, notes);
    return found;
}

ExchangeTime known_at(const Bar& bar) {
    if (const auto length = length_of(bar.timeframe)) return bar.start + *length;
    return ist_moment<ExchangeTime>(ist_date(bar.start) + days(bar.timeframe == Timeframe::w1 ? 7 : 1), Duration(0));
}

}  // namespace tide
