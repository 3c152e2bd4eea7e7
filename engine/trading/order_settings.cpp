#include "trading/order_settings.hpp"

namespace tide {

void OrderSettings::register_in(SettingsRegistry& registry) {
    registry.add("orders.max_lots", max_lots, 1, 10'000, "lots", "most lots of one order");
    registry.add("orders.max_value", max_value, 1, 1'000'000'000, "most value (price x quantity) of one order");
    registry.add("orders.review_lots", review_lots, 0, 10'000, "lots", "an entry above this waits in the review queue");
    registry.add("orders.review_wait_s", review_wait_s, 0, 600, "s", "how long the review queue holds an entry");
    registry.add("orders.limit_from_last_pct", limit_from_last_pct, 0.1, 100, "%",
                 "how far a limit price may be from the last price");
    registry.add("orders.unusual_size_factor", unusual_size_factor, 1, 1000, "times",
                 "an entry larger than this many times the strategy's usual size is refused");
    registry.add("orders.duplicate_window_s", duplicate_window_s, 0, 86'400, "s",
                 "the same entry is refused again within this time");
    registry.add("orders.protection_band_pct", protection_band_pct, 0, 20, "%",
                 "how far beyond the touch the limit of an aggressive order is");
    registry.add("orders.reprice_step_pct", reprice_step_pct, 0, 20, "%", "added to the band at each re-pricing");
    registry.add("orders.reprice_after_s", reprice_after_s, 0.1, 600, "s",
                 "an aggressive order that is not filled is priced anew after this");
    registry.add("orders.max_reprices", max_reprices, 0, 100, "times",
                 "re-pricings of an entry; an exit goes on at the widest band");
    registry.add("orders.unfilled_after_s", unfilled_after_s, 1, 86'400, "s",
                 "an entry that is not filled is cancelled after this");
    registry.add("orders.group_timeout_s", group_timeout_s, 1, 3'600, "s",
                 "a group whose legs are not all filled after this is unwound");
    registry.add("orders.cancel_on_vix_jump", cancel_on_vix_jump, 0.1, 100, "points",
                 "entries are cancelled when the VIX has risen this much since they were made");
    registry.add("orders.cancel_on_underlying_pct", cancel_on_underlying_pct, 0.01, 100, "%",
                 "entries are cancelled when the underlying has moved this much since they were made");
    registry.add("orders.answer_timeout_s", answer_timeout_s, 0.1, 600, "s",
                 "without the broker's answer after this the outcome is unknown");
    registry.add("orders.max_cancel_attempts", max_cancel_attempts, 1, 10, "times",
                 "a cancel is sent again after 1, 2, 4 … s, at most this many times in all");
    registry.add(
        "orders.book_reads", book_reads, 1, 8, "times",
        "an order of unknown outcome is looked for in the broker's books after 0, 1, 3, 7, 15 … s; then entries "
        "halt");
    registry.add("orders.messages_per_second", messages_per_second, 1, 100, "messages",
                 "new, change and cancel messages together; the regulator's threshold is 10");
    registry.add("orders.max_in_flight", max_in_flight, 1, 1000, "messages", "messages without an answer yet");
    registry.add("orders.max_queue", max_queue, 1, 10'000, "orders", "orders waiting to leave");
    registry.add("orders.max_parents", max_parents, 1, 1000, "entries",
                 "entries of one strategy that the engine may hold at a time");
    registry.add("orders.trail_step_pct", trail_step_pct, 0.001, 10, "%",
                 "a trailing trigger or stop moves by no less than this, of the price");
    registry.add("orders.kill_bypasses_throttle", kill_bypasses_throttle,
                 "the kill switch hands every cancel over at once (a broker's own limiter still holds)");
}

}  // namespace tide
