#pragma once
#include "core/settings.hpp"

namespace tide {

// How orders are built and driven. trading-rules "Order safety"; every number is a setting.
struct OrderSettings {
    int64_t max_lots = 100;                         // an order
    Money max_value = Money::from_rupees(500'000);  // an order
    int64_t review_lots = 50;                       // above: waits in the review queue (entries)
    double review_wait_s = 2;
    double limit_from_last_pct = 5;   // a limit price may be this far from the last price
    double unusual_size_factor = 10;  // times the usual size is refused
    double duplicate_window_s = 60;
    double protection_band_pct = 0.5;  // beyond the touch, for an aggressive order
    double reprice_step_pct = 0.5;     // added to the band at each re-pricing
    double reprice_after_s = 5;
    int64_t max_reprices = 5;             // of an entry; an exit goes on at the widest band
    double unfilled_after_s = 60;         // an entry is cancelled
    double group_timeout_s = 30;          // a group of legs must be whole by then
    double cancel_on_vix_jump = 5;        // points since the order was made
    double cancel_on_underlying_pct = 1;  // since the order was made
    double answer_timeout_s = 5;          // then the outcome is unknown
    int64_t max_cancel_attempts = 3;      // after 1, 2, 4 s
    int64_t book_reads = 5;               // of an unknown order, after 0, 1, 3, 7, 15 s
    int64_t messages_per_second = 8;      // new, change and cancel together
    int64_t max_in_flight = 10;           // messages without an answer yet
    int64_t max_queue = 100;              // orders waiting to leave
    int64_t max_parents = 50;             // entries that the engine holds for one strategy
    double trail_step_pct = 0.05;         // a trailing trigger or stop moves by no less
    bool kill_bypasses_throttle = true;

    void register_in(SettingsRegistry& registry);
};

}  // namespace tide
