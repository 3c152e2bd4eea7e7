#include "ledger/ledger_rows.hpp"

#include <fmt/format.h>

#include <utility>

namespace tide {
namespace {

using sqlite::Database;
using sqlite::Statement;

// "INSERT INTO table (columns) VALUES (?, …)", the first column always `session`.
std::string insert_sql(std::string_view table, std::string_view columns) {
    size_t count = 1;
    for (const char c : columns) count += c == ',' ? 1 : 0;
    std::string marks = "?";
    for (size_t i = 0; i < count; ++i) marks += ", ?";
    return fmt::format("INSERT INTO {} (session, {}) VALUES ({})", table, columns, marks);
}

constexpr std::string_view kOrderColumns =
    "order_id, intent_id, strategy, position_id, instrument, side, purpose, style, state, quantity, filled, "
    "price_limit, "
    "average, filled_value, broker_order, created_ns, updated_ns, reprices, client_id, tag, why, state_reason, "
    "group_id";
constexpr std::string_view kOrderUpdates =
    " ON CONFLICT (session, order_id) DO UPDATE SET position_id = excluded.position_id, state = excluded.state, "
    "quantity = excluded.quantity, filled = excluded.filled, price_limit = excluded.price_limit, average = "
    "excluded.average, filled_value = excluded.filled_value, broker_order = excluded.broker_order, updated_ns = "
    "excluded.updated_ns, reprices = excluded.reprices, state_reason = excluded.state_reason";
constexpr std::string_view kPositionColumns =
    "position_id, strategy, script_version, instrument, side, quantity, opened_quantity, entry, exit, last, "
    "underlying_entry, last_underlying, stop, target, levels_on_premium, stop_rule, gross, charges, net, opened_ns, "
    "closed_ns, tag, why, model_priced, last_change, group_id";
constexpr std::string_view kPositionUpdates =
    " ON CONFLICT (session, position_id) DO UPDATE SET quantity = excluded.quantity, opened_quantity = "
    "excluded.opened_quantity, entry = excluded.entry, exit = excluded.exit, last = excluded.last, last_underlying = "
    "excluded.last_underlying, stop = excluded.stop, target = excluded.target, levels_on_premium = "
    "excluded.levels_on_premium, stop_rule = excluded.stop_rule, gross = excluded.gross, charges = excluded.charges, "
    "net "
    "= excluded.net, closed_ns = excluded.closed_ns, model_priced = excluded.model_priced, last_change = "
    "excluded.last_change";

std::optional<uint64_t> order_of(const RecordBody& body) {
    uint64_t id = 0;
    if (const auto* risk = std::get_if<RiskRecord>(&body)) id = risk->order.value();
    if (const auto* order = std::get_if<OrderRecord>(&body)) id = order->order.id.value();
    if (const auto* fill = std::get_if<FillRecord>(&body)) id = fill->fill.order.value();
    return id == 0 ? std::nullopt : std::optional(id);
}
std::optional<uint64_t> intent_of(const RecordBody& body) {
    uint64_t id = 0;
    if (const auto* intent = std::get_if<IntentRecord>(&body)) id = intent->intent.id.value();
    if (const auto* risk = std::get_if<RiskRecord>(&body)) id = risk->intent.value();
    if (const auto* parent = std::get_if<ParentRecord>(&body)) id = parent->parent.id().value();
    return id == 0 ? std::nullopt : std::optional(id);
}
// 0 stands for none in these prices; none is NULL.
std::optional<Price> known(Price price) { return price.positive() ? std::optional(price) : std::nullopt; }

}  // namespace

struct LedgerRows::Statements {
    Statement audit, session_start, session_end, order, order_event, fill, position, trade, exit, risk, skip, script,
        halt, command, state, note, equity, group;

    // One overload a kind of record; `at` is what all rows of their own table begin with.
    struct At {
        int64_t session;
        uint64_t row;
        ReceiveTime time;
    };
    template <class... Values>
    static Result<void> put_row(const Database& database, Statement& statement, const At& at, const Values&... values) {
        return database.put(statement, at.session, at.row, at.time, values...);
    }

    Result<void> write(const Database& db, const At& at, const SessionRecord& r) {
        if (r.phase == "end") return db.put(session_end, at.session, at.time);
        return db.put(session_start, at.session, at.time, r.mode, r.detail);
    }
    Result<void> write(const Database&, const At&, const DayRecord&) { return {}; }     // the audit row says it all
    Result<void> write(const Database&, const At&, const IntentRecord&) { return {}; }  // as above
    Result<void> write(const Database& db, const At& at, const ScriptRecord& r) {
        return put_row(db, script, at, r.strategy, r.name, r.version, r.sha256, r.status, r.detail);
    }
    Result<void> write(const Database& db, const At& at, const RiskRecord& r) {
        return put_row(db, risk, at, r.intent, r.order, r.strategy, r.instrument, r.passed, r.code, r.values, r.text);
    }
    Result<void> write(const Database& db, const At& at, const OrderRecord& r) {
        const Order& o = r.order;
        std::optional<Price> average;
        if (o.filled.units() > 0) average = Price::from_units(scale(o.filled_value, 1, o.filled.units()).units());
        auto written =
            db.put(order, at.session, o.id, o.intent, o.strategy, o.position, r.instrument, name_of(o.side),
                   name_of(o.purpose), o.style == PriceStyle::passive ? "passive" : "aggressive", name_of(o.state),
                   o.quantity, o.filled, known(o.limit), average, o.filled_value, o.broker_order, o.created, o.updated,
                   int64_t{o.reprices}, o.client_id, o.tag, o.why, o.state_reason, o.group);
        if (!written) return written;
        return put_row(db, order_event, at, o.id, name_of(r.from), name_of(o.state), o.filled, known(o.limit),
                       r.detail);
    }
    // The audit row says it all.
    Result<void> write(const Database&, const At&, const ParentRecord&) { return {}; }
    Result<void> write(const Database& db, const At& at, const FillRecord& r) {
        const Fill& f = r.fill;
        return put_row(db, fill, at, f.id, f.order, f.position, f.strategy, r.instrument, name_of(f.side),
                       int64_t{f.flags}, f.quantity, f.price, known(r.bid), known(r.ask), known(r.underlying),
                       f.charges, r.brokerage, r.stt, r.exchange, r.sebi, r.stamp, r.gst, r.ipft, r.realised);
    }
    Result<void> write(const Database& db, const At& at, const PositionRecord& r) {
        const Position& p = r.position;
        return db.put(position, at.session, p.id, p.strategy_name, p.script_version, r.instrument, name_of(p.side),
                      p.quantity, p.opened_quantity, p.entry_price, known(p.exit_price), known(p.last_price),
                      known(p.underlying_entry), known(p.last_underlying), p.levels.stop, p.levels.target,
                      p.levels.on_premium, p.levels.stop_rule, p.gross(), p.charges, p.net(), p.opened, p.closed, p.tag,
                      p.why, p.model_priced, r.what, p.group);
    }
    Result<void> write(const Database& db, const At& at, const TradeRecord& r) {
        const Position& p = r.position;
        return db.put(trade, at.session, r.number, p.id, p.strategy_name, p.script_version, r.instrument, r.underlying,
                      name_of(p.side), p.opened_quantity, r.lot_text, p.entry_price, p.exit_price, p.gross(), p.charges,
                      p.net(), p.opened, p.closed, r.exit.priority, r.exit.rule, r.exit.values, r.exit.text, p.tag,
                      p.why, p.model_priced);
    }
    Result<void> write(const Database& db, const At& at, const ExitRecord& r) {
        return put_row(db, exit, at, r.position, r.strategy, r.instrument, r.reason.priority, r.reason.rule,
                       r.reason.values, r.reason.text, r.fraction, r.decided_by, r.script, known(r.underlying),
                       known(r.price));
    }
    Result<void> write(const Database& db, const At& at, const SkipRecord& r) {
        return put_row(db, skip, at, r.strategy, r.symbol, r.why, r.first, r.last, r.count);
    }
    Result<void> write(const Database& db, const At& at, const HaltRecord& r) {
        return put_row(db, halt, at, r.kind, r.active, r.values, r.text);
    }
    Result<void> write(const Database& db, const At& at, const CommandRecord& r) {
        return put_row(db, command, at, r.command, r.operator_name, r.argument, r.reason, r.outcome);
    }
    Result<void> write(const Database& db, const At& at, const CategoryRecord& r) {
        return put_row(db, state, at, r.strategy, r.symbol, r.name, r.from, r.to, r.values);
    }
    Result<void> write(const Database& db, const At& at, const NoteRecord& r) {
        return put_row(db, note, at, r.level, r.source, r.text);
    }
    Result<void> write(const Database& db, const At& at, const EquityRecord& r) {
        return put_row(db, equity, at, r.equity, r.gross, r.charges, r.net, r.detail);
    }
    Result<void> write(const Database& db, const At& at, const GroupRecord& r) {
        return put_row(db, group, at, r.group, r.strategy_name, r.underlying, r.from, r.state, r.rule, r.text, r.legs,
                       r.loss_limit);
    }
    // The audit row says it all.
    Result<void> write(const Database&, const At&, const QualityRecord&) { return {}; }
    Result<void> write(const Database&, const At&, const PlotRecord&) { return {}; }
    Result<void> write(const Database&, const At&, const ReconcileRecord&) { return {}; }
};

LedgerRows::LedgerRows(std::unique_ptr<Statements> statements, int64_t session)
    : statements_(std::move(statements)), session_(session) {}
LedgerRows::~LedgerRows() = default;
LedgerRows::LedgerRows(LedgerRows&&) noexcept = default;
LedgerRows& LedgerRows::operator=(LedgerRows&&) noexcept = default;

Result<LedgerRows> LedgerRows::prepare(const Database& database, int64_t session) {
    auto statements = std::make_unique<Statements>();
    const auto row_insert = [](std::string_view table, std::string_view columns) {
        return insert_sql(table, fmt::format("row, time_ns, {}", columns));
    };
    const std::string order_sql = insert_sql("orders", kOrderColumns) + std::string(kOrderUpdates);
    const std::string position_sql = insert_sql("positions", kPositionColumns) + std::string(kPositionUpdates);
    const std::pair<Statement*, std::string> wanted[] = {
        {&statements->audit, row_insert("audit", "event_sequence, kind, order_id, intent_id, text, hash")},
        {&statements->session_start, "UPDATE sessions SET started_ns = ?2, mode = ?3, detail = ?4 WHERE number = ?1"},
        {&statements->session_end, "UPDATE sessions SET ended_ns = ?2 WHERE number = ?1"},
        {&statements->order, order_sql},
        {&statements->order_event,
         row_insert("order_events", "order_id, from_state, to_state, filled, price_limit, detail")},
        {&statements->fill, row_insert("fills",
                                       "fill_id, order_id, position_id, strategy, instrument, side, flags, "
                                       "quantity, price, bid, ask, underlying, charges, brokerage, stt, "
                                       "exchange, sebi, stamp, gst, ipft, realised")},
        {&statements->position, position_sql},
        {&statements->trade, insert_sql("trades",
                                        "number, position_id, strategy, script_version, instrument, underlying, "
                                        "side, quantity, lot_text, entry, exit, gross, charges, net, opened_ns, "
                                        "closed_ns, exit_priority, exit_rule, exit_values, exit_text, tag, why, "
                                        "model_priced")},
        {&statements->exit, row_insert("exit_audit",
                                       "position_id, strategy, instrument, priority, rule, looked_at, text, "
                                       "fraction, decided_by, script, underlying, price")},
        {&statements->risk,
         row_insert("risk_checks", "intent_id, order_id, strategy, instrument, passed, code, looked_at, text")},
        {&statements->skip, row_insert("skips", "strategy, symbol, why, first_ns, last_ns, count")},
        {&statements->script, row_insert("script_versions", "strategy, name, version, sha256, status, detail")},
        {&statements->halt, row_insert("halts", "kind, active, looked_at, text")},
        {&statements->command, row_insert("commands", "command, operator, argument, reason, outcome")},
        {&statements->state, row_insert("states", "strategy, symbol, name, from_value, to_value, looked_at")},
        {&statements->note, row_insert("notes", "level, source, text")},
        {&statements->equity, row_insert("equity", "equity, gross, charges, net, detail")},
        {&statements->group, row_insert("order_groups",
                                        "group_id, strategy, underlying, from_state, to_state, rule, text, legs, "
                                        "loss_limit")},
    };
    for (const auto& [statement, sql] : wanted) {
        auto prepared = database.prepare(sql);
        if (!prepared) return prepared.error();
        *statement = std::move(*prepared);
    }
    return LedgerRows(std::move(statements), session);
}

Result<void> LedgerRows::write(const Database& database, const Record& record) {
    const Statements::At at{session_, record.row, record.time};
    auto written = Statements::put_row(database, statements_->audit, at, record.event_sequence, kind_of(record.body),
                                       order_of(record.body), intent_of(record.body), record.text, record.hash);
    if (!written) return written;
    return std::visit([&](const auto& body) { return statements_->write(database, at, body); }, record.body);
}

}  // namespace tide
