#pragma once
#include "core/settings.hpp"

namespace tide {

// How the broker's books are compared with ours.
struct ReconcileSettings {
    int64_t readings = 3;                           // that show a difference, before it counts
    double interval_s = 1;                          // between them
    Money funds_tolerance = Money::from_rupees(1);  // of what was sold less what was bought
    // Of a broker's statement (engine statement import):
    double statement_time_s = 60;                     // between its time of a trade and ours
    Money charges_tolerance = Money::from_rupees(5);  // of a day's charges

    void register_in(SettingsRegistry& registry) {
        registry.add("reconcile.readings", readings, 1, 20, "readings",
                     "a difference from the broker's books counts when so many readings in a row show it");
        registry.add("reconcile.interval_s", interval_s, 0.1, 60, "s", "between two such readings");
        registry.add("reconcile.funds_tolerance", funds_tolerance, 0, 1'000'000,
                     "what was sold less what was bought may differ from the broker's by this");
        registry.add("reconcile.statement_time_s", statement_time_s, 0, 86'400, "s",
                     "a trade of a broker's statement and ours may be so far apart in time");
        registry.add("reconcile.charges_tolerance", charges_tolerance, 0, 1'000'000,
                     "the charges of a statement's trades may differ from ours by this");
    }
};

}  // namespace tide
