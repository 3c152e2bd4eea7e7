#include "ops/backup_schedule.hpp"

#include "ledger/ledger_backup.hpp"

namespace tide {

BackupSchedule::BackupSchedule(Options options) : options_(std::move(options)) {
    if (options_.every_minutes > 0) thread_ = std::thread([this] { work(); });
}

void BackupSchedule::work() {
    std::unique_lock lock(mutex_);
    const auto interval = std::chrono::minutes(options_.every_minutes);
    while (!stop_asked_.wait_for(lock, interval, [&] { return stopping_; })) {
        lock.unlock();
        const auto done = back_up_and_rotate(options_.ledger, options_.anchors, options_.folder, kHourlyBackup,
                                             options_.stamp(), options_.keep);
        lock.lock();
        if (!done) errors_.push_back(done.error().message);
    }
}

std::vector<std::string> BackupSchedule::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    stop_asked_.notify_all();
    if (thread_.joinable()) thread_.join();
    return errors_;
}

Result<void> back_up_and_rotate(const std::string& ledger, const std::string& anchors, const std::string& folder,
                                const std::string& prefix, const std::string& stamp, size_t keep) {
    const auto made = make_ledger_backup(ledger, anchors, folder, prefix + stamp);
    if (!made) return made.error();
    return rotate_ledger_backups(folder, prefix, keep);
}

}  // namespace tide
