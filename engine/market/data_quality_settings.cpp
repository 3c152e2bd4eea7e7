#include "market/data_quality_settings.hpp"

namespace tide {

void DataQualitySettings::register_in(SettingsRegistry& registry) {
    static constexpr std::array kKinds{"index", "equity", "future", "option", "vix"};
    for (size_t i = 0; i < kKinds.size(); ++i) {
        registry.add(std::string("data.stale_") + kKinds[i] + "_s", stale_s[i], 1, 3'600, "s",
                     "silence that is called stale (or the cadence rule, whichever is longer)");
        registry.add(std::string("data.spike_") + kKinds[i] + "_pct", spike_floor_pct[i], 0.01, 100, "%",
                     "a price this near to the last one is never suspect");
    }
    registry.add("data.stale_feed_s", stale_feed_s, 1, 3'600, "s", "silence of the whole feed that is called stale");
    registry.add("data.stale_cadence_factor", stale_cadence_factor, 1.5, 20, "x",
                 "silence of so many usual intervals is called stale");
    registry.add("data.frozen_s", frozen_s, 5, 3'600, "s",
                 "ticks come, but their exchange stamp (or the whole tick) stands this long: frozen");
    registry.add("data.frozen_repeats", frozen_repeats, 2, 1'000, "ticks", "and so many of them at least");
    registry.add("data.skew_max_s", skew_max_s, 1, 3'600, "s",
                 "the exchange's stamps run this far behind or ahead of receipt: skewed");
    registry.add("data.skew_window", skew_window, 5, 301, "samples", "a sample a second at most; the median counts");
    registry.add("data.missing_alert_pct", missing_alert_pct, 0.1, 100, "%",
                 "expected ticks that did not come in five minutes: told");
    registry.add("data.missing_refuse_pct", missing_refuse_pct, 0.1, 100, "%", "so many refuse entries");
    registry.add("data.gap_window_min", gap_window_min, 1, 240, "minutes", "window in which silences are counted");
    registry.add("data.gap_count", gap_count, 1, 100, "silences", "so many in the window are told");
    registry.add("data.spike_window", spike_window, 5, 301, "prices",
                 "the last prices whose median and deviation make the band");
    registry.add("data.spike_samples_min", spike_samples_min, 3, 301, "prices", "before that no price is suspect");
    registry.add("data.spike_deviations", spike_deviations, 3, 50, "deviations",
                 "half the band around the median (deviation: 1.4826 x median absolute deviation)");
    registry.add("data.spike_floor_ticks", spike_floor_ticks, 1, 1'000, "ticks", "the band is never narrower");
    registry.add("data.spike_bar_factor", spike_bar_factor, 1, 10, "x", "the floor of a bar's close, times a tick's");
    registry.add("data.spike_confirm_s", spike_confirm_s, 0.5, 60, "s",
                 "a suspect price that nothing contradicts for this long counts");
    registry.add("data.replay_hole_min", replay_hole_min, 0, 240, "minutes",
                 "recorded data without any instrument's for this long: the feed is down (0: never)");
    registry.add("data.opening_gap_pct", opening_gap_pct, 0.1, 20, "%",
                 "an opening this far from the previous close begins gap mode");
    registry.add("data.gap_mode_min", gap_mode_min, 0, 60, "minutes", "after the open, without entries");
}

}  // namespace tide
