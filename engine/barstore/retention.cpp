#include "barstore/retention.hpp"

namespace tide {
namespace {

// The same day of an earlier month, or its last day where there is no such day.
Date months_before(Date date, int64_t months) {
    auto day = civil(date) - std::chrono::months(months);
    if (!day.ok()) day = day.year() / day.month() / std::chrono::last;
    return Date(day);
}

}  // namespace

void RetentionSettings::register_in(SettingsRegistry& registry) {
    registry.add("data.retention_raw_ticks_days", raw_ticks_days, 1, 36'500, "days",
                 "journals older than this may go in a clean-up, when the store has all of their session");
    registry.add("data.retention_1m_bars_months", minute_bars_months, 1, 1'200, "months",
                 "stored bars of less than an hour older than this go in a clean-up");
    registry.add("data.retention_1h_bars_months", hour_bars_months, 1, 1'200, "months",
                 "stored hourly bars older than this go in a clean-up");
    registry.add("data.retention_daily_bars_years", daily_bars_years, 1, 100, "years",
                 "stored daily and weekly bars older than this go in a clean-up");
}

Date RetentionSettings::first_kept(Timeframe timeframe, Date today) const {
    if (!length_of(timeframe)) return months_before(today, 12 * daily_bars_years);
    return months_before(today, timeframe == Timeframe::h1 ? hour_bars_months : minute_bars_months);
}

Date RetentionSettings::first_kept_journal(Date today) const { return today - std::chrono::days(raw_ticks_days); }

}  // namespace tide
