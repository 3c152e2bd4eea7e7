#include "ledger/store_settings.hpp"

namespace tide {

void StoreSettings::register_in(SettingsRegistry& registry) {
    registry.add("store.anchor_rows", anchor_rows, 1, 10'000'000, "audit rows",
                 "the head of the audit chain is written to audit_anchors.log at the latest after so many rows");
    registry.add("store.anchor_minutes", anchor_minutes, 1, 1'440, "minutes", "and at the latest after this time");
    registry.add("store.backup_minutes", backup_minutes, 0, 1'440, "minutes",
                 "the store is backed up this often during a paper session; 0: only at its end");
    registry.add("store.hourly_kept", hourly_kept, 1, 1'000, "files", "backups made during sessions that are kept");
    registry.add("store.daily_kept", daily_kept, 1, 1'000, "files", "backups made at the end of days that are kept");
    registry.add("store.audit_years", audit_years, 1, 100, "years",
                 "'audit retire' removes no session that ended later than this long ago");
}

}  // namespace tide
