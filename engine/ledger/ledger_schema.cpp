#include "ledger/ledger_schema.hpp"

#include <fmt/format.h>

#include <vector>

namespace tide {
namespace {

// Columns in SQL, each with its readable companion.
std::string time_column(std::string_view name, bool required = true) {
    return fmt::format(
        "{0}_ns INTEGER{1}, {0} TEXT GENERATED ALWAYS AS "
        "(strftime('%Y-%m-%dT%H:%M:%S', {0}_ns / 1000000000 + 19800, 'unixepoch') || '+05:30') VIRTUAL",
        name, required ? " NOT NULL" : "");
}
std::string money_columns(std::initializer_list<std::string_view> names) {
    std::string out;
    for (const std::string_view name : names) {
        out += fmt::format(
            "{0} INTEGER NOT NULL, {0}_rupees TEXT GENERATED ALWAYS AS "
            "(printf('%.2f', {0} / 10000.0)) VIRTUAL, ",
            name);
    }
    out.resize(out.size() - 2);
    return out;
}
std::string price_columns(std::initializer_list<std::string_view> names) {
    std::string out;
    for (const std::string_view name : names) {
        out += fmt::format("{0} INTEGER, {0}_rupees TEXT GENERATED ALWAYS AS (printf('%.4f', {0} / 10000.0)) VIRTUAL, ",
                           name);
    }
    out.resize(out.size() - 2);
    return out;
}
std::string table(std::string_view name, std::string_view columns, std::string_view key) {
    return fmt::format("CREATE TABLE {} (session INTEGER NOT NULL, {}, PRIMARY KEY (session, {})) WITHOUT ROWID;\n",
                       name, columns, key);
}
// A table whose rows belong to one audit row each.
std::string row_table(std::string_view name, std::string_view columns) {
    return table(name, fmt::format("row INTEGER NOT NULL, {}, {}", time_column("time"), columns), "row");
}

std::string first_tables() {
    std::string sql;
    sql +=
        "CREATE TABLE sessions (number INTEGER PRIMARY KEY, session_id TEXT NOT NULL UNIQUE, mode TEXT NOT NULL, "
        "detail TEXT NOT NULL DEFAULT '', " +
        time_column("started", false) + ", " + time_column("ended", false) +
        ", audit_rows INTEGER NOT NULL DEFAULT 0, audit_head BLOB NOT NULL);\n";
    sql += row_table("audit",
                     "event_sequence INTEGER NOT NULL, kind TEXT NOT NULL, order_id INTEGER, intent_id INTEGER, "
                     "text TEXT NOT NULL, hash BLOB NOT NULL");
    sql +=
        "CREATE INDEX audit_by_time ON audit (session, time_ns);\n"
        "CREATE INDEX audit_by_kind ON audit (session, kind, row);\n"
        "CREATE INDEX audit_by_order ON audit (session, order_id) WHERE order_id IS NOT NULL;\n"
        "CREATE INDEX audit_by_intent ON audit (session, intent_id) WHERE intent_id IS NOT NULL;\n";
    sql += table(
        "orders",
        "order_id INTEGER NOT NULL, intent_id INTEGER, strategy INTEGER, position_id INTEGER, instrument TEXT NOT "
        "NULL, side TEXT NOT NULL, purpose TEXT NOT NULL, style TEXT NOT NULL, state TEXT NOT NULL, quantity "
        "INTEGER NOT NULL, filled INTEGER NOT NULL, " +
            price_columns({"price_limit", "average"}) + ", " + money_columns({"filled_value"}) +
            ", broker_order INTEGER, " + time_column("created") + ", " + time_column("updated") +
            ", reprices INTEGER NOT NULL, client_id TEXT NOT NULL, tag TEXT NOT NULL, why TEXT NOT NULL, "
            "state_reason TEXT NOT NULL",
        "order_id");
    sql += "CREATE INDEX orders_by_time ON orders (session, created_ns);\n";
    sql += row_table("order_events",
                     "order_id INTEGER NOT NULL, from_state TEXT NOT NULL, to_state TEXT NOT NULL, filled "
                     "INTEGER NOT NULL, " +
                         price_columns({"price_limit"}) + ", detail TEXT NOT NULL");
    sql += "CREATE INDEX order_events_by_order ON order_events (session, order_id);\n";
    sql += row_table("fills",
                     "fill_id INTEGER, order_id INTEGER, position_id INTEGER, strategy INTEGER, instrument TEXT "
                     "NOT NULL, side TEXT NOT NULL, flags INTEGER NOT NULL, quantity INTEGER NOT NULL, " +
                         price_columns({"price", "bid", "ask", "underlying"}) + ", " +
                         money_columns({"charges", "brokerage", "stt", "exchange", "sebi", "stamp", "gst", "ipft"}));
    sql += "CREATE INDEX fills_by_order ON fills (session, order_id);\n";
    const std::string held = "strategy TEXT NOT NULL, script_version TEXT NOT NULL, instrument TEXT NOT NULL, ";
    sql += table("positions",
                 "position_id INTEGER NOT NULL, " + held +
                     "side TEXT NOT NULL, quantity INTEGER NOT NULL, opened_quantity INTEGER NOT NULL, " +
                     price_columns({"entry", "exit", "last", "underlying_entry", "last_underlying", "stop", "target"}) +
                     ", levels_on_premium INTEGER NOT NULL, stop_rule TEXT NOT NULL, " +
                     money_columns({"gross", "charges", "net"}) + ", " + time_column("opened") + ", " +
                     time_column("closed", false) +
                     ", tag TEXT NOT NULL, why TEXT NOT NULL, model_priced INTEGER NOT NULL, last_change TEXT NOT NULL",
                 "position_id");
    sql +=
        "CREATE INDEX positions_open ON positions (session, opened_ns) WHERE quantity > 0;\n"
        "CREATE INDEX positions_by_time ON positions (session, opened_ns);\n";
    sql += table(
        "trades",
        "number INTEGER NOT NULL, position_id INTEGER NOT NULL, " + held +
            "underlying TEXT NOT NULL, side TEXT NOT NULL, quantity INTEGER NOT NULL, lot_text TEXT NOT NULL, " +
            price_columns({"entry", "exit"}) + ", " + money_columns({"gross", "charges", "net"}) + ", " +
            time_column("opened") + ", " + time_column("closed", false) +
            ", exit_priority INTEGER NOT NULL, exit_rule TEXT NOT NULL, exit_values TEXT NOT NULL, exit_text TEXT "
            "NOT NULL, tag TEXT NOT NULL, why TEXT NOT NULL, model_priced INTEGER NOT NULL",
        "number");
    sql += "CREATE INDEX trades_by_time ON trades (session, opened_ns);\n";
    sql += row_table("exit_audit",
                     "position_id INTEGER, strategy INTEGER, instrument TEXT NOT NULL, priority INTEGER NOT "
                     "NULL, rule TEXT NOT NULL, looked_at TEXT NOT NULL, text TEXT NOT NULL, fraction REAL "
                     "NOT NULL, decided_by TEXT NOT NULL, script TEXT NOT NULL, " +
                         price_columns({"underlying", "price"}));
    sql += row_table("risk_checks",
                     "intent_id INTEGER, order_id INTEGER, strategy INTEGER, instrument TEXT NOT NULL, "
                     "passed INTEGER NOT NULL, code TEXT NOT NULL, looked_at TEXT NOT NULL, text TEXT NOT "
                     "NULL");
    sql += row_table("skips", "strategy INTEGER, symbol TEXT NOT NULL, why TEXT NOT NULL, " + time_column("first") +
                                  ", " + time_column("last") + ", count INTEGER NOT NULL");
    sql += row_table("script_versions",
                     "strategy INTEGER, name TEXT NOT NULL, version TEXT NOT NULL, sha256 TEXT NOT "
                     "NULL, status TEXT NOT NULL, detail TEXT NOT NULL");
    sql +=
        row_table("halts", "kind TEXT NOT NULL, active INTEGER NOT NULL, looked_at TEXT NOT NULL, text TEXT NOT NULL");
    sql += row_table("commands",
                     "command TEXT NOT NULL, operator TEXT NOT NULL, argument TEXT NOT NULL, reason TEXT NOT "
                     "NULL, outcome TEXT NOT NULL");
    sql += row_table("states",
                     "strategy INTEGER, symbol TEXT NOT NULL, name TEXT NOT NULL, from_value TEXT NOT NULL, "
                     "to_value TEXT NOT NULL, looked_at TEXT NOT NULL");
    sql += row_table("notes", "level TEXT NOT NULL, source TEXT NOT NULL, text TEXT NOT NULL");
    sql += row_table("equity", money_columns({"equity", "gross", "charges", "net"}) + ", detail TEXT NOT NULL");
    return sql;
}

Result<int64_t> version_of(const sqlite::Database& database, std::span<const Migration> migrations) {
    const auto application = database.number("PRAGMA application_id");
    if (!application) return application.error();
    const auto version = database.number("PRAGMA user_version");
    if (!version) return version.error();
    const auto tables = database.number("SELECT count(*) FROM sqlite_schema");
    if (!tables) return tables.error();
    if (*application != kLedgerApplicationId && (*application != 0 || *tables != 0)) {
        return make_error(
            ErrorCode::corrupt,
            fmt::format("ledger {}: this is another program's database; name another file", database.path()));
    }
    if (*version > migrations.back().version) {
        return make_error(ErrorCode::input,
                          fmt::format("ledger {}: it has version {}, this engine knows up to {}; use the "
                                      "newer engine, or another --home",
                                      database.path(), *version, migrations.back().version));
    }
    return *version;
}

}  // namespace

std::span<const Migration> ledger_migrations() {
    static const std::vector<Migration> kMigrations{{1, "first tables", first_tables()}};
    return kMigrations;
}

Result<void> migrate(const sqlite::Database& database, std::span<const Migration> migrations) {
    const auto before = version_of(database, migrations);
    if (!before) return before.error();
    if (*before == migrations.back().version) return {};
    if (auto begun = database.run("BEGIN IMMEDIATE"); !begun) return begun;
    // Read again: another engine may have done it while this one waited for the lock.
    const auto version = version_of(database, migrations);
    if (!version) return version.error();
    std::string sql =
        "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, description TEXT NOT NULL);\n";
    for (const Migration& migration : migrations) {
        if (migration.version <= *version) continue;
        sql += migration.sql;
        sql += fmt::format("INSERT INTO schema_version VALUES ({}, '{}');\n", migration.version, migration.description);
    }
    sql += fmt::format("PRAGMA application_id = {};\nPRAGMA user_version = {};\nCOMMIT;", kLedgerApplicationId,
                       migrations.back().version);
    auto done = database.run(sql);
    if (!done && database.in_transaction()) {
        const auto undone = database.run("ROLLBACK");
        (void)undone;
    }
    return done;
}

Result<void> check_version(const sqlite::Database& database, std::span<const Migration> migrations) {
    const auto version = version_of(database, migrations);
    if (!version) return version.error();
    if (*version < migrations.back().version) {
        return make_error(ErrorCode::input, fmt::format("ledger {}: it has version {}, older than {}; any run of this "
                                                        "engine on it brings it up to date",
                                                        database.path(), *version, migrations.back().version));
    }
    return {};
}

}  // namespace tide
