#include <benchmark/benchmark.h>
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/ledger_reader.hpp"

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

// A year: 250 sessions of 20 trades, 5000 trades and 100 000 audit rows.
void fill_year(const std::string& path) {
    for (int day = 0; day < 250; ++day) {
        LedgerOptions options;
        options.session_id = "session-" + std::to_string(1000 + day);
        options.mode = "paper";
        options.own_thread = false;
        auto ledger = Ledger::open(path, options);
        AuditChain chain;
        const ReceiveTime open = at(make_date(2024, 1, 1) + std::chrono::days(day), hours(9) + minutes(15));
        for (int i = 0; i < 400; ++i) {
            Record record;
            record.time = open + minutes(i);
            if (i % 20 == 0) {
                TradeRecord trade;
                trade.number = i / 20 + 1;
                trade.position.opened = record.time;
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
template <class Query>
void query_year(benchmark::State& state, Query query) {
    const std::string folder = bench_folder();
    fill_year(folder + "/ledger.db");
    {
        const auto reader = LedgerReader::open(folder + "/ledger.db");
        for (auto _ : state) {
            const auto rows = query(*reader);
            if (!rows || rows->empty()) state.SkipWithError("no rows");
            benchmark::DoNotOptimize(rows);
        }
    }
    std::filesystem::remove_all(folder);
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
void bm_query_sessions(benchmark::State& state) {
    query_year(state, [](const LedgerReader& reader) { return reader.sessions(); });
}
void bm_query_year_of_trades(benchmark::State& state) {
    RowFilter filter;
    filter.session = "all";
    query_year(state, [filter](const LedgerReader& reader) { return reader.trades(filter); });
}

BENCHMARK(bm_limit_bare_sqlite)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(bm_ledger)->ArgName("own_thread")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(bm_hand_over)->Iterations(1)->UseRealTime();
BENCHMARK(bm_query_last_session)->Unit(benchmark::kMillisecond);
BENCHMARK(bm_query_month_of_trades)->Unit(benchmark::kMillisecond);
BENCHMARK(bm_query_audit_trades_newest)->Unit(benchmark::kMillisecond);
BENCHMARK(bm_query_sessions)->Unit(benchmark::kMillisecond);
BENCHMARK(bm_query_year_of_trades)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tide
