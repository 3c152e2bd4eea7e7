#include "ledger/ledger.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <fstream>

#include "ledger/ledger_reader.hpp"
#include "ledger/ledger_schema.hpp"
#include "ledger_samples.hpp"

namespace tide {
namespace {

using namespace ledger_samples;

LedgerOptions options_for(const std::string& session, bool own_thread = false) {
    LedgerOptions options;
    options.session_id = session;
    options.mode = "paper";
    options.own_thread = own_thread;
    return options;
}
// Another connection, as a person with the sqlite3 tool has.
class Outsider {
  public:
    explicit Outsider(const std::string& path) { EXPECT_EQ(sqlite3_open(path.c_str(), &handle_), SQLITE_OK); }
    ~Outsider() { sqlite3_close(handle_); }
    Outsider(const Outsider&) = delete;
    Outsider& operator=(const Outsider&) = delete;
    void run(const std::string& sql) {
        char* message = nullptr;
        EXPECT_EQ(sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK) << sql << ": " << message;
        sqlite3_free(message);
    }
    std::string text(const std::string& sql) {
        sqlite3_stmt* statement = nullptr;
        EXPECT_EQ(sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr), SQLITE_OK)
            << sqlite3_errmsg(handle_);
        std::string out;
        if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0) != nullptr) {
            out = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
        }
        sqlite3_finalize(statement);
        return out;
    }

  private:
    sqlite3* handle_ = nullptr;
};

void write_session(const std::string& path, const std::string& session, const std::vector<Record>& records) {
    auto ledger = Ledger::open(path, options_for(session));
    ASSERT_TRUE(ledger.has_value()) << ledger.error().message;
    for (const Record& record : records) (*ledger)->record(record);
    const auto flushed = (*ledger)->flush();
    ASSERT_TRUE(flushed.has_value()) << flushed.error().message;
}
std::vector<Record> many_notes(Chain& chain, size_t count) {
    std::vector<Record> records;
    for (size_t i = 0; i < count; ++i) {
        const std::string text = "note number=" + std::to_string(i);
        records.push_back(chain.link(moment(static_cast<int64_t>(i)), NoteRecord{"info", "test", text}, text));
    }
    return records;
}
LedgerReader open_reader(const std::string& path) {
    auto reader = LedgerReader::open(path);
    EXPECT_TRUE(reader.has_value()) << reader.error().message;
    return std::move(*reader);
}

TEST(ledger, every_record_is_an_audit_row_and_a_row_of_its_own_table) {
    TemporaryFolder folder;
    const std::string path = folder.file("ledger.db");
    Chain chain;
    const auto records = small_session(chain);
    write_session(path, "s", records);
    Outsider outsider(path);
    EXPECT_EQ(outsider.text("SELECT count(*) FROM audit"), std::to_string(records.size()));
    for (const char* table : {"sessions", "orders", "fills", "positions", "trades", "exit_audit", "risk_checks",
                              "skips", "script_versions", "halts", "commands", "states", "notes", "equity"}) {
        EXPECT_EQ(outsider.text(std::string("SELECT count(*) FROM ") + table), "1") << table;
    }
    EXPECT_EQ(outsider.text("SELECT count(*) FROM order_events"), "2");
    EXPECT_EQ(outsider.text("SELECT state || ' ' || filled || ' ' || average FROM orders_readable"),
              "filled 100 142.3500");
    EXPECT_EQ(outsider.text("SELECT session_id || ' ' || gross || ' ' || net FROM trades_readable"),
              "s 2885.00 2759.25");
    EXPECT_EQ(outsider.text("SELECT opened || ' ' || closed FROM trades_readable"),
              "2024-01-25T10:15:00+05:30 2024-01-25T11:15:00+05:30");
    EXPECT_EQ(outsider.text("SELECT brokerage || ' ' || coalesce(ask, 'none') FROM fills_readable"), "20.00 142.3500");
    EXPECT_EQ(outsider.text("SELECT looked_at || ' ' || script FROM exit_audit"),
              "underlying=21900 adx_trend 1.0.0 4f3a");
    EXPECT_EQ(outsider.text("SELECT first || ' ' || count FROM skips_readable"), "2024-01-25T09:15:10+05:30 4");
    EXPECT_EQ(outsider.text("SELECT coalesce(bid, 'none') FROM fills"), "none");
    EXPECT_EQ(outsider.text("SELECT hash FROM audit_readable ORDER BY row DESC"), to_hex(chain.head()));
    EXPECT_EQ(outsider.text("SELECT group_concat(description, '; ') FROM schema_version"),
              "first tables; what each fill realised; groups of orders");
}

TEST(ledger, reader_gives_sessions_trades_orders_and_positions) {
    TemporaryFolder folder;
    const std::string path = folder.file("ledger.db");
    Chain chain;
    write_session(path, "s", small_session(chain));
    const LedgerReader reader = open_reader(path);
    const auto sessions = reader.sessions().value();
    ASSERT_EQ(sessions.size(), 1U);
    EXPECT_EQ(sessions[0].session_id, "s");
    EXPECT_EQ(sessions[0].mode, "paper");
    EXPECT_EQ(sessions[0].started, moment(0));
    EXPECT_EQ(sessions[0].ended, moment(7300));
    EXPECT_EQ(sessions[0].trades, 1);
    EXPECT_EQ(sessions[0].net, Money::from_paise(275'925));
    EXPECT_EQ(sessions[0].audit_head, to_hex(chain.head()));

    const auto trades = reader.trades({}).value();
    ASSERT_EQ(trades.size(), 1U);
    EXPECT_EQ(trades[0].instrument, "NIFTY 2024-01-25 21700 CE");
    EXPECT_EQ(trades[0].lot_text, "2 x 50");
    EXPECT_EQ(trades[0].entry, Price::from_units(1'423'500));
    EXPECT_EQ(trades[0].exit, Price::from_units(1'712'000));
    EXPECT_EQ(trades[0].net, Money::from_paise(275'925));
    EXPECT_EQ(trades[0].exit_rule, "target");
    EXPECT_EQ(trades[0].closed, moment(7200));

    const auto orders = reader.orders({}).value();
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_EQ(orders[0].id, 11U);
    EXPECT_EQ(orders[0].state, "filled");
    EXPECT_EQ(orders[0].average, Price::from_units(1'423'500));

    EXPECT_TRUE(reader.positions({}).value().empty());
    PositionFilter all;
    all.open_only = false;
    const auto positions = reader.positions(all).value();
    ASSERT_EQ(positions.size(), 1U);
    EXPECT_EQ(positions[0].quantity, 0);
    EXPECT_EQ(positions[0].gross, Money::from_rupees(2'885));
}

TEST(ledger, open_position_is_marked_with_its_last_price) {
    TemporaryFolder folder;
    Chain chain;
    write_session(folder.file("l.db"), "s",
                  {chain.link(moment(0), PositionRecord{sample_position(), "NIFTY", "opened", ""}, "position")});
    const auto positions = open_reader(folder.file("l.db")).positions({}).value();
    ASSERT_EQ(positions.size(), 1U);
    EXPECT_EQ(positions[0].gross, Money::from_paise(76'500));  // (150.00 - 142.35) x 100
    EXPECT_EQ(positions[0].net, Money::from_paise(76'500 - 5'025));
    EXPECT_EQ(positions[0].stop, Price::from_rupees(21'500));
    EXPECT_FALSE(positions[0].target.has_value());
}

TEST(ledger, audit_rows_are_filtered_by_kind_time_order_and_limit) {
    TemporaryFolder folder;
    Chain chain;
    const auto records = small_session(chain);
    write_session(folder.file("l.db"), "s", records);
    const LedgerReader reader = open_reader(folder.file("l.db"));
    EXPECT_EQ(reader.audit({}).value().size(), records.size());
    AuditFilter by_kind;
    by_kind.kind = "position";
    ASSERT_EQ(reader.audit(by_kind).value().size(), 2U);
    EXPECT_TRUE(reader.audit(by_kind).value()[0].text.starts_with("position what=opened "));
    AuditFilter by_time;
    by_time.from = moment(4000);
    by_time.to = moment(4200);
    const auto between = reader.audit(by_time).value();
    ASSERT_EQ(between.size(), 2U);
    EXPECT_EQ(between[0].kind, "halt");
    EXPECT_EQ(between[1].kind, "command");
    AuditFilter newest;
    newest.limit = 2;
    const auto last = reader.audit(newest).value();
    ASSERT_EQ(last.size(), 2U);
    EXPECT_EQ(last[0].kind, "equity");
    EXPECT_EQ(last[1].kind, "session");
    AuditFilter by_order;
    by_order.order = 11;
    std::string kinds;
    const auto of_order = reader.audit(by_order).value();
    for (const AuditRow& row : of_order) kinds += row.kind + " ";
    EXPECT_EQ(kinds, "intent risk order fill order ");
    AuditFilter odd;
    odd.kind = "x' OR 1=1 --";
    EXPECT_EQ(reader.audit(odd).error().code, ErrorCode::usage);
}

TEST(ledger, sessions_are_kept_apart_and_found_by_number_id_or_beginning) {
    TemporaryFolder folder;
    const std::string path = folder.file("l.db");
    Chain first, second;
    write_session(path, "2024-01-25-aa", small_session(first));
    write_session(path, "2024-01-26-bb", many_notes(second, 3));
    const LedgerReader reader = open_reader(path);
    const auto rows_of = [&](const std::string& session) {
        AuditFilter filter;
        filter.session = session;
        return reader.audit(filter);
    };
    EXPECT_EQ(rows_of("")->size(), 3U);
    EXPECT_EQ(rows_of("1")->size(), 19U);
    EXPECT_EQ(rows_of("2024-01-25-aa")->size(), 19U);
    EXPECT_EQ(rows_of("2024-01-26")->size(), 3U);
    EXPECT_EQ(rows_of("all")->size(), 22U);
    EXPECT_EQ(rows_of("2024-01").error().code, ErrorCode::usage);
    EXPECT_EQ(rows_of("2025").error().code, ErrorCode::not_found);
    const auto verdict = reader.verify_audit().value();
    ASSERT_EQ(verdict.sessions.size(), 2U);
    EXPECT_TRUE(verdict.holds());
    EXPECT_EQ(verdict.sessions[0].head, to_hex(first.head()));
    EXPECT_EQ(verdict.sessions[1].head, to_hex(second.head()));
}

TEST(ledger, verify_names_the_first_row_that_was_tampered_with) {
    struct Case {
        const char* sql;
        uint64_t bad_row;
    };
    const Case cases[] = {
        {"UPDATE audit SET text = replace(text, 'order=11', 'order=12') WHERE row = 9", 9},
        {"UPDATE audit SET kind = 'note' WHERE row = 9", 9},
        {"UPDATE audit SET time_ns = time_ns + 1 WHERE row = 4", 4},
        {"UPDATE audit SET hash = zeroblob(32) WHERE row = 7", 7},
        {"UPDATE audit SET hash = x'00' WHERE row = 6", 6},
        {"DELETE FROM audit WHERE row = 5", 5},
        {"DELETE FROM audit WHERE row = 1", 1},
        {"DELETE FROM audit WHERE row = 19", 19},
        {"UPDATE sessions SET audit_rows = 20", 20},
        {"UPDATE audit SET row = 30 WHERE row = 10", 10},
    };
    for (const Case& test : cases) {
        TemporaryFolder folder;
        Chain chain;
        write_session(folder.file("l.db"), "s", small_session(chain));
        Outsider(folder.file("l.db")).run(test.sql);
        const auto verdict = open_reader(folder.file("l.db")).verify_audit().value();
        EXPECT_FALSE(verdict.holds()) << test.sql;
        EXPECT_EQ(verdict.sessions[0].bad_row, test.bad_row) << test.sql;
        EXPECT_FALSE(verdict.sessions[0].problem.empty());
    }
}

TEST(ledger, rows_are_committed_in_groups_and_by_flush) {
    TemporaryFolder folder;
    const std::string path = folder.file("l.db");
    LedgerOptions options = options_for("s");
    options.commit_rows = 10;
    auto ledger = std::move(*Ledger::open(path, options));
    Chain chain;
    const auto records = many_notes(chain, 25);
    for (const Record& record : records) ledger->record(record);
    EXPECT_EQ(ledger->committed_rows(), 20U);
    const LedgerReader reader = open_reader(path);
    EXPECT_EQ(reader.audit({})->size(), 20U);
    ASSERT_TRUE(ledger->flush().has_value());
    EXPECT_EQ(ledger->committed_rows(), 25U);
    EXPECT_EQ(reader.audit({})->size(), 25U);
    EXPECT_TRUE(reader.verify_audit()->holds());
}

TEST(ledger, what_the_rows_follow_from_is_durable_before_each_commit) {
    for (const bool own_thread : {false, true}) {
        TemporaryFolder folder;
        const std::string path = folder.file("l.db");
        LedgerOptions options = options_for("s", own_thread);
        options.commit_rows = 10;
        std::atomic<int> asked = 0;
        options.before_commit = [&]() -> Result<void> {
            ++asked;
            return asked == 1 ? Result<void>() : make_error(ErrorCode::io, "the journal cannot be made durable");
        };
        auto ledger = std::move(*Ledger::open(path, options));
        Chain chain;
        const auto records = many_notes(chain, 20);
        for (size_t i = 0; i < 10; ++i) ledger->record(records[i]);
        EXPECT_TRUE(ledger->flush().has_value());
        EXPECT_EQ(asked, 1);
        EXPECT_EQ(open_reader(path).audit({})->size(), 10U);
        for (size_t i = 10; i < 20; ++i) ledger->record(records[i]);
        const auto flushed = ledger->flush();
        ASSERT_FALSE(flushed.has_value());
        EXPECT_EQ(flushed.error().message, "the journal cannot be made durable");
        ledger.reset();
        EXPECT_EQ(open_reader(path).audit({})->size(), 10U) << "rows without a journal behind them";
    }
}

TEST(ledger, own_thread_with_a_short_queue_drops_nothing) {
    TemporaryFolder folder;
    LedgerOptions options = options_for("s", true);
    options.commit_rows = 50;
    options.queue_rows = 64;
    auto ledger = std::move(*Ledger::open(folder.file("l.db"), options));
    Chain chain;
    const auto records = many_notes(chain, 5'000);
    for (const Record& record : records) ledger->record(record);
    ASSERT_TRUE(ledger->flush().has_value());
    EXPECT_EQ(ledger->committed_rows(), 5'000U);
    ledger.reset();
    const auto verdict = open_reader(folder.file("l.db")).verify_audit().value();
    EXPECT_TRUE(verdict.holds());
    EXPECT_EQ(verdict.sessions[0].rows, 5'000U);
}

TEST(ledger, what_waits_is_written_when_the_ledger_goes) {
    for (const bool own_thread : {false, true}) {
        TemporaryFolder folder;
        {
            auto ledger = std::move(*Ledger::open(folder.file("l.db"), options_for("s", own_thread)));
            Chain chain;
            for (const Record& record : many_notes(chain, 7)) ledger->record(record);
        }
        EXPECT_EQ(open_reader(folder.file("l.db")).audit({})->size(), 7U);
    }
}

TEST(ledger, the_same_session_again_goes_on_after_its_last_row) {
    TemporaryFolder folder;
    const std::string path = folder.file("l.db");
    Chain chain;
    const auto records = small_session(chain);
    write_session(path, "s", {records.begin(), records.begin() + 12});
    write_session(path, "s", records);
    const LedgerReader reader = open_reader(path);
    EXPECT_EQ(reader.sessions()->size(), 1U);
    EXPECT_EQ(reader.audit({})->size(), records.size());
    EXPECT_TRUE(reader.verify_audit()->holds());
}

TEST(ledger, a_replay_that_differs_from_what_is_stored_is_an_error) {
    TemporaryFolder folder;
    Chain chain, other;
    write_session(folder.file("l.db"), "s", many_notes(chain, 10));
    auto ledger = std::move(*Ledger::open(folder.file("l.db"), options_for("s")));
    auto records = many_notes(chain, 0);
    records.push_back(other.link(moment(0), NoteRecord{"info", "test", "different"}, "note different"));
    for (const Record& more : many_notes(other, 10)) records.push_back(more);
    for (const Record& record : records) ledger->record(record);
    const auto status = ledger->status();
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().code, ErrorCode::mismatch);
    EXPECT_EQ(open_reader(folder.file("l.db")).audit({})->size(), 10U);
}

TEST(ledger, a_gap_in_the_rows_is_an_error) {
    TemporaryFolder folder;
    auto ledger = std::move(*Ledger::open(folder.file("l.db"), options_for("s")));
    Chain chain;
    const auto records = many_notes(chain, 3);
    ledger->record(records[0]);
    ledger->record(records[2]);
    EXPECT_FALSE(ledger->status().has_value());
}

TEST(ledger, a_database_held_by_another_program_is_a_clear_error) {
    TemporaryFolder folder;
    const std::string path = folder.file("l.db");
    Chain chain;
    write_session(path, "s", many_notes(chain, 1));
    Outsider outsider(path);
    outsider.run("BEGIN IMMEDIATE");
    LedgerOptions options = options_for("t");
    options.busy_timeout_ms = 10;
    const auto refused = Ledger::open(path, options);
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().message.find("another program is writing to it"), std::string::npos);
    EXPECT_TRUE(refused.error().retryable);
    outsider.run("ROLLBACK");

    for (const bool own_thread : {false, true}) {
        options.own_thread = own_thread;
        options.session_id = own_thread ? "with thread" : "without";
        auto ledger = std::move(*Ledger::open(path, options));
        outsider.run("BEGIN IMMEDIATE");
        Chain next;
        for (const Record& record : many_notes(next, 5)) ledger->record(record);
        const auto flushed = ledger->flush();
        ASSERT_FALSE(flushed.has_value());
        EXPECT_NE(flushed.error().message.find("another program"), std::string::npos);
        EXPECT_EQ(ledger->status().error().message, flushed.error().message);
        EXPECT_EQ(ledger->committed_rows(), 0U);
        outsider.run("ROLLBACK");
    }
}

TEST(ledger, files_that_are_not_ledgers_are_refused) {
    TemporaryFolder folder;
    std::ofstream(folder.file("text")) << std::string(5'000, 'x');
    Outsider(folder.file("other.db")).run("CREATE TABLE customers (name TEXT)");
    for (const char* name : {"text", "other.db"}) {
        const auto reader = LedgerReader::open(folder.file(name));
        ASSERT_FALSE(reader.has_value());
        EXPECT_EQ(reader.error().code, ErrorCode::corrupt) << reader.error().message;
        const auto ledger = Ledger::open(folder.file(name), options_for("s"));
        ASSERT_FALSE(ledger.has_value());
        EXPECT_EQ(ledger.error().code, ErrorCode::corrupt) << ledger.error().message;
    }
    const auto missing = LedgerReader::open(folder.file("missing.db"));
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().code, ErrorCode::not_found);
    EXPECT_FALSE(std::filesystem::exists(folder.file("missing.db")));
    const auto no_folder = Ledger::open(folder.file("none/l.db"), options_for("s"));
    ASSERT_FALSE(no_folder.has_value());
    EXPECT_EQ(no_folder.error().code, ErrorCode::io);
    EXPECT_EQ(no_folder.error().message.find('\n'), std::string::npos);
}

TEST(ledger, a_damaged_page_is_reported_as_damage) {
    TemporaryFolder folder;
    const std::string path = folder.file("l.db");
    Chain chain;
    write_session(path, "s", many_notes(chain, 3'000));
    const auto size = static_cast<int64_t>(std::filesystem::file_size(path));
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    for (int64_t at = size / 2 / 4'096 * 4'096; at < size; at += 4'096) {
        file.seekp(at);
        file.write("damage damage damage", 20);
    }
    file.close();
    const auto verdict = open_reader(path).verify_audit();
    ASSERT_FALSE(verdict.has_value());
    EXPECT_EQ(verdict.error().code, ErrorCode::corrupt);
    EXPECT_NE(verdict.error().message.find("damaged"), std::string::npos);
}

TEST(ledger, a_newer_ledger_is_refused_and_an_older_one_is_brought_up_to_date) {
    TemporaryFolder folder;
    const std::string path = folder.file("l.db");
    const Migration first{1, "one", "CREATE TABLE one (a INTEGER);"};
    const Migration second{2, "two", "ALTER TABLE one ADD COLUMN b INTEGER;"};
    const Migration broken{3, "three", "ALTER TABLE none ADD COLUMN b INTEGER;"};
    auto database = std::move(*sqlite::Database::open(path, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, 100));
    const std::vector<Migration> old{first};
    const std::vector<Migration> now{first, second};
    const std::vector<Migration> bad{first, second, broken};
    ASSERT_TRUE(migrate(database, old).has_value());
    EXPECT_FALSE(check_version(database, now).has_value());
    ASSERT_TRUE(migrate(database, now).has_value());
    ASSERT_TRUE(migrate(database, now).has_value());
    EXPECT_TRUE(check_version(database, now).has_value());
    Outsider outsider(path);
    EXPECT_EQ(outsider.text("SELECT count(*) FROM schema_version"), "2");
    outsider.run("INSERT INTO one (a, b) VALUES (1, 2)");
    EXPECT_FALSE(migrate(database, bad).has_value());
    EXPECT_EQ(outsider.text("PRAGMA user_version"), "2");
    const auto newer = migrate(database, old);
    ASSERT_FALSE(newer.has_value());
    EXPECT_NE(newer.error().message.find("version 2"), std::string::npos);
}

// The file-size limit stands for the full disk.
TEST(ledger, a_full_disk_stops_the_writing_and_keeps_what_was_committed) {
    TemporaryFolder folder;
    const std::string path = folder.file("l.db");
    Chain chain;
    const auto records = many_notes(chain, 20'000);
    LedgerOptions options = options_for("s");
    options.commit_rows = 200;
    auto ledger = std::move(*Ledger::open(path, options));
    auto previous_handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    rlimit limit = before;
    limit.rlim_cur = 2'000'000;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
    for (const Record& record : records) ledger->record(record);
    const auto status = ledger->status();
    const uint64_t committed = ledger->committed_rows();
    ledger.reset();
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    std::signal(SIGXFSZ, previous_handler);
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().code, ErrorCode::io) << status.error().message;
    EXPECT_EQ(status.error().message.find('\n'), std::string::npos);
    EXPECT_GT(committed, 1'000U);
    EXPECT_LT(committed, 20'000U);
    const auto verdict = open_reader(path).verify_audit().value();
    EXPECT_TRUE(verdict.holds()) << verdict.sessions[0].problem;
    EXPECT_EQ(verdict.sessions[0].rows, committed);
}

}  // namespace
}  // namespace tide
