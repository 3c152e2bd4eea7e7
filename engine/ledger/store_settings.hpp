#pragma once
#include "core/settings.hpp"

namespace tide {

// How the trade and audit store is kept: anchors of its chain, backups, retention.
struct StoreSettings {
    int64_t anchor_rows = 10'000;
    int64_t anchor_minutes = 5;
    int64_t backup_minutes = 60;
    int64_t hourly_kept = 24;
    int64_t daily_kept = 7;
    int64_t audit_years = 5;

    void register_in(SettingsRegistry& registry);
};

}  // namespace tide
