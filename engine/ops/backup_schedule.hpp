#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/result.hpp"

namespace tide {

// Backs the store up again and again while a session runs, on a thread of its own that reads the database like any
// other reader. What went wrong is kept for the end of the session: a backup that fails stops no trading.
class BackupSchedule {
  public:
    struct Options {
        std::string ledger, anchors, folder;
        int64_t every_minutes = 60;
        size_t keep = 24;
        std::function<std::string()> stamp;  // "20261118-101500": names the backups in the order of time
    };
    explicit BackupSchedule(Options options);
    ~BackupSchedule() { stop(); }
    BackupSchedule(const BackupSchedule&) = delete;
    BackupSchedule& operator=(const BackupSchedule&) = delete;

    // Waits for a backup that is being made; gives the errors so far, one line each.
    std::vector<std::string> stop();

  private:
    void work();
    Options options_;
    std::mutex mutex_;
    std::condition_variable stop_asked_;
    bool stopping_ = false;
    std::vector<std::string> errors_;
    std::thread thread_;
};

// Backups of sessions are "ledger-hourly-STAMP", of days "ledger-daily-DATE", by hand "ledger-STAMP".
inline constexpr const char* kHourlyBackup = "ledger-hourly-";
inline constexpr const char* kDailyBackup = "ledger-daily-";

// Makes a backup with this prefix and removes the oldest beyond `keep`.
Result<void> back_up_and_rotate(const std::string& ledger, const std::string& anchors, const std::string& folder,
                                const std::string& prefix, const std::string& stamp, size_t keep);

}  // namespace tide
