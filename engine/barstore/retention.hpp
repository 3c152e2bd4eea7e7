#pragma once
#include <cstdint>

#include "core/bar.hpp"
#include "core/settings.hpp"
#include "core/time.hpp"

namespace tide {

// How long market data is kept: section 2.3 of the product's requirements (raw ticks two days, bars inside the day
// three months, daily bars a year). Only `engine data cleanup` removes anything.
struct RetentionSettings {
    int64_t raw_ticks_days = 2;
    int64_t minute_bars_months = 3;  // below an hour
    int64_t hour_bars_months = 3;
    int64_t daily_bars_years = 1;  // and weekly

    void register_in(SettingsRegistry& registry);
    // The first date of such bars that is kept on `today`.
    Date first_kept(Timeframe timeframe, Date today) const;
    // The first day of journals that is kept on `today`: that of two days ago, when two days are kept.
    Date first_kept_journal(Date today) const;
};

}  // namespace tide
