#pragma once
#include <array>

#include "core/instrument.hpp"
#include "core/settings.hpp"

namespace tide {

// When market data counts as doubtful: section [data]. Values by instrument kind are indexed by InstrumentKind.
struct DataQualitySettings {
    // Silence, in seconds; or, where a feed is slower by nature, a multiple of its own cadence.
    std::array<double, kInstrumentKindCount> stale_s{15, 60, 30, 60, 60};
    double stale_feed_s = 15;
    double stale_cadence_factor = 3;
    // A stamp that stands while ticks come; without stamps, a whole tick that repeats (indices and futures alone: a
    // quiet option may well say the same for minutes; NIFTY's price never stood longer than 4 s on 31 recorded days).
    double frozen_s = 120;
    int64_t frozen_repeats = 3;
    double skew_max_s = 10;
    int64_t skew_window = 31;
    double missing_alert_pct = 1;
    double missing_refuse_pct = 10;
    double gap_window_min = 15;
    int64_t gap_count = 3;
    // Price spikes: a band of so many deviations around the median of the last prices, never narrower than the floor.
    int64_t spike_window = 31;
    int64_t spike_samples_min = 20;
    double spike_deviations = 8;
    std::array<double, kInstrumentKindCount> spike_floor_pct{0.5, 2, 0.75, 30, 10};
    int64_t spike_floor_ticks = 20;
    double spike_bar_factor = 2;
    double spike_confirm_s = 5;
    double replay_hole_min = 5;  // of recorded data, inside a session
    // Opening gap.
    double opening_gap_pct = 2;
    double gap_mode_min = 3;

    void register_in(SettingsRegistry& registry);
    double stale_of(InstrumentKind kind) const { return stale_s[static_cast<size_t>(kind)]; }
    double spike_floor_of(InstrumentKind kind) const { return spike_floor_pct[static_cast<size_t>(kind)]; }
};

}  // namespace tide
