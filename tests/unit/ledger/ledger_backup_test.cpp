#include "ledger/ledger_backup.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>

#include "ledger/audit_anchors.hpp"
#include "ledger/ledger.hpp"
#include "ledger/ledger_reader.hpp"
#include "ledger_samples.hpp"

namespace tide {
namespace {

using namespace ledger_samples;
namespace fs = std::filesystem;

class LedgerBackups : public testing::Test {
  protected:
    std::string ledger() const { return folder_.file("ledger.db"); }
    std::string anchors() const { return folder_.file("audit_anchors.log"); }
    std::string backups() const { return folder_.file("backups"); }

    std::unique_ptr<Ledger> open(const std::string& session) const {
        LedgerOptions options;
        options.session_id = session;
        options.mode = "paper";
        options.own_thread = false;
        options.anchors_path = anchors();
        return std::move(*Ledger::open(ledger(), options));
    }
    void write(const std::string& session) const {
        Chain chain;
        auto ledger = open(session);
        for (const Record& record : small_session(chain)) ledger->record(record);
        ASSERT_TRUE(ledger->flush());
    }
    Result<LedgerBackup> back_up(const std::string& name) const {
        return make_ledger_backup(ledger(), anchors(), backups(), name);
    }
    size_t sessions() const { return LedgerReader::open(ledger())->sessions()->size(); }
    bool holds() const { return LedgerReader::open(ledger())->verify_audit("all", *read_anchors(anchors()))->holds(); }
    size_t files_in_backups() const {
        return static_cast<size_t>(std::distance(fs::directory_iterator(backups()), fs::directory_iterator()));
    }
    TemporaryFolder folder_;
};

TEST_F(LedgerBackups, a_backup_is_made_while_a_session_writes_and_restored_with_what_is_to_be_recovered_named) {
    write("a");
    auto running = open("b");
    Chain chain;
    const auto records = small_session(chain);
    for (size_t i = 0; i < 12; ++i) running->record(records[i]);
    ASSERT_TRUE(running->flush());
    const auto made = back_up("ledger-1");
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->sessions, 2U);
    EXPECT_EQ(made->audit_rows, 31U);
    for (size_t i = 12; i < records.size(); ++i) running->record(records[i]);
    ASSERT_TRUE(running->flush());
    EXPECT_TRUE(verify_ledger_backup(made->database)) << verify_ledger_backup(made->database).error().message;

    // Not under a running session.
    const auto refused = restore_ledger(made->database, ledger(), anchors(), "ledger.db.before");
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().retryable) << refused.error().message;
    EXPECT_TRUE(holds());
    running.reset();

    write("c");
    const auto restored = restore_ledger(made->database, ledger(), anchors(), "ledger.db.before");
    ASSERT_TRUE(restored) << restored.error().message;
    EXPECT_EQ(sessions(), 2U);
    EXPECT_EQ(restored->to_recover, (std::vector<std::string>{"b", "c"}));
    EXPECT_FALSE(holds());  // until they are recovered
    EXPECT_EQ(LedgerReader::open(restored->set_aside)->sessions()->size(), 3U);
    // What 'engine recover' does: the same records again.
    auto again = open("b");
    for (const Record& record : records) again->record(record);
    ASSERT_TRUE(again->flush());
    again.reset();
    write("c");
    EXPECT_TRUE(holds());
    EXPECT_FALSE(fs::exists(ledger() + ".restoring"));
}

TEST_F(LedgerBackups, the_store_can_be_lost_and_come_back) {
    write("a");
    const auto made = back_up("ledger-daily-20240125");
    ASSERT_TRUE(made);
    fs::remove(ledger());
    const auto restored = restore_ledger(made->database, ledger(), anchors(), "aside");
    ASSERT_TRUE(restored) << restored.error().message;
    EXPECT_TRUE(restored->set_aside.empty());
    EXPECT_TRUE(restored->to_recover.empty());
    EXPECT_TRUE(holds());

    std::ofstream(ledger(), std::ios::trunc) << "not a database at all, and long enough to be read as a header ......";
    const auto over_damage = restore_ledger(made->database, ledger(), anchors(), "damaged");
    ASSERT_TRUE(over_damage) << over_damage.error().message;
    EXPECT_TRUE(holds());
    EXPECT_TRUE(fs::exists(folder_.file("damaged")));
}

TEST_F(LedgerBackups, a_backup_that_was_changed_or_is_not_whole_is_not_restored) {
    write("a");
    const auto made = back_up("ledger-1");
    ASSERT_TRUE(made);
    {
        std::fstream file(made->database, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(-1, std::ios::end);
        file.put('x');
    }
    const auto changed = restore_ledger(made->database, ledger(), anchors(), "aside");
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().code, ErrorCode::corrupt);
    EXPECT_NE(changed.error().message.find("checksum"), std::string::npos);
    ASSERT_TRUE(back_up("ledger-1"));
    fs::remove(folder_.file("backups/ledger-1.sha256"));
    EXPECT_EQ(verify_ledger_backup(made->database).error().code, ErrorCode::not_found);
    EXPECT_EQ(verify_ledger_backup(folder_.file("backups/none.db")).error().code, ErrorCode::not_found);
    EXPECT_TRUE(holds());
    EXPECT_FALSE(fs::exists(folder_.file("aside")));
}

// A store that does not hold is not backed up over a good backup, and nothing half-made is left.
TEST_F(LedgerBackups, a_store_that_does_not_hold_is_refused_and_older_backups_stay) {
    write("a");
    ASSERT_TRUE(back_up("ledger-1"));
    const size_t files = files_in_backups();
    EXPECT_EQ(files, 3U);
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(ledger().c_str(), &handle), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(handle, "UPDATE trades SET net = 1", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(handle);
    const auto refused = back_up("ledger-1");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::mismatch);
    EXPECT_EQ(files_in_backups(), files);
    EXPECT_TRUE(verify_ledger_backup(folder_.file("backups/ledger-1.db")));
    EXPECT_EQ(make_ledger_backup(folder_.file("none.db"), anchors(), backups(), "x").error().code,
              ErrorCode::not_found);
}

TEST_F(LedgerBackups, the_newest_are_kept) {
    write("a");
    for (const char* day : {"20240103", "20240101", "20240104", "20240102"})
        ASSERT_TRUE(back_up(std::string("ledger-daily-") + day));
    ASSERT_TRUE(back_up("ledger-hourly-1"));
    ASSERT_TRUE(rotate_ledger_backups(backups(), "ledger-daily-", 2));
    EXPECT_EQ(list_ledger_backups(backups(), "ledger-"),
              (std::vector<std::string>{"ledger-daily-20240103", "ledger-daily-20240104", "ledger-hourly-1"}));
    EXPECT_EQ(files_in_backups(), 9U);
}

TEST_F(LedgerBackups, old_sessions_are_retired_and_the_anchors_say_so) {
    write("a");
    write("b");
    EXPECT_TRUE(sessions_before(ledger(), moment(0))->empty());
    auto old = sessions_before(ledger(), moment(8000));
    ASSERT_TRUE(old);
    ASSERT_EQ(old->size(), 2U);
    EXPECT_EQ((*old)[0].rows, 19U);
    old->resize(1);
    ASSERT_TRUE(retire_sessions(ledger(), anchors(), *old, moment(9000), "older than 5 years"));
    EXPECT_EQ(sessions(), 1U);
    EXPECT_TRUE(holds());
    EXPECT_EQ(read_anchors(anchors())->back().kind, "retired");
    EXPECT_EQ(read_anchors(anchors())->back().note, "older than 5 years");
    EXPECT_TRUE(LedgerReader::open(ledger())->trades({})->size() == 1);
}

}  // namespace
}  // namespace tide
