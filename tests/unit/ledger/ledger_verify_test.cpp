#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>
#include <map>
#include <sstream>

#include "ledger/audit_anchors.hpp"
#include "ledger/ledger.hpp"
#include "ledger/ledger_reader.hpp"
#include "ledger/ledger_schema.hpp"
#include "ledger_samples.hpp"
#include "trading/record_text.hpp"

// The ledger against itself: typed rows, anchors, migrations, and the way from an order back to its cause.
namespace tide {
namespace {

using namespace ledger_samples;

class LedgerVerify : public testing::Test {
  protected:
    std::string path() const { return folder_.file("ledger.db"); }
    std::string anchors() const { return folder_.file("audit_anchors.log"); }

    void write(const std::string& session, const std::vector<Record>& records, uint64_t anchor_rows = 1'000'000) {
        LedgerOptions options;
        options.session_id = session;
        options.mode = "paper";
        options.own_thread = false;
        options.commit_rows = 5;
        options.anchors_path = anchors();
        options.anchor_rows = anchor_rows;
        auto ledger = std::move(*Ledger::open(path(), options));
        for (const Record& record : records) ledger->record(record);
        const auto flushed = ledger->flush();
        ASSERT_TRUE(flushed) << flushed.error().message;
    }
    void run(const std::string& sql) const {
        sqlite3* handle = nullptr;
        ASSERT_EQ(sqlite3_open(path().c_str(), &handle), SQLITE_OK);
        char* message = nullptr;
        EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK) << sql << ": " << message;
        sqlite3_free(message);
        sqlite3_close(handle);
    }
    int64_t number(const std::string& sql) const {
        const auto database = sqlite::Database::open(path(), path(), SQLITE_OPEN_READONLY, 100);
        return database->number(sql).value();
    }
    AuditVerdict verify() const {
        const auto reader = LedgerReader::open(path());
        EXPECT_TRUE(reader) << reader.error().message;
        const auto verdict = reader->verify_audit("all", read_anchors(anchors()).value());
        EXPECT_TRUE(verdict) << verdict.error().message;
        return *verdict;
    }
    static std::string text_of(const std::string& file) {
        std::ifstream in(file);
        std::ostringstream text;
        text << in.rdbuf();
        return text.str();
    }
    TemporaryFolder folder_;
};

TEST_F(LedgerVerify, rows_of_orders_fills_positions_and_trades_are_derived_anew_and_differences_named) {
    struct Case {
        const char* sql;
        const char* says;
    };
    const Case cases[] = {
        {"UPDATE fills SET price = 1500000 WHERE row = 9", "fills 9: price is 1500000, audit row 9 says 1423500"},
        {"UPDATE fills SET ask = NULL", "fills 9: ask is nothing, audit row 9 says 1423500"},
        {"UPDATE fills SET flags = 1", "fills 9: flags & 1 is 1, audit row 9 says 0"},
        {"DELETE FROM fills", "fills 9: the row is missing (audit row 9)"},
        {"UPDATE orders SET state = 'cancelled'", "orders 11: state is 'cancelled', audit row 10 says 'filled'"},
        {"UPDATE orders SET average = 1",
         "orders 11: average x filled is not filled_value, audit row 10 says otherwise"},
        {"UPDATE positions SET charges = 0", "positions 5: charges is 0, audit row 16 says 1257500"},
        {"UPDATE trades SET net = net + 10000000", "trades 1: net is 37592500, audit row 17 says 27592500"},
        {"UPDATE trades SET exit_rule = 'stop'", "trades 1: exit_rule is 'stop', audit row 17 says 'target'"},
        {"UPDATE trades SET number = 2", "trades 1: the row is missing (audit row 17)"},
        {"INSERT INTO trades SELECT session, 7, position_id, strategy, script_version, instrument, underlying, side, "
         "quantity, lot_text, entry, exit, gross, charges, net, opened_ns, closed_ns, exit_priority, exit_rule, "
         "exit_values, exit_text, tag, why, model_priced FROM trades",
         "trades 7: no audit row made this row"},
    };
    for (const Case& test : cases) {
        std::filesystem::remove(path());
        std::filesystem::remove(anchors());
        Chain chain;
        write("s", small_session(chain));
        EXPECT_TRUE(verify().holds());
        run(test.sql);
        const AuditVerdict verdict = verify();
        EXPECT_FALSE(verdict.holds()) << test.sql;
        ASSERT_FALSE(verdict.sessions[0].differences.empty()) << test.sql;
        EXPECT_EQ(verdict.sessions[0].differences[0], test.says);
        EXPECT_FALSE(verdict.sessions[0].bad_row.has_value()) << test.sql;
    }
}

// The whole database made anew, with a chain that holds in itself: only the anchors know.
TEST_F(LedgerVerify, a_rewritten_database_is_found_by_its_anchors) {
    Chain chain, other;
    write("s", small_session(chain), 10);
    const auto known = read_anchors(anchors()).value();
    ASSERT_EQ(known.size(), 2U);  // after 10 rows, and at the end
    EXPECT_EQ(known[0].row, 10U);
    EXPECT_EQ(known[1].row, 19U);
    EXPECT_EQ(known[1].head, to_hex(chain.head()));
    EXPECT_EQ(known[1].time, moment(7300));
    EXPECT_EQ(verify().sessions[0].anchors, 2U);

    std::filesystem::rename(anchors(), anchors() + ".kept");
    std::filesystem::remove(path());
    auto records = small_session(other);
    Chain rewritten;
    std::get<NoteRecord>(records[13].body).text = "nothing happened";
    for (Record& record : records) record = rewritten.link(record.time, record.body, canonical_text(record.body));
    write("s", records);
    std::filesystem::rename(anchors() + ".kept", anchors());
    const auto without = LedgerReader::open(path())->verify_audit().value();
    EXPECT_TRUE(without.holds());
    const AuditVerdict verdict = verify();
    EXPECT_FALSE(verdict.holds());
    EXPECT_EQ(verdict.sessions[0].bad_row, 19U);
    EXPECT_NE(verdict.sessions[0].problem.find("anchored"), std::string::npos) << verdict.sessions[0].problem;
}

TEST_F(LedgerVerify, a_session_that_is_gone_or_shorter_than_its_anchor_is_found) {
    Chain chain, second;
    write("s", small_session(chain));
    write("t", small_session(second));
    for (const char* table : {"audit", "orders", "order_events", "fills", "positions", "trades"})
        run(std::string("DELETE FROM ") + table + " WHERE session = 2");
    run("DELETE FROM sessions WHERE number = 2");
    const AuditVerdict gone = verify();
    EXPECT_FALSE(gone.holds());
    ASSERT_EQ(gone.problems.size(), 1U);
    EXPECT_NE(gone.problems[0].find("session t was anchored and is not in the store"), std::string::npos);
    // Retired on purpose: the anchors say so.
    ASSERT_TRUE(
        append_anchor(anchors(), {moment(9000), "retired", "t", 19, to_hex(second.head()), "older than 5 years"}));
    EXPECT_TRUE(verify().holds());

    std::filesystem::remove(path());
    std::filesystem::rename(anchors(), anchors() + ".kept");
    Chain shorter;
    auto records = small_session(shorter);
    records.resize(12);
    write("s", records);
    std::filesystem::rename(anchors() + ".kept", anchors());
    EXPECT_EQ(verify().sessions[0].bad_row, 13U);
}

TEST_F(LedgerVerify, anchors_that_were_changed_or_taken_out_are_named_by_line) {
    for (int i = 1; i <= 3; ++i)
        ASSERT_TRUE(
            append_anchor(anchors(), {moment(i), "anchor", "s", static_cast<uint64_t>(i), std::string(64, 'a'), ""}));
    const std::string whole = text_of(anchors());
    ASSERT_EQ(read_anchors(anchors())->size(), 3U);
    const size_t second = whole.find('\n') + 1;
    const size_t third = whole.find('\n', second) + 1;
    const auto problem_of = [&](const std::string& text) {
        std::ofstream(anchors()) << text;
        const auto anchors_now = read_anchors(anchors());
        return anchors_now ? std::string() : anchors_now.error().message;
    };
    std::string changed = whole;
    changed.replace(changed.find("row=2"), 5, "row=4");
    EXPECT_NE(problem_of(changed).find(":2: "), std::string::npos);
    EXPECT_NE(problem_of(whole.substr(0, second) + whole.substr(third)).find(":2: "), std::string::npos);
    EXPECT_NE(problem_of("nonsense\n").find(":1: "), std::string::npos);
    // A line that a crash cut off is not there, and the next one takes its place.
    EXPECT_EQ(problem_of(whole.substr(0, whole.size() - 20)), "");
    ASSERT_TRUE(append_anchor(anchors(), {moment(9), "anchor", "s", 9, std::string(64, 'b'), ""}));
    const auto mended = read_anchors(anchors());
    ASSERT_TRUE(mended) << mended.error().message;
    ASSERT_EQ(mended->size(), 3U);
    EXPECT_EQ(mended->back().row, 9U);
}

// Version 1 as it was, with a position closed in two steps: bought 100 at 10.00, sold 40 at 11.00 and 60 at 9.50.
// Realised: 40 x 1.00 = 40.00, then 60 x -0.50 = -30.00.
TEST_F(LedgerVerify, a_version_1_ledger_is_migrated_with_what_each_fill_realised) {
    {
        auto database =
            std::move(*sqlite::Database::open(path(), path(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, 100));
        ASSERT_TRUE(migrate(database, ledger_migrations().first(1)));
    }
    EXPECT_EQ(number("PRAGMA user_version"), 1);
    run("INSERT INTO sessions (number, session_id, mode, audit_rows, audit_head) VALUES (1, 'old', 'paper', 9, x'00')");
    const auto audit = [&](int row, const std::string& kind, const std::string& text) {
        run("INSERT INTO audit VALUES (1, " + std::to_string(row) + ", " + std::to_string(row) + ", 1, '" + kind +
            "', NULL, NULL, '" + text + "', x'00')");
    };
    const auto fill = [&](int row) {
        audit(row, "fill", "fill id=" + std::to_string(row));
        run("INSERT INTO fills VALUES (1, " + std::to_string(row) + ", " + std::to_string(row) +
            ", 1, 1, 5, 1, 'X', 'buy', 0, 1, 1, NULL, NULL, NULL, 1, 1, 0, 0, 0, 0, 0, 0)");
    };
    fill(1);
    audit(2, "position", "position what=opened instrument=\"X\" id=5 quantity=100 realised=0.0000 charges=1.0000");
    audit(3, "position", "position what=stop instrument=\"X\" id=5 quantity=100 realised=0.0000 charges=1.0000");
    fill(4);
    audit(5, "position", "position what=reduced instrument=\"X\" id=5 quantity=60 realised=40.0000 charges=1.0000");
    fill(6);
    audit(7, "note", "note level=error");
    audit(8, "position", "position what=closed instrument=\"X\" id=5 quantity=0 realised=10.0000 charges=1.0000");
    audit(9, "equity", "equity equity=1.0000");

    const auto old = LedgerReader::open(path());
    ASSERT_FALSE(old);
    EXPECT_NE(old.error().message.find("version 1"), std::string::npos);
    Chain chain;
    write("new", small_session(chain));
    EXPECT_EQ(number("PRAGMA user_version"), 3);
    EXPECT_EQ(number("SELECT realised FROM fills WHERE session = 1 AND row = 1"), 0);
    EXPECT_EQ(number("SELECT realised FROM fills WHERE session = 1 AND row = 4"), 400'000);
    EXPECT_EQ(number("SELECT realised FROM fills WHERE session = 1 AND row = 6"), -300'000);
    EXPECT_EQ(number("SELECT count(*) FROM fills_readable WHERE realised = '40.00'"), 1);
    EXPECT_EQ(number("SELECT count(*) FROM audit WHERE session = 1"), 9);
    EXPECT_EQ(number("SELECT count(*) FROM schema_version"), 3);
    EXPECT_TRUE(LedgerReader::open(path()));
}

TEST_F(LedgerVerify, an_order_is_followed_to_its_cause_and_a_trade_to_its_end) {
    Chain chain;
    write("s", small_session(chain));
    const auto reader = LedgerReader::open(path());
    const auto steps_of = [](const Result<std::vector<WhyStep>>& steps) {
        std::string out;
        for (const WhyStep& step : *steps) out += step.what + " ";
        return out;
    };
    const auto order = reader->why_order("", 11);
    ASSERT_TRUE(order) << order.error().message;
    EXPECT_EQ(steps_of(order), "script intent risk order fill order ");
    EXPECT_NE((*order)[1].row.text.find("cause=\"tick NIFTY 21700.50\""), std::string::npos);
    const auto trade = reader->why_trade("s", 1);
    ASSERT_TRUE(trade) << trade.error().message;
    EXPECT_EQ(steps_of(trade), "script intent risk order fill order exit trade ");
    EXPECT_EQ(reader->why_order("", 12).error().code, ErrorCode::not_found);
    EXPECT_EQ(reader->why_trade("", 2).error().code, ErrorCode::not_found);
}

// A group of a bought and a sold leg, asked for as intent 20: orders 31 and 32, positions 41 and 42, closed by an exit
// of 41.
std::vector<Record> group_session(Chain& chain) {
    std::vector<Record> out;
    const auto add = [&](int64_t second, RecordBody body) {
        std::string text = canonical_text(body);
        out.push_back(chain.link(moment(second), std::move(body), std::move(text)));
    };
    const auto intent = [&](int64_t second, uint64_t id, IntentKind kind, uint64_t group) {
        Intent asked;
        asked.id = IntentId(id);
        asked.kind = kind;
        asked.group = GroupId(group);
        IntentRecord row{asked, "NIFTY 2024-01-25 21700 PE", "spread 1.0.0 4f3a", "on_bar NIFTY 5m", "bar NIFTY 5m",
                         80};
        row.legs = kind == IntentKind::enter_group ? "buy 1 A, sell 1 B" : "";
        add(second, std::move(row));
        add(second, RiskRecord{IntentId(id), {}, StrategyId(1), "NIFTY", true, "ok", "", ""});
    };
    const auto group = [&](int64_t second, const char* from, const char* to, const char* rule = "") {
        add(second, GroupRecord{GroupId(20), StrategyId(1), "spread", "NIFTY", from, to, rule, "",
                                "buy 50/50 A, sell 50/50 B", std::nullopt});
    };
    const auto order = [&](int64_t second, uint64_t id, uint64_t from_intent, uint64_t position, OrderPurpose purpose) {
        Order left = sample_order(OrderState::filled, 50);
        left.id = OrderId(id);
        left.intent = IntentId(from_intent);
        left.position = PositionId(position);
        left.purpose = purpose;
        if (purpose == OrderPurpose::entry) left.group = GroupId(20);
        add(second, OrderRecord{left, OrderState::open, "A", ""});
        Position held = sample_position();
        held.id = PositionId(position);
        held.group = GroupId(20);
        add(second, PositionRecord{held, "A", "opened", ""});
    };
    add(0, ScriptRecord{StrategyId(1), "spread", "0.9.0", "0000", "loaded", ""});
    add(5, ScriptRecord{StrategyId(1), "spread", "1.0.0", "4f3a", "reloaded", ""});
    intent(10, 20, IntentKind::enter_group, 0);
    group(10, "waiting", "hedging");
    intent(10, 21, IntentKind::enter, 20);
    order(11, 31, 21, 41, OrderPurpose::entry);
    group(11, "hedging", "selling");
    intent(11, 22, IntentKind::enter, 20);
    order(12, 32, 22, 42, OrderPurpose::entry);
    group(12, "selling", "whole");
    intent(13, 23, IntentKind::enter, 0);  // another trade's
    group(60, "whole", "unwinding", "time");
    ExitRecord exit;
    exit.position = PositionId(41);
    exit.reason = ExitReason{1, "time", "", "the session ends"};
    add(60, exit);
    order(61, 33, 0, 41, OrderPurpose::exit);
    group(62, "unwinding", "flat");
    return out;
}

TEST_F(LedgerVerify, a_leg_is_followed_to_its_group_and_a_group_to_its_legs) {
    Chain chain;
    write("s", group_session(chain));
    const auto reader = LedgerReader::open(path());
    const auto steps_of = [](const Result<std::vector<WhyStep>>& steps) {
        EXPECT_TRUE(steps) << steps.error().message;
        std::string out;
        for (const WhyStep& step : *steps) {
            const auto record = parse_record_text(step.row.text);
            const char* key = step.what == "order" || step.what == "intent" ? "id"
                              : step.what == "group"                        ? "state"
                              : step.what == "script"                       ? "version"
                                                                            : "";
            const std::string* value = record->find(key);
            out += step.what + (value == nullptr ? "" : ":" + *value) + " ";
        }
        return out;
    };
    const std::string chain_of_31 =
        "script:1.0.0 intent:20 risk group:hedging intent:21 risk order:31 group:selling group:whole group:unwinding ";
    EXPECT_EQ(steps_of(reader->why_order("", 31)), chain_of_31 + "group:flat ");
    EXPECT_EQ(steps_of(reader->why_order("", 33)),
              "script:1.0.0 intent:20 risk group:hedging group:selling group:whole group:unwinding exit order:33 "
              "group:flat ");
    EXPECT_EQ(steps_of(reader->why_position("", 41)),
              "script:1.0.0 intent:20 risk group:hedging intent:21 risk order:31 position group:selling group:whole "
              "group:unwinding exit order:33 position group:flat ");
    EXPECT_EQ(steps_of(reader->why_intent("", 20)),
              "script:1.0.0 intent:20 risk group:hedging intent:21 risk order:31 group:selling intent:22 risk order:32 "
              "group:whole group:unwinding exit order:33 group:flat ");
}

TEST_F(LedgerVerify, a_part_of_a_held_entry_is_followed_to_it_and_the_entry_to_its_parts) {
    Chain chain;
    std::vector<Record> records;
    const auto add = [&](int64_t second, RecordBody body) {
        std::string text = canonical_text(body);
        records.push_back(chain.link(moment(second), std::move(body), std::move(text)));
    };
    ParentOrder held;
    held.intent.id = IntentId(20);
    held.quantity = Quantity(100);
    Intent part;
    part.id = IntentId(21);
    part.parent = IntentId(20);
    add(0, ScriptRecord{StrategyId(1), "stops", "1.0.0", "4f3a", "loaded", ""});
    add(10, IntentRecord{held.intent, "A", "stops 1.0.0", "on_bar NIFTY 5m", "bar NIFTY 5m", 80});
    add(10, RiskRecord{IntentId(20), {}, StrategyId(1), "A", true, "ok", "", ""});
    add(10, ParentRecord{held, ParentState::waiting, "A", "accepted"});
    add(20, IntentRecord{part, "A", "stops 1.0.0", "entry 20: trigger", "tick A", 90});
    add(20, RiskRecord{IntentId(21), {}, StrategyId(1), "A", true, "ok", "", ""});
    Order left = sample_order(OrderState::submitted, 0);
    left.id = OrderId(31);
    left.intent = IntentId(21);
    add(20, OrderRecord{left, OrderState::created, "A", ""});
    held.state = ParentState::working;
    held.child = IntentId(21);
    add(20, ParentRecord{held, ParentState::waiting, "A", "trigger reached"});
    write("s", records);
    const auto reader = LedgerReader::open(path());
    const auto steps_of = [](const Result<std::vector<WhyStep>>& steps) {
        EXPECT_TRUE(steps) << steps.error().message;
        std::string out;
        for (const WhyStep& step : *steps) out += step.what + " ";
        return out;
    };
    const std::string whole = "script intent risk parent intent risk order parent ";
    EXPECT_EQ(steps_of(reader->why_order("", 31)), whole);
    EXPECT_EQ(steps_of(reader->why_intent("", 20)), whole);
    EXPECT_EQ(steps_of(reader->why_intent("", 21)), whole);
}

TEST_F(LedgerVerify, audit_rows_are_streamed_in_order_by_kind_and_time) {
    Chain chain;
    write("s", small_session(chain));
    const auto reader = LedgerReader::open(path());
    const auto rows_of = [&](const std::string& kind, std::optional<ReceiveTime> from, std::optional<ReceiveTime> to) {
        AuditFilter filter;
        filter.kind = kind;
        filter.from = from;
        filter.to = to;
        std::string rows;
        const auto done = reader->each_audit_row(filter, [&](const AuditRow& row) {
            rows += std::to_string(row.row) + " ";
            return true;
        });
        return done ? rows : done.error().message;
    };
    EXPECT_EQ(rows_of("order", {}, {}), "8 10 ");
    EXPECT_EQ(rows_of("position", {}, {}), "11 16 ");
    EXPECT_EQ(rows_of("", moment(3605), moment(4100)), "9 10 11 12 ");
    EXPECT_EQ(rows_of("order", moment(3601), {}), "10 ");
    EXPECT_EQ(rows_of("", moment(9000), {}), "");
    EXPECT_EQ(rows_of("orders", {}, {}),
              "--kind 'orders': use one of session, day, script, intent, risk, order, fill, position, trade, exit, "
              "skip, halt, command, state, note, equity, quality, plot, reconcile, parent, group");
}

// Some kinds have a table, some an index, some neither.
TEST_F(LedgerVerify, rows_of_every_kind_are_found_by_their_kind) {
    Chain chain;
    auto records = small_session(chain);
    records.push_back(chain.link(moment(9000), ReconcileRecord{}, "reconcile occasion=day_end"));
    records.push_back(chain.link(moment(9001), ParentRecord{}, "parent state=done"));
    records.push_back(chain.link(moment(9002), PlotRecord{}, "plot name=x"));
    write("s", records);
    const auto reader = LedgerReader::open(path());
    std::map<std::string, int> found, all;
    for (const Record& record : records) ++all[std::string(kind_of(record.body))];
    for (const auto& [kind, count] : all) {
        AuditFilter filter;
        filter.kind = kind;
        ASSERT_TRUE(reader->each_audit_row(filter, [&](const AuditRow& row) {
            ++found[row.kind];
            return true;
        }));
    }
    EXPECT_EQ(found, all);
}

}  // namespace
}  // namespace tide
