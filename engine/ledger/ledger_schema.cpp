#include "ledger/ledger_schema.hpp"

#include <fmt/format.h>

#include <string_view>
#include <vector>

namespace tide {
namespace {

enum class ColumnKind : uint8_t { whole, real, text, blob, time, price, money };
struct Column {
    std::string_view name;
    ColumnKind kind;
    bool required = true;
};
struct Table {
    std::string_view name;
    std::string_view key;  // with the session
    std::vector<Column> columns;
};

std::string stored_name(const Column& column) {
    return column.kind == ColumnKind::time ? fmt::format("{}_ns", column.name) : std::string(column.name);
}
std::string_view stored_type(ColumnKind kind) {
    switch (kind) {
        case ColumnKind::text:
            return "TEXT";
        case ColumnKind::blob:
            return "BLOB";
        case ColumnKind::real:
            return "REAL";
        case ColumnKind::whole:
        case ColumnKind::time:
        case ColumnKind::price:
        case ColumnKind::money:
            break;
    }
    return "INTEGER";
}
// What a person reads instead: Indian time, rupees, hex.
std::string readable(const Column& column) {
    switch (column.kind) {
        case ColumnKind::time:
            return fmt::format(
                "strftime('%Y-%m-%dT%H:%M:%S', {0}_ns / 1000000000 + 19800, 'unixepoch') || '+05:30' AS {0}",
                column.name);
        case ColumnKind::price:
            return fmt::format("printf('%.4f', {0} / 10000.0) AS {0}", column.name);
        case ColumnKind::money:
            return fmt::format("printf('%.2f', {0} / 10000.0) AS {0}", column.name);
        case ColumnKind::blob:
            return fmt::format("lower(hex({0})) AS {0}", column.name);
        case ColumnKind::whole:
        case ColumnKind::real:
        case ColumnKind::text:
            break;
    }
    return std::string(column.name);
}

std::string stored_columns(const Table& table) {
    std::string out;
    for (const Column& column : table.columns) {
        out +=
            fmt::format("{} {}{}, ", stored_name(column), stored_type(column.kind), column.required ? " NOT NULL" : "");
    }
    return out;
}
std::string readable_columns(const Table& table) {
    std::string out;
    for (const Column& column : table.columns) out += ", " + readable(column);
    return out;
}
std::string create_view(const Table& table) {
    return fmt::format(
        "CREATE VIEW {0}_readable AS SELECT session_id{1} FROM {0} JOIN (SELECT number AS session_number, session_id "
        "FROM sessions) ON session_number = session;\n",
        table.name, readable_columns(table));
}
std::string create(const Table& table) {
    return fmt::format("CREATE TABLE {} (session INTEGER NOT NULL, {}PRIMARY KEY (session, {})) WITHOUT ROWID;\n",
                       table.name, stored_columns(table), table.key) +
           create_view(table);
}

// A table whose rows belong to one audit row each.
Table of_rows(std::string_view name, std::vector<Column> columns) {
    std::vector<Column> all{{"row", ColumnKind::whole}, {"time", ColumnKind::time}};
    all.insert(all.end(), columns.begin(), columns.end());
    return {name, "row", std::move(all)};
}

Table fills_table() {
    using enum ColumnKind;
    return of_rows("fills",
                   {{"fill_id", whole},   {"order_id", whole},   {"position_id", whole}, {"strategy", whole},
                    {"instrument", text}, {"side", text},        {"flags", whole},       {"quantity", whole},
                    {"price", price},     {"bid", price, false}, {"ask", price, false},  {"underlying", price, false},
                    {"charges", money},   {"brokerage", money},  {"stt", money},         {"exchange", money},
                    {"sebi", money},      {"stamp", money},      {"gst", money},         {"ipft", money}});
}
std::vector<Table> order_tables() {
    using enum ColumnKind;
    return {
        {"orders", "order_id", {{"order_id", whole},       {"intent_id", whole},    {"strategy", whole},
                                {"position_id", whole},    {"instrument", text},    {"side", text},
                                {"purpose", text},         {"style", text},         {"state", text},
                                {"quantity", whole},       {"filled", whole},       {"price_limit", price, false},
                                {"average", price, false}, {"filled_value", money}, {"broker_order", whole},
                                {"created", time},         {"updated", time},       {"reprices", whole},
                                {"client_id", text},       {"tag", text},           {"why", text},
                                {"state_reason", text}}},
        of_rows("order_events", {{"order_id", whole},
                                 {"from_state", text},
                                 {"to_state", text},
                                 {"filled", whole},
                                 {"price_limit", price, false},
                                 {"detail", text}}),
        fills_table(),
    };
}
std::vector<Table> holding_tables() {
    using enum ColumnKind;
    return {
        {"positions",
         "position_id",
         {{"position_id", whole},
          {"strategy", text},
          {"script_version", text},
          {"instrument", text},
          {"side", text},
          {"quantity", whole},
          {"opened_quantity", whole},
          {"entry", price},
          {"exit", price, false},
          {"last", price, false},
          {"underlying_entry", price, false},
          {"last_underlying", price, false},
          {"stop", price, false},
          {"target", price, false},
          {"levels_on_premium", whole},
          {"stop_rule", text},
          {"gross", money},
          {"charges", money},
          {"net", money},
          {"opened", time},
          {"closed", time, false},
          {"tag", text},
          {"why", text},
          {"model_priced", whole},
          {"last_change", text}}},
        {"trades",
         "number",
         {{"number", whole},
          {"position_id", whole},
          {"strategy", text},
          {"script_version", text},
          {"instrument", text},
          {"underlying", text},
          {"side", text},
          {"quantity", whole},
          {"lot_text", text},
          {"entry", price},
          {"exit", price},
          {"gross", money},
          {"charges", money},
          {"net", money},
          {"opened", time},
          {"closed", time, false},
          {"exit_priority", whole},
          {"exit_rule", text},
          {"exit_values", text},
          {"exit_text", text},
          {"tag", text},
          {"why", text},
          {"model_priced", whole}}},
        of_rows("exit_audit", {{"position_id", whole},
                               {"strategy", whole},
                               {"instrument", text},
                               {"priority", whole},
                               {"rule", text},
                               {"looked_at", text},
                               {"text", text},
                               {"fraction", real},
                               {"decided_by", text},
                               {"script", text},
                               {"underlying", price, false},
                               {"price", price, false}}),
        of_rows("equity", {{"equity", money}, {"gross", money}, {"charges", money}, {"net", money}, {"detail", text}}),
    };
}
std::vector<Table> decision_tables() {
    using enum ColumnKind;
    return {
        of_rows("audit", {{"event_sequence", whole},
                          {"kind", text},
                          {"order_id", whole, false},
                          {"intent_id", whole, false},
                          {"text", text},
                          {"hash", blob}}),
        of_rows("risk_checks", {{"intent_id", whole},
                                {"order_id", whole},
                                {"strategy", whole},
                                {"instrument", text},
                                {"passed", whole},
                                {"code", text},
                                {"looked_at", text},
                                {"text", text}}),
        of_rows(
            "skips",
            {{"strategy", whole}, {"symbol", text}, {"why", text}, {"first", time}, {"last", time}, {"count", whole}}),
        of_rows("script_versions", {{"strategy", whole},
                                    {"name", text},
                                    {"version", text},
                                    {"sha256", text},
                                    {"status", text},
                                    {"detail", text}}),
        of_rows("halts", {{"kind", text}, {"active", whole}, {"looked_at", text}, {"text", text}}),
        of_rows("commands",
                {{"command", text}, {"operator", text}, {"argument", text}, {"reason", text}, {"outcome", text}}),
        of_rows("states", {{"strategy", whole},
                           {"symbol", text},
                           {"name", text},
                           {"from_value", text},
                           {"to_value", text},
                           {"looked_at", text}}),
        of_rows("notes", {{"level", text}, {"source", text}, {"text", text}}),
    };
}

std::string first_tables() {
    std::string sql =
        "CREATE TABLE sessions (number INTEGER PRIMARY KEY, session_id TEXT NOT NULL UNIQUE, mode TEXT NOT NULL, "
        "detail TEXT "
        "NOT NULL DEFAULT '', started_ns INTEGER, ended_ns INTEGER, audit_rows INTEGER NOT NULL DEFAULT 0, audit_head "
        "BLOB "
        "NOT NULL);\n";
    for (const auto& group : {decision_tables(), order_tables(), holding_tables()}) {
        for (const Table& table : group) sql += create(table);
    }
    return sql +
           "CREATE INDEX audit_by_time ON audit (session, time_ns);\n"
           "CREATE INDEX audit_by_kind ON audit (session, kind, row);\n"
           "CREATE INDEX audit_by_order ON audit (session, order_id) WHERE order_id IS NOT NULL;\n"
           "CREATE INDEX audit_by_intent ON audit (session, intent_id) WHERE intent_id IS NOT NULL;\n"
           "CREATE INDEX orders_by_time ON orders (session, created_ns);\n"
           "CREATE INDEX order_events_by_order ON order_events (session, order_id);\n"
           "CREATE INDEX fills_by_order ON fills (session, order_id);\n"
           "CREATE INDEX positions_by_time ON positions (session, opened_ns);\n"
           "CREATE INDEX positions_open ON positions (session, opened_ns) WHERE quantity > 0;\n"
           "CREATE INDEX trades_by_time ON trades (session, opened_ns);\n";
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

// What each fill realised, so that profit can be summed by day; and no index that another table or the order of rows
// makes needless: times never fall within a session, and most kinds have a table of their own that is keyed by row.
// What older fills realised stands in the position's row that follows each of them: its total less the one before.
std::string realised_by_fill() {
    Table fills = fills_table();
    fills.columns.push_back({"realised", ColumnKind::money});
    return "ALTER TABLE fills ADD COLUMN realised INTEGER NOT NULL DEFAULT 0;\n"
           "DROP VIEW fills_readable;\n" +
           create_view(fills) +
           "CREATE TEMP TABLE position_totals AS SELECT session, row, "
           "CAST(substr(text, instr(text, ' id=') + 4) AS INTEGER) AS position_id, "
           "CAST(round(CAST(substr(text, instr(text, ' realised=') + 10) AS REAL) * 10000) AS INTEGER) AS total "
           "FROM audit WHERE kind = 'position' AND instr(text, ' realised=') > 0;\n"
           "CREATE INDEX temp.totals_by_position ON position_totals (session, position_id, row);\n"
           "CREATE TEMP TABLE steps AS SELECT session, row, position_id, total - lag(total, 1, 0) OVER "
           "(PARTITION BY session, position_id ORDER BY row) AS step FROM position_totals;\n"
           "CREATE INDEX temp.steps_by_row ON steps (session, row);\n"
           "UPDATE fills SET realised = coalesce((SELECT step FROM steps WHERE steps.session = fills.session AND "
           "steps.row > fills.row AND steps.row <= fills.row + 2 AND steps.position_id = fills.position_id "
           "ORDER BY steps.row LIMIT 1), 0);\n"
           "DROP TABLE steps;\nDROP TABLE position_totals;\n"
           "DROP INDEX audit_by_time;\nDROP INDEX audit_by_kind;\nDROP INDEX audit_by_order;\n"
           "CREATE INDEX audit_plain_kinds ON audit (session, kind, row) WHERE kind IN ('session', 'day', 'intent', "
           "'position', 'trade');\n";
}

// Legs that are entered and left as one, a row for each change of state; which orders and positions are legs (0: not).
std::string order_groups() {
    using enum ColumnKind;
    return create(of_rows("order_groups", {{"group_id", whole},
                                           {"strategy", text},
                                           {"underlying", text},
                                           {"from_state", text},
                                           {"to_state", text},
                                           {"rule", text},
                                           {"text", text},
                                           {"legs", text},
                                           {"loss_limit", money, false}})) +
           "CREATE INDEX order_groups_by_group ON order_groups (session, group_id);\n"
           "ALTER TABLE orders ADD COLUMN group_id INTEGER NOT NULL DEFAULT 0;\n"
           "ALTER TABLE positions ADD COLUMN group_id INTEGER NOT NULL DEFAULT 0;\n";
}

}  // namespace

std::span<const Migration> ledger_migrations() {
    static const std::vector<Migration> kMigrations{{1, "first tables", first_tables()},
                                                    {2, "what each fill realised", realised_by_fill()},
                                                    {3, "groups of orders", order_groups()}};
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
