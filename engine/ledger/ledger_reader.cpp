#include "ledger/ledger_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "ledger/ledger_reader_impl.hpp"
#include "ledger/ledger_schema.hpp"

namespace tide {
namespace {

using sqlite::Database;
using sqlite::Statement;

// A path as part of a URI: what could be taken for the URI's own signs is escaped.
std::string uri_of(const std::string& path) {
    std::string out = "file:";
    for (const char c : std::filesystem::absolute(path).string()) {
        if (c == '%' || c == '?' || c == '#') {
            out += fmt::format("%{:02x}", static_cast<unsigned>(c));
        } else {
            out.push_back(c);
        }
    }
    return out + "?immutable=1";
}
TradeRow read_trade(const Statement& s) {
    ColumnReader in(s);
    TradeRow row;
    row.number = in.integer();
    row.position = in.whole();
    row.strategy = in.text();
    row.script_version = in.text();
    row.instrument = in.text();
    row.underlying = in.text();
    row.side = in.text();
    row.quantity = in.integer();
    row.lot_text = in.text();
    row.entry = in.price();
    row.exit = in.price();
    row.gross = in.money();
    row.charges = in.money();
    row.net = in.money();
    row.opened = in.time();
    row.closed = in.maybe_time();
    row.exit_priority = static_cast<int>(in.integer());
    row.exit_rule = in.text();
    row.exit_values = in.text();
    row.exit_text = in.text();
    row.tag = in.text();
    row.why = in.text();
    row.model_priced = in.flag();
    return row;
}
constexpr std::string_view kTradeColumns =
    "number, position_id, strategy, script_version, instrument, underlying, side, quantity, lot_text, entry, exit, "
    "gross, "
    "charges, net, opened_ns, closed_ns, exit_priority, exit_rule, exit_values, exit_text, tag, why, model_priced";

OrderRow read_order(const Statement& s) {
    ColumnReader in(s);
    OrderRow row;
    row.id = in.whole();
    row.intent = in.whole();
    row.position = in.whole();
    row.broker_order = in.whole();
    row.client_id = in.text();
    row.instrument = in.text();
    row.side = in.text();
    row.purpose = in.text();
    row.style = in.text();
    row.state = in.text();
    row.quantity = in.integer();
    row.filled = in.integer();
    row.limit = in.price();
    row.average = in.maybe_price();
    row.reprices = static_cast<int32_t>(in.integer());
    row.created = in.time();
    row.updated = in.time();
    row.tag = in.text();
    row.why = in.text();
    row.state_reason = in.text();
    row.group = in.whole();
    return row;
}
constexpr std::string_view kOrderColumns =
    "order_id, intent_id, position_id, broker_order, client_id, instrument, side, purpose, style, state, quantity, "
    "filled, "
    "price_limit, average, reprices, created_ns, updated_ns, tag, why, state_reason, group_id";

PositionRow read_position(const Statement& s) {
    ColumnReader in(s);
    PositionRow row;
    row.id = in.whole();
    row.strategy = in.text();
    row.script_version = in.text();
    row.instrument = in.text();
    row.side = in.text();
    row.quantity = in.integer();
    row.opened_quantity = in.integer();
    row.entry = in.price();
    row.last = in.price();
    row.last_underlying = in.price();
    row.stop = in.maybe_price();
    row.target = in.maybe_price();
    row.levels_on_premium = in.flag();
    row.stop_rule = in.text();
    row.gross = in.money();
    row.charges = in.money();
    row.net = in.money();
    row.opened = in.time();
    row.closed = in.maybe_time();
    row.tag = in.text();
    row.why = in.text();
    row.model_priced = in.flag();
    row.group = in.whole();
    return row;
}
constexpr std::string_view kPositionColumns =
    "position_id, strategy, script_version, instrument, side, quantity, opened_quantity, entry, last, last_underlying, "
    "stop, target, levels_on_premium, stop_rule, gross, charges, net, opened_ns, closed_ns, tag, why, model_priced, "
    "group_id";

// What a query of one session's rows is made of. The newest `limit` rows by `order_by`, given oldest first.
struct RowQuery {
    std::string_view table, columns, time_column, order_by;
    std::string condition;
};

template <class Row>
Result<std::vector<Row>> read_rows(const Database& database, const Result<std::vector<SessionKey>>& sessions,
                                   const RowQuery& query, const RowFilter& filter, Row (*read)(const Statement&)) {
    if (!sessions) return sessions.error();
    std::string sql =
        fmt::format("SELECT {} FROM {} WHERE session = ?1{}", query.columns, query.table, query.condition);
    if (filter.from) sql += fmt::format(" AND {} >= {}", query.time_column, filter.from->time_since_epoch().count());
    if (filter.to) sql += fmt::format(" AND {} < {}", query.time_column, filter.to->time_since_epoch().count());
    sql += fmt::format(" ORDER BY {0} DESC", query.order_by);
    if (filter.limit > 0) sql += " LIMIT ?2";
    auto statement = database.prepare(sql);
    if (!statement) return statement.error();
    std::vector<Row> newest_first;
    for (auto session = sessions->rbegin(); session != sessions->rend(); ++session) {
        statement->reset();
        statement->bind(1, session->number);
        if (filter.limit > 0) {
            const int64_t left = filter.limit - static_cast<int64_t>(newest_first.size());
            if (left <= 0) break;
            statement->bind(2, left);
        }
        int code = statement->step();
        for (; code == SQLITE_ROW; code = statement->step()) {
            newest_first.push_back(read(*statement));
            newest_first.back().session_id = session->session_id;
        }
        if (code != SQLITE_DONE) return database.last_error(fmt::format("read its {}", query.table));
    }
    std::reverse(newest_first.begin(), newest_first.end());
    return newest_first;
}

}  // namespace

Result<std::vector<SessionKey>> LedgerReader::Impl::sessions_matching(const std::string& wanted) const {
    std::string sql = "SELECT number, session_id FROM sessions ";
    const bool by_name = !wanted.empty() && wanted != "all";
    if (wanted.empty()) sql += "ORDER BY number DESC LIMIT 1";
    if (wanted == "all") sql += "ORDER BY number";
    // An exact id or number beats a beginning.
    if (by_name) {
        sql +=
            "WHERE session_id = ?1 OR CAST(number AS TEXT) = ?1 OR substr(session_id, 1, length(?1)) = ?1 "
            "ORDER BY (session_id = ?1) DESC, (CAST(number AS TEXT) = ?1) DESC, number";
    }
    auto statement = database.prepare(sql);
    if (!statement) return statement.error();
    if (by_name) statement->bind_all(wanted);
    std::vector<SessionKey> found;
    int code = statement->step();
    for (; code == SQLITE_ROW; code = statement->step()) found.push_back({statement->integer(0), statement->text(1)});
    if (code != SQLITE_DONE) return database.last_error("read its sessions");
    if (!by_name) return found;
    if (found.empty()) {
        return make_error(
            ErrorCode::not_found,
            fmt::format("ledger {}: no session '{}'; 'engine sessions' lists what there is", database.path(), wanted));
    }
    const bool exact = found[0].session_id == wanted || std::to_string(found[0].number) == wanted;
    if (found.size() > 1 && !exact) {
        return make_error(ErrorCode::usage, fmt::format("ledger {}: {} sessions begin with '{}'; give more of the id",
                                                        database.path(), found.size(), wanted));
    }
    found.resize(1);
    return found;
}

std::string ColumnReader::hex() {
    std::string out;
    for (const char byte : s_.bytes(next_++)) {
        out += fmt::format("{:02x}", static_cast<unsigned>(static_cast<unsigned char>(byte)));
    }
    return out;
}

LedgerReader::LedgerReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LedgerReader::~LedgerReader() = default;
LedgerReader::LedgerReader(LedgerReader&&) noexcept = default;
const std::string& LedgerReader::path() const { return impl_->database.path(); }

Result<LedgerReader> LedgerReader::open(const std::string& path) {
    std::error_code missing;
    if (!std::filesystem::exists(path, missing)) {
        return make_error(
            ErrorCode::not_found,
            fmt::format("ledger {}: there is none yet; a run creates it (or name one with --home)", path));
    }
    auto database = Database::open(path, path, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, 2'000);
    if (!database) return database.error();
    auto checked = check_version(*database, ledger_migrations());
    // A reader of a WAL database makes small files beside it. Where it may not, and nothing is waiting in a log, the
    // file can be read as it is.
    if (!checked && checked.error().code == ErrorCode::io && !std::filesystem::exists(path + "-wal", missing)) {
        auto as_it_is =
            Database::open(uri_of(path), path, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, 0);
        if (!as_it_is) return as_it_is.error();
        database = std::move(as_it_is);
        checked = check_version(*database, ledger_migrations());
    }
    if (!checked) return checked.error();
    return LedgerReader(std::make_unique<Impl>(Impl{std::move(*database)}));
}

Result<std::vector<SessionRow>> LedgerReader::sessions() const {
    auto statement = impl_->database.prepare(
        "SELECT number, session_id, mode, detail, started_ns, ended_ns, audit_rows, audit_head, "
        "(SELECT count(*) FROM trades t WHERE t.session = s.number), "
        "(SELECT coalesce(sum(t.net), 0) FROM trades t WHERE t.session = s.number) FROM sessions s ORDER BY s.number");
    if (!statement) return statement.error();
    std::vector<SessionRow> rows;
    int code = statement->step();
    for (; code == SQLITE_ROW; code = statement->step()) {
        ColumnReader in(*statement);
        SessionRow& row = rows.emplace_back();
        row.number = in.integer();
        row.session_id = in.text();
        row.mode = in.text();
        row.detail = in.text();
        row.started = in.maybe_time();
        row.ended = in.maybe_time();
        row.audit_rows = in.whole();
        row.audit_head = in.hex();
        row.trades = in.integer();
        row.net = in.money();
    }
    if (code != SQLITE_DONE) return impl_->database.last_error("read its sessions");
    return rows;
}

Result<std::vector<TradeRow>> LedgerReader::trades(const RowFilter& filter) const {
    return read_rows<TradeRow>(impl_->database, impl_->sessions_matching(filter.session),
                               {"trades", kTradeColumns, "opened_ns", "number", ""}, filter, read_trade);
}
Result<std::vector<OrderRow>> LedgerReader::orders(const RowFilter& filter) const {
    return read_rows<OrderRow>(impl_->database, impl_->sessions_matching(filter.session),
                               {"orders", kOrderColumns, "created_ns", "order_id", ""}, filter, read_order);
}
Result<std::vector<PositionRow>> LedgerReader::positions(const PositionFilter& filter) const {
    const std::string condition = filter.open_only ? " AND quantity > 0" : "";
    return read_rows<PositionRow>(impl_->database, impl_->sessions_matching(filter.session),
                                  {"positions", kPositionColumns, "opened_ns", "position_id", condition}, filter,
                                  read_position);
}

}  // namespace tide
