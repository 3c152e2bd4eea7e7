#pragma once
#include "core/settings.hpp"

namespace tide {

// How scripts are kept going and changed while a session runs.
struct ScriptSettings {
    double save_interval_s = 60;      // on_save is asked so often, in session time; 0: only at a reload and at the end
    bool keep_state = true;           // the next session of a strategy gets what this one saved last
    bool reload_in_market = false;    // a new version is taken up at once in market hours too; never live
    int64_t stops_to_quarantine = 3;  // so often its process ends in a session, then it is quarantined
    bool watch = true;                // changed files are noticed without `engine reload`

    void register_in(SettingsRegistry& registry) {
        registry.add(
            "scripts.save_interval_s", save_interval_s, 0, 86'400, "s",
            "a script's on_save is asked for its state so often; 0: only at a reload and at the session's end");
        registry.add("scripts.keep_state", keep_state,
                     "on paper and live: a strategy's next session begins with what on_save gave last (on_load)");
        registry.add("scripts.reload_in_market", reload_in_market,
                     "on paper: a changed script is taken up at once in market hours too, without --now --confirm");
        registry.add(
            "scripts.stops_to_quarantine", stops_to_quarantine, 1, 100, "stops",
            "a script whose process died, or got no time from the machine, is started again, until it has happened so "
            "often in a session");
        registry.add("scripts.watch", watch,
                     "on paper and live: changed script files are noticed without 'engine reload'");
    }
};

}  // namespace tide
