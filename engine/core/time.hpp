#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"

// Two kinds of time that cannot be mixed: when the exchange says something happened, and when we received it. Both are
// nanoseconds since 1970-01-01 UTC. Inside the Session, "now" is the receive time of the current event and nothing
// else.
namespace tide {

using Duration = std::chrono::nanoseconds;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

struct ReceiveClock {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<ReceiveClock, duration>;
};
struct ExchangeClock {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<ExchangeClock, duration>;
};
using ReceiveTime = ReceiveClock::time_point;
using ExchangeTime = ExchangeClock::time_point;

// A calendar date in Indian Standard Time.
using Date = std::chrono::local_days;
// Time since midnight, Indian Standard Time.
using TimeOfDay = std::chrono::seconds;

// India has kept UTC+05:30 without daylight saving since 1945-10-15 (tz database, Asia/Kolkata; a test holds us to it).
inline constexpr Duration kIstOffset = hours(5) + minutes(30);

template <class Time>
constexpr Date ist_date(Time t) {
    return std::chrono::floor<std::chrono::days>(std::chrono::local_time<Duration>(t.time_since_epoch() + kIstOffset));
}
template <class Time>
constexpr Duration ist_since_midnight(Time t) {
    const auto local = t.time_since_epoch() + kIstOffset;
    return local - std::chrono::floor<std::chrono::days>(local);
}
// The moment `since_midnight` after the start of `date` in India.
template <class Time>
constexpr Time ist_moment(Date date, Duration since_midnight) {
    return Time(Duration(date.time_since_epoch()) + since_midnight - kIstOffset);
}
constexpr ReceiveTime at(Date date, Duration since_midnight) { return ist_moment<ReceiveTime>(date, since_midnight); }

constexpr ExchangeTime as_exchange_time(ReceiveTime t) { return ExchangeTime(t.time_since_epoch()); }
constexpr ReceiveTime as_receive_time(ExchangeTime t) { return ReceiveTime(t.time_since_epoch()); }

constexpr Date make_date(int year, unsigned month, unsigned day) {
    return std::chrono::local_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day));
}
constexpr std::chrono::year_month_day civil(Date date) { return std::chrono::year_month_day(date); }
constexpr std::chrono::weekday weekday_of(Date date) { return std::chrono::weekday(date); }

// "2026-11-20"
std::string format_date(Date date);
// "2026-11-20T09:15:00+05:30"; with fractional seconds only where there are any.
std::string format_iso(ReceiveTime t);
std::string format_iso(ExchangeTime t);
// "09:15:00"
std::string format_time_of_day(Duration since_midnight);

// "YYYY-MM-DD"; nothing else.
std::optional<Date> parse_date(std::string_view text);
// "HH:MM" or "HH:MM:SS".
std::optional<TimeOfDay> parse_time_of_day(std::string_view text);
// "YYYY-MM-DDTHH:MM:SS[.fraction][Z|+HH:MM|-HH:MM]", also with a space for the T; without an offset the text is in IST.
std::optional<ExchangeTime> parse_timestamp(std::string_view text);

}  // namespace tide
