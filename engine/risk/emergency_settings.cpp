#include "risk/emergency_settings.hpp"

namespace tide {

void EmergencySettings::register_in(SettingsRegistry& registry) {
    registry.add("broker.error_rate_pct", error_rate_pct, 1, 100, "% of the broker's answers",
                 "more of them being errors trips the kill switch (100: never)");
    registry.add("broker.error_rate_min", error_rate_min, 1, 60, "minutes", "window of that rate");
    registry.add("broker.error_rate_answers", error_rate_answers, 2, 1'000, "answers",
                 "fewer in the window are no rate");
    registry.add("broker.error_rate_span_s", error_rate_span_s, 0, 3'600, "s",
                 "errors nearer together than this are one fault, not a rate");
    registry.add("broker.session_exit_min", broker_exit_min, 1, 240, "minutes",
                 "all positions are closed this long before the broker's session ends");
    registry.add("wrong_order.kill_pct", wrong_order_kill_pct, 0, 100, "% of equity",
                 "assessed loss of a wrong order from which the kill switch acts (0: always)");
    registry.add(
        "wrong_order.exit_pct", wrong_order_exit_pct, 0, 100, "% of equity",
        "below the kill switch: assessed loss from which its position is closed at once, and not only watched");
    registry.add("wrong_order.price_pct", wrong_order_price_pct, 1, 100, "%",
                 "an entry that leaves with a limit this much worse than the last price is a wrong order");
    registry.add("wrong_order.repeats", wrong_order_repeats, 2, 100, "orders",
                 "so many identical entries in a short time are a wrong order");
    registry.add("wrong_order.repeat_s", wrong_order_repeat_s, 0, 3'600, "s", "that short time");
    register_outages(registry);
    register_market_halts(registry);
}

void EmergencySettings::register_outages(SettingsRegistry& registry) {
    registry.add("outages.medium_min", medium_outage_min, 0.1, 1'440, "minutes",
                 "a shorter outage of the feed or the broker's line is only recorded");
    registry.add("outages.long_min", long_outage_min, 0.1, 1'440, "minutes",
                 "after a longer one all positions are closed and the day is over");
    registry.add("outages.quiet_min", quiet_after_outage_min, 0, 1'440, "minutes", "no entries after a medium one");
    registry.add("outages.adverse_pct", outage_adverse_pct, 0.01, 100, "%",
                 "move of the underlying against a position in a medium one, from which it is closed");
    registry.add("outages.vix_rise", outage_vix_rise, 0.1, 100, "points",
                 "rise of the VIX in a medium one, from which all positions are closed");
    registry.add("outages.recorded_holes", recorded_holes,
                 "holes in recorded data are outages too; off: they are only recorded");
}

void EmergencySettings::register_market_halts(SettingsRegistry& registry) {
    registry.add("market_halt.indices", halt_indices, {},
                 "indices, joined by commas, whose move from the previous close halts the whole market");
    registry.add("market_halt.level_1_pct", halt_1_pct, 1, 100, "%", "first limit of that move");
    registry.add("market_halt.level_2_pct", halt_2_pct, 1, 100, "%", "second limit");
    registry.add("market_halt.level_3_pct", halt_3_pct, 1, 100, "%", "third limit: the day is over");
    registry.add("market_halt.early_until", halt_early_until, "halts are longest before this time");
    registry.add("market_halt.middle_until", halt_middle_until, "from here on the second limit ends the day");
    registry.add("market_halt.late_until", halt_late_until, "from here on the first limit halts nothing");
    registry.add("market_halt.level_1_early_min", halt_1_early_min, 0, 1'440, "minutes",
                 "halt at the first limit, early");
    registry.add("market_halt.level_1_late_min", halt_1_late_min, 0, 1'440, "minutes",
                 "halt at the first limit, later");
    registry.add("market_halt.level_2_early_min", halt_2_early_min, 0, 1'440, "minutes",
                 "halt at the second limit, early");
    registry.add("market_halt.level_2_middle_min", halt_2_middle_min, 0, 1'440, "minutes",
                 "halt at the second limit, in the middle");
    registry.add("market_halt.pre_open_min", halt_pre_open_min, 0, 1'440, "minutes", "pre-open session after a halt");
}

bool EmergencySettings::is_halt_index(std::string_view symbol) const {
    std::string_view rest = halt_indices;
    while (!rest.empty()) {
        const auto comma = rest.find(',');
        std::string_view name = rest.substr(0, comma);
        while (name.starts_with(' ')) name.remove_prefix(1);
        while (name.ends_with(' ')) name.remove_suffix(1);
        if (!symbol.empty() && name == symbol) return true;
        rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
    return false;
}

}  // namespace tide
