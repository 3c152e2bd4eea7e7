#include <benchmark/benchmark.h>
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/ledger_reader.hpp"
#include "ledger/ledger_schema.hpp"

// Rows a second into the ledger. The limit is what bare SQLite does with the same audit row in one table without
// indexes (WAL, synchronous FULL, transactions of 1000).
namespace tide {
namespace {

constexpr size_t kRows = 100'000;

// Orders, fills and risk checks, as a busy session writes them; linked by the audit chain.
std::vector<Record> busy_session() {
    AuditChain chain;
    std::vector<Record> records;
    const ReceiveTime start = at(make_date(2024, 1, 25), hours(9) + minutes(15));
    for (size_t i = 0; i < kRows; ++i) {
        Record record;
        record.event_sequence = i;
        record.time = start + Duration(i * 1'000'000);
        const std::string option = "NIFTY 2024-01-25 21700 CE";
        if (i % 3 == 0) {
            record.body = RiskRecord{IntentId(i + 1),       OrderId(i + 1),     StrategyId(1), option, true, "ok",
                                     "lots=2 max_lots=100", "within the limits"};
        } else if (i % 3 == 1) {
            OrderRecord order;
            order.order.id = OrderId(i);
            order.order.quantity = Quantity(100);
            order.order.limit = Price::from_rupees(142);
            order.order.client_id = "0190b2c4-0000-8000-8000-00000000000b";
            order.order.why = "breakout above the last hour's high";
            order.instrument = option;
            record.body = order;
        } else {
            FillRecord fill;
            fill.fill.order = OrderId(i - 1);
            fill.fill.quantity = Quantity(100);
            fill.fill.price = Price::from_rupees(142);
            fill.instrument = option;
            record.body = fill;
        }
        chain.link(record);
        records.push_back(std::move(record));
    }
    return records;
}
std::string bench_folder() {
    const auto folder = std::filesystem::temp_directory_path() / ("tide-ledger-bench-" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder);
    std::filesystem::create_directory(folder);
    return folder.string();
}

void bm_limit_bare_sqlite(benchmark::State& state) {
    const auto records = busy_session();
    for (auto _ : state) {
        const std::string folder = bench_folder();
        sqlite3* db = nullptr;
        sqlite3_open((folder + "/bare.db").c_str(), &db);
        sqlite3_exec(db,
                     "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE audit (row INTEGER PRIMARY KEY, "
                     "sequence INTEGER, time INTEGER, kind TEXT, text TEXT, hash BLOB)",
                     nullptr, nullptr, nullptr);
        sqlite3_stmt* insert = nullptr;
        sqlite3_prepare_v2(db, "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?)", -1, &insert, nullptr);
        for (size_t i = 0; i < records.size(); ++i) {
            if (i % 1000 == 0) sqlite3_exec(db, "BEGIN", nullptr, nullptr, nullptr);
            const Record& r = records[i];
            const std::string_view kind = kind_of(r.body);
            sqlite3_bind_int64(insert, 1, static_cast<int64_t>(r.row));
            sqlite3_bind_int64(insert, 2, static_cast<int64_t>(r.event_sequence));
            sqlite3_bind_int64(insert, 3, r.time.time_since_epoch().count());
            sqlite3_bind_text(insert, 4, kind.data(), static_cast<int>(kind.size()), SQLITE_STATIC);
            sqlite3_bind_text(insert, 5, r.text.data(), static_cast<int>(r.text.size()), SQLITE_STATIC);
            sqlite3_bind_blob(insert, 6, r.hash.data(), static_cast<int>(r.hash.size()), SQLITE_STATIC);
            sqlite3_step(insert);
            sqlite3_reset(insert);
            if (i % 1000 == 999) sqlite3_exec(db, "COMMIT", nullptr, nullptr, nullptr);
        }
        sqlite3_finalize(insert);
        sqlite3_close(db);
        std::filesystem::remove_all(folder);
    }
    state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kRows));
}

int columns_of(sqlite3* db, const std::string& table) {
    sqlite3_stmt* count = nullptr;
    const std::string sql = "SELECT count(*) FROM pragma_table_info('" + table + "')";
    sqlite3_prepare_v2(db, sql.c_str(), -1, &count, nullptr);
    const int columns = sqlite3_step(count) == SQLITE_ROW ? sqlite3_column_int(count, 0) : 0;
    sqlite3_finalize(count);
    return columns;
}

// The same rows into the same tables by bare prepared statements: what SQLite itself takes for this shape. A record is
// a row of `audit` and its own rows: 100 000 records are 233 333 rows and 66 667 index entries.
void bm_limit_bare_sqlite_same_tables(benchmark::State& state) {
    const auto records = busy_session();
    for (auto _ : state) {
        const std::string folder = bench_folder();
        sqlite3* db = nullptr;
        sqlite3_open((folder + "/bare.db").c_str(), &db);
        std::string schema = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint = 4000;";
        for (const Migration& migration : ledger_migrations()) schema += migration.sql;
        sqlite3_exec(db, schema.c_str(), nullptr, nullptr, nullptr);
        const auto prepare = [db](const std::string& table, const char* tail = "") {
            const int columns = columns_of(db, table);
            std::string sql = "INSERT INTO " + table + " VALUES (?1";
            for (int i = 2; i <= columns; ++i) sql += ", ?" + std::to_string(i);
            sqlite3_stmt* statement = nullptr;
            sqlite3_prepare_v2(db, (sql + ")" + tail).c_str(), -1, &statement, nullptr);
            return statement;
        };
        sqlite3_stmt* audit = prepare("audit");
        sqlite3_stmt* risk = prepare("risk_checks");
        sqlite3_stmt* event = prepare("order_events");
        sqlite3_stmt* fill = prepare("fills");
        sqlite3_stmt* order =
            prepare("orders", " ON CONFLICT (session, order_id) DO UPDATE SET state = excluded.state");
        const std::string option = "NIFTY 2024-01-25 21700 CE";
        // Numbers everywhere but in the columns that hold text.
        const auto put = [](sqlite3_stmt* statement, int64_t key,
                            std::initializer_list<std::pair<int, std::string_view>> texts) {
            sqlite3_bind_int64(statement, 1, 1);
            sqlite3_bind_int64(statement, 2, key);
            for (int i = 3; i <= sqlite3_bind_parameter_count(statement); ++i)
                sqlite3_bind_int64(statement, i, key + i);
            for (const auto& [index, text] : texts)
                sqlite3_bind_text(statement, index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
            if (sqlite3_step(statement) != SQLITE_DONE) std::abort();
            sqlite3_reset(statement);
        };
        for (size_t i = 0; i < records.size(); ++i) {
            if (i % 1000 == 0) sqlite3_exec(db, "BEGIN", nullptr, nullptr, nullptr);
            const Record& r = records[i];
            const auto row = static_cast<int64_t>(r.row);
            const std::string_view hash(reinterpret_cast<const char*>(r.hash.data()), r.hash.size());
            put(audit, row, {{5, kind_of(r.body)}, {8, r.text}, {9, hash}});
            if (i % 3 == 0) {
                put(risk, row, {{7, option}, {9, "ok"}, {10, "lots=2 max_lots=100"}, {11, "within the limits"}});
            } else if (i % 3 == 1) {
                put(order, row,
                    {{6, option},
                     {7, "buy"},
                     {8, "entry"},
                     {9, "aggressive"},
                     {10, "created"},
                     {20, "0190b2c4-0000-8000-8000-00000000000b"},
                     {21, ""},
                     {22, "breakout above the last hour's high"},
                     {23, ""}});
                put(event, row, {{5, "created"}, {6, "created"}, {9, ""}});
            } else {
                put(fill, row, {{8, option}, {9, "buy"}});
            }
            if (i % 1000 == 999) sqlite3_exec(db, "COMMIT", nullptr, nullptr, nullptr);
        }
        for (sqlite3_stmt* statement : {audit, risk, event, fill, order}) sqlite3_finalize(statement);
        sqlite3_close(db);
        std::filesystem::remove_all(folder);
    }
    state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kRows));
}

void bm_ledger(benchmark::State& state) {
    const auto records = busy_session();
    for (auto _ : state) {
        const std::string folder = bench_folder();
        LedgerOptions options;
        options.session_id = "bench";
        options.mode = "backtest";
        options.own_thread = state.range(0) != 0;
        {
            auto ledger = Ledger::open(folder + "/ledger.db", options);
            for (const Record& record : records) (*ledger)->record(record);
            const auto flushed = (*ledger)->flush();
            if (!flushed) state.SkipWithError(flushed.error().message.c_str());
        }
        std::filesystem::remove_all(folder);
    }
    state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kRows));
}

// What the Session's thread pays for one row when the writer keeps up.
void bm_hand_over(benchmark::State& state) {
    const auto records = busy_session();
    const std::string folder = bench_folder();
    LedgerOptions options;
    options.session_id = "bench";
    options.mode = "backtest";
    options.queue_rows = 2 * kRows;
    options.commit_rows = 2 * kRows;
    auto ledger = Ledger::open(folder + "/ledger.db", options);
    for (auto _ : state) {
        for (const Record& record : records) (*ledger)->record(record);
    }
    state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kRows));
    ledger->reset();
    std::filesystem::remove_all(folder);
}

// A year: 250 sessions of 20 trades, 5000 trades with their fills and 1 000 000 audit rows.
void fill_year(const std::string& path) {
    for (int day = 0; day < 250; ++day) {
        LedgerOptions options;
        options.session_id = "session-" + std::to_string(1000 + day);
        options.mode = "paper";
        options.own_thread = false;
        auto ledger = Ledger::open(path, options);
        AuditChain chain;
        const ReceiveTime open = at(make_date(2024, 1, 1) + std::chrono::days(day), hours(9) + minutes(15));
        for (int i = 0; i < 4'000; ++i) {
            Record record;
            record.time = open + seconds(i * 5);
            if (i % 200 == 100) {
                FillRecord fill;
                fill.fill.order = OrderId(static_cast<uint64_t>(i));
                fill.fill.quantity = Quantity(100);
                fill.instrument = "NIFTY 2024-01-25 21700 CE";
                record.body = fill;
            } else if (i % 200 == 0) {
                TradeRecord trade;
                trade.number = i / 200 + 1;
                trade.position.opened = record.time;
                trade.position.closed = record.time;
                trade.instrument = "NIFTY 2024-01-25 21700 CE";
                record.body = trade;
            } else {
                record.body = NoteRecord{"info", "bench", "a note"};
            }
            chain.link(record);
            (*ledger)->record(record);
        }
    }
}
// Made once for all queries, removed at the end.
struct YearOnDisk {
    YearOnDisk() : folder(bench_folder() + "-year") {
        std::filesystem::remove_all(folder);
        std::filesystem::create_directory(folder);
        fill_year(path());
    }
    ~YearOnDisk() { std::filesystem::remove_all(folder); }
    YearOnDisk(const YearOnDisk&) = delete;
    YearOnDisk& operator=(const YearOnDisk&) = delete;
    std::string path() const { return folder + "/year.db"; }
    std::string folder;
};
template <class Query>
void query_year(benchmark::State& state, Query query) {
    static const YearOnDisk kYear;
    const auto reader = LedgerReader::open(kYear.path());
    for (auto _ : state) {
        const auto rows = query(*reader);
        if (!rows || rows->empty()) state.SkipWithError("no rows");
        benchmark::DoNotOptimize(rows);
    }
}
void bm_query_last_session(benchmark::State& state) {
    query_year(state, [](const LedgerReader& reader) { return reader.trades({}); });
}
void bm_query_month_of_trades(benchmark::State& state) {
    RowFilter filter;
    filter.session = "all";
    filter.from = at(make_date(2024, 3, 1), {});
    filter.to = at(make_date(2024, 4, 1), {});
    query_year(state, [filter](const LedgerReader& reader) { return reader.trades(filter); });
}
void bm_query_audit_trades_newest(benchmark::State& state) {
    AuditFilter filter;
    filter.session = "all";
    filter.kind = "trade";
    filter.limit = 50;
    query_year(state, [filter](const LedgerReader& reader) { return reader.audit(filter); });
}
void bm_query_audit_an_hour(benchmark::State& state) {
    AuditFilter filter;
    filter.session = "session-1200";
    filter.from = at(make_date(2024, 7, 19), hours(10));
    filter.to = at(make_date(2024, 7, 19), hours(11));
    query_year(state, [filter](const LedgerReader& reader) { return reader.audit(filter); });
}
void bm_query_pnl_by_day(benchmark::State& state) {
    query_year(state, [](const LedgerReader& reader) { return reader.pnl({}, PnlBy::day); });
}
void bm_query_sessions(benchmark::State& state) {
    query_year(state, [](const LedgerReader& reader) { return reader.sessions(); });
}
void bm_query_year_of_trades(benchmark::State& state) {
    RowFilter filter;
    filter.session = "all";
    query_year(state, [filter](const LedgerReader& reader) { return reader.trades(filter); });
}

BENCHMARK(bm_limit_bare_sqlite)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(bm_limit_bare_sqlite_same_tables)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(bm_ledger)->ArgName("own_thread")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(bm_hand_over)->Iterations(1)->UseRealTime();
BENCHMARK(bm_query_last_session)->Unit(benchmark::kMillisecond);
BENCHMARK(bm_query_month_of_trades)->Unit(benchmark::kMillisecond);
BENCHMARK(bm_query_audit_trades_newest)->Unit(benchmark::kMillisecond);
BENCHMARK(bm_query_audit_an_hour)->Unit(benchmark::kMillisecond);
BENCHMARK(bm_query_pnl_by_day)->Unit(benchmark::kMillisecond);
BENCHMARK(bm_query_sessions)->Unit(benchmark::kMillisecond);
BENCHMARK(bm_query_year_of_trades)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tide
