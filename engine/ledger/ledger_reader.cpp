#include "ledger/ledger_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "ledger/ledger_schema.hpp"
#include "ledger/sqlite.hpp"
#include "trading/records.hpp"

namespace tide {
namespace {

using sqlite::Database;
using sqlite::Statement;

struct SessionKey {
    int64_t number;
    std::string session_id;
};

std::string hex_of(std::string_view bytes) {
    std::string out;
    for (const char byte : bytes) out += fmt::format("{:02x}", static_cast<unsigned>(static_cast<unsigned char>(byte)));
    return out;
}
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
std::optional<Price> optional_price(const Statement& s, int column) {
    return s.is_null(column) ? std::nullopt : std::optional(s.price(column));
}
std::optional<ReceiveTime> optional_time(const Statement& s, int column) {
    return s.is_null(column) ? std::nullopt : std::optional(s.time(column));
}

// Reads columns in order.
class ColumnReader {
  public:
    explicit ColumnReader(const Statement& statement) : s_(statement) {}
    std::string text() { return s_.text(next_++); }
    int64_t integer() { return s_.integer(next_++); }
    uint64_t whole() { return s_.whole(next_++); }
    bool flag() { return s_.integer(next_++) != 0; }
    Price price() { return s_.price(next_++); }
    Money money() { return s_.money(next_++); }
    ReceiveTime time() { return s_.time(next_++); }
    std::optional<Price> maybe_price() { return optional_price(s_, next_++); }
    std::optional<ReceiveTime> maybe_time() { return optional_time(s_, next_++); }

  private:
    const Statement& s_;
    int next_ = 0;
};

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
    return row;
}
constexpr std::string_view kOrderColumns =
    "order_id, intent_id, position_id, broker_order, client_id, instrument, side, purpose, style, state, quantity, "
    "filled, "
    "price_limit, average, reprices, created_ns, updated_ns, tag, why, state_reason";

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
    return row;
}
constexpr std::string_view kPositionColumns =
    "position_id, strategy, script_version, instrument, side, quantity, opened_quantity, entry, last, last_underlying, "
    "stop, target, levels_on_premium, stop_rule, gross, charges, net, opened_ns, closed_ns, tag, why, model_priced";

AuditRow read_audit(const Statement& s) {
    ColumnReader in(s);
    AuditRow row;
    row.row = in.whole();
    row.event_sequence = in.whole();
    row.time = in.time();
    row.kind = in.text();
    row.text = in.text();
    row.hash = hex_of(in.text());
    return row;
}

// What a query of one session's rows is made of. The newest `limit` rows by `order_by`, given oldest first.
struct RowQuery {
    std::string_view table, columns, time_column, order_by;
    std::string condition;
};

}  // namespace

struct LedgerReader::Impl {
    Database database;

    Result<std::vector<SessionKey>> sessions_matching(const std::string& wanted) const;
    template <class Row>
    Result<std::vector<Row>> rows(const RowQuery& query, const RowFilter& filter, Row (*read)(const Statement&)) const;
    Result<AuditVerdict::Session> verify(const SessionKey& session) const;
};

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

template <class Row>
Result<std::vector<Row>> LedgerReader::Impl::rows(const RowQuery& query, const RowFilter& filter,
                                                  Row (*read)(const Statement&)) const {
    const auto sessions = sessions_matching(filter.session);
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
        row.audit_head = hex_of(in.text());
        row.trades = in.integer();
        row.net = in.money();
    }
    if (code != SQLITE_DONE) return impl_->database.last_error("read its sessions");
    return rows;
}

Result<std::vector<TradeRow>> LedgerReader::trades(const RowFilter& filter) const {
    return impl_->rows<TradeRow>({"trades", kTradeColumns, "opened_ns", "number", ""}, filter, read_trade);
}
Result<std::vector<OrderRow>> LedgerReader::orders(const RowFilter& filter) const {
    return impl_->rows<OrderRow>({"orders", kOrderColumns, "created_ns", "order_id", ""}, filter, read_order);
}
Result<std::vector<PositionRow>> LedgerReader::positions(const PositionFilter& filter) const {
    const std::string condition = filter.open_only ? " AND quantity > 0" : "";
    return impl_->rows<PositionRow>({"positions", kPositionColumns, "opened_ns", "position_id", condition}, filter,
                                    read_position);
}

Result<std::vector<AuditRow>> LedgerReader::audit(const AuditFilter& filter) const {
    RowQuery query{"audit", "row, event_sequence, time_ns, kind, text, hash", "time_ns", "row", ""};
    if (!filter.kind.empty()) {
        const bool plain =
            std::all_of(filter.kind.begin(), filter.kind.end(), [](char c) { return c >= 'a' && c <= 'z'; });
        if (!plain) {
            return make_error(ErrorCode::usage,
                              fmt::format("--kind '{}': use one of session, day, script, intent, risk, "
                                          "order, fill, position, trade, exit, skip, halt, command, "
                                          "state, note, equity",
                                          filter.kind));
        }
        query.condition += fmt::format(" AND kind = '{}'", filter.kind);
    }
    if (filter.order) {
        const auto id = static_cast<int64_t>(*filter.order);
        query.condition += fmt::format(
            " AND row IN (SELECT row FROM audit WHERE session = ?1 AND order_id = {0} UNION SELECT row FROM audit "
            "WHERE "
            "session = ?1 AND intent_id = (SELECT intent_id FROM orders WHERE session = ?1 AND order_id = {0} AND "
            "intent_id <> 0))",
            id);
    }
    return impl_->rows<AuditRow>(query, filter, read_audit);
}

Result<AuditVerdict::Session> LedgerReader::Impl::verify(const SessionKey& session) const {
    AuditVerdict::Session verdict;
    verdict.session_id = session.session_id;
    auto statement = database.prepare("SELECT row, time_ns, text, hash FROM audit WHERE session = ? ORDER BY row");
    if (!statement) return statement.error();
    statement->bind_all(session.number);
    Sha256Digest head{};
    int code = statement->step();
    for (; code == SQLITE_ROW; code = statement->step()) {
        const uint64_t row = statement->whole(0);
        if (row != verdict.rows + 1) {
            verdict.bad_row = verdict.rows + 1;
            verdict.problem = fmt::format("row {} is missing", verdict.rows + 1);
            return verdict;
        }
        const Sha256Digest hash = AuditChain::hash_of(head, row, statement->time(1), statement->bytes(2));
        if (statement->digest(3) != hash) {
            verdict.bad_row = row;
            verdict.problem =
                fmt::format("row {}: its hash does not follow from row {} and its own time and text", row, row - 1);
            return verdict;
        }
        head = hash;
        ++verdict.rows;
    }
    if (code != SQLITE_DONE) return database.last_error("read its audit rows");
    verdict.head = to_hex(head);
    auto remembered = database.prepare("SELECT audit_rows, audit_head FROM sessions WHERE number = ?");
    if (!remembered) return remembered.error();
    remembered->bind_all(session.number);
    if (remembered->step() != SQLITE_ROW) return database.last_error("read its sessions");
    if (remembered->whole(0) != verdict.rows || remembered->digest(1) != head) {
        verdict.bad_row = verdict.rows + 1;
        verdict.problem = fmt::format("the session recorded {} rows, {} are there", remembered->whole(0), verdict.rows);
    }
    return verdict;
}

Result<AuditVerdict> LedgerReader::verify_audit(const std::string& session) const {
    auto check = impl_->database.prepare("PRAGMA quick_check(1)");
    if (!check) return check.error();
    if (check->step() != SQLITE_ROW) return impl_->database.last_error("check it");
    if (check->bytes(0) != "ok") {
        return make_error(ErrorCode::corrupt,
                          fmt::format("ledger {}: the database is damaged ({}); move it away and restore a backup, or "
                                      "rebuild it from the journals",
                                      path(), check->text(0)));
    }
    check->reset();
    const auto begun = impl_->database.run("BEGIN");  // one state of the ledger for all that follows
    if (!begun) return begun.error();
    AuditVerdict verdict;
    std::optional<Error> error;
    const auto sessions = impl_->sessions_matching(session);
    if (!sessions) error = sessions.error();
    for (size_t i = 0; !error && i < sessions->size(); ++i) {
        auto of_session = impl_->verify((*sessions)[i]);
        if (!of_session) error = of_session.error();
        if (of_session) verdict.sessions.push_back(std::move(*of_session));
    }
    const auto ended = impl_->database.run("COMMIT");
    if (error) return *error;
    if (!ended) return ended.error();
    return verdict;
}

bool AuditVerdict::holds() const {
    return std::none_of(sessions.begin(), sessions.end(), [](const Session& s) { return s.bad_row.has_value(); });
}

}  // namespace tide
