#include <fmt/format.h>

#include <algorithm>

#include "ledger/ledger_reader_impl.hpp"
#include "trading/record_text.hpp"
#include "trading/records.hpp"

// The audit table as readers see it: filtered, streamed, and followed from an order or a trade to its cause.
namespace tide {
namespace {

using sqlite::Database;
using sqlite::Statement;

constexpr std::string_view kColumns = "a.row, a.event_sequence, a.time_ns, a.kind, a.text, a.hash";

AuditRow read_audit(const Statement& s, const std::string& session_id) {
    ColumnReader in(s);
    AuditRow row;
    row.session_id = session_id;
    row.row = in.whole();
    row.event_sequence = in.whole();
    row.time = in.time();
    row.kind = in.text();
    row.text = in.text();
    row.hash = in.hex();
    return row;
}

// The table whose rows carry the number of their audit row, for kinds that have one.
std::string_view table_of(std::string_view kind) {
    static constexpr std::pair<std::string_view, std::string_view> kTables[] = {
        {"script", "script_versions"}, {"risk", "risk_checks"}, {"order", "order_events"}, {"fill", "fills"},
        {"exit", "exit_audit"},        {"skip", "skips"},       {"halt", "halts"},         {"command", "commands"},
        {"state", "states"},           {"note", "notes"},       {"equity", "equity"},      {"group", "order_groups"}};
    const auto found =
        std::find_if(std::begin(kTables), std::end(kTables), [&](auto& pair) { return pair.first == kind; });
    return found == std::end(kTables) ? std::string_view() : found->second;
}

// Kinds without a table of their own that the index audit_plain_kinds (ledger_schema.cpp) knows.
bool has_plain_index(std::string_view kind) {
    return kind == "session" || kind == "day" || kind == "intent" || kind == "position" || kind == "trade";
}

Result<void> check_kind(const std::string& kind) {
    const auto kinds = record_kinds();
    if (kind.empty() || std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) return {};
    std::string list;
    for (const std::string_view known : kinds) list += fmt::format("{}{}", list.empty() ? "" : ", ", known);
    return make_error(ErrorCode::usage, fmt::format("--kind '{}': use one of {}", kind, list));
}

// Times never fall within a session, so a time is found by halving the rows: the first row at or after it.
Result<uint64_t> first_row_at(const Database& database, int64_t session, uint64_t rows, ReceiveTime time) {
    auto statement = database.prepare("SELECT time_ns FROM audit WHERE session = ? AND row >= ? ORDER BY row LIMIT 1");
    if (!statement) return statement.error();
    uint64_t low = 1;
    uint64_t high = rows + 1;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        statement->bind_all(session, middle);
        const int code = statement->step();
        if (code != SQLITE_ROW && code != SQLITE_DONE) return database.last_error("read its audit rows");
        const bool before = code == SQLITE_ROW && statement->time(0) < time;
        statement->reset();
        (before ? low : high) = before ? middle + 1 : middle;
    }
    return low;
}

// Where the rows of a filter are: ?1 session, ?2 first row, ?3 row after the last, ?4 how many.
std::string query_of(const AuditFilter& filter, bool newest_first) {
    std::string source = "audit a WHERE a.session = ?1 AND a.row >= ?2 AND a.row < ?3";
    const std::string_view own_table = table_of(filter.kind);
    if (filter.order) {
        source += fmt::format(
            " AND a.row IN (SELECT row FROM order_events WHERE session = ?1 AND order_id = {0} UNION SELECT row FROM "
            "fills WHERE session = ?1 AND order_id = {0} UNION SELECT row FROM audit WHERE session = ?1 AND intent_id "
            "= (SELECT intent_id FROM orders WHERE session = ?1 AND order_id = {0} AND intent_id <> 0))",
            *filter.order);
        if (!filter.kind.empty()) source += fmt::format(" AND a.kind = '{}'", filter.kind);
    } else if (!own_table.empty()) {
        source = fmt::format(
            "{} t CROSS JOIN audit a WHERE t.session = ?1 AND t.row >= ?2 AND t.row < ?3 AND a.session = ?1 AND a.row "
            "= t.row",
            own_table);
    } else if (has_plain_index(filter.kind)) {
        // The first term is the condition of the index.
        source += fmt::format(" AND a.kind IN ('session', 'day', 'intent', 'position', 'trade') AND a.kind = '{}'",
                              filter.kind);
    } else if (!filter.kind.empty()) {
        source += fmt::format(" AND a.kind = '{}'", filter.kind);  // no index of their own: all rows are looked at
    }
    const std::string_view key = own_table.empty() || filter.order ? "a.row" : "t.row";
    return fmt::format("SELECT {} FROM {} ORDER BY {}{} LIMIT ?4", kColumns, source, key, newest_first ? " DESC" : "");
}

struct RowRange {
    uint64_t first = 1, end = 1;
};
Result<RowRange> range_of(const Database& database, int64_t session, const RowFilter& filter) {
    const auto last =
        database.number(fmt::format("SELECT row FROM audit WHERE session = {} ORDER BY row DESC LIMIT 1", session));
    if (!last) return last.error();
    const auto rows = static_cast<uint64_t>(*last);
    RowRange range{1, rows + 1};
    if (filter.from) {
        const auto first = first_row_at(database, session, rows, *filter.from);
        if (!first) return first.error();
        range.first = *first;
    }
    if (filter.to) {
        const auto end = first_row_at(database, session, rows, *filter.to);
        if (!end) return end.error();
        range.end = *end;
    }
    return range;
}

// Reads the rows of one session; `take` gives false to stop. The value says whether to go on.
template <class Take>
Result<bool> read_session(const Database& database, const SessionKey& session, const AuditFilter& filter,
                          bool newest_first, int64_t limit, const Take& take) {
    const auto range = range_of(database, session.number, filter);
    if (!range) return range.error();
    auto statement = database.prepare(query_of(filter, newest_first));
    if (!statement) return statement.error();
    statement->bind_all(session.number, range->first, range->end, limit);
    int code = statement->step();
    for (; code == SQLITE_ROW; code = statement->step()) {
        if (!take(read_audit(*statement, session.session_id))) return false;
    }
    if (code != SQLITE_DONE) return database.last_error("read its audit rows");
    return true;
}

// Collects the steps of one session in the order of their rows, each once.
class WhyReader {
  public:
    WhyReader(const Database& database, SessionKey session) : database_(database), session_(std::move(session)) {}

    // `condition` names columns of audit (as a) and may hold ?1, the session.
    Result<void> add(std::string_view condition) {
        auto statement = database_.prepare(
            fmt::format("SELECT {} FROM audit a WHERE a.session = ?1 AND {} ORDER BY a.row", kColumns, condition));
        if (!statement) return statement.error();
        statement->bind_all(session_.number);
        int code = statement->step();
        for (; code == SQLITE_ROW; code = statement->step()) {
            AuditRow row = read_audit(*statement, session_.session_id);
            const auto at =
                std::lower_bound(steps_.begin(), steps_.end(), row.row,
                                 [](const WhyStep& step, uint64_t number) { return step.row.row < number; });
            if (at != steps_.end() && at->row.row == row.row) continue;
            std::string what = row.kind;
            steps_.insert(at, {std::move(what), std::move(row)});
        }
        if (code != SQLITE_DONE) return database_.last_error("read its audit rows");
        return {};
    }
    Result<void> add_rows_of(std::string_view table, std::string_view condition) {
        return add(fmt::format("a.row IN (SELECT row FROM {} WHERE session = ?1 AND {})", table, condition));
    }
    Result<int64_t> number(std::string_view what, std::string_view table, std::string_view condition) const {
        return database_.number(
            fmt::format("SELECT {} FROM {} WHERE session = {} AND {}", what, table, session_.number, condition));
    }

    // An order with its intent, the risk verdict, its states and fills; an exit with why it was asked for; with what it
    // is a part of: an entry that the engine held, a group of legs.
    Result<void> add_order(int64_t order) {
        const std::string own = fmt::format("order_id = {}", order);
        const auto intent = number("intent_id", "orders", own);
        const auto position = number("position_id", "orders", own);
        const auto strategy = number("strategy", "orders", own);
        const auto first = number("min(row)", "order_events", own);
        if (!intent || !position || !strategy || !first) return database_.last_error("read its orders");
        if (*intent > 0) {
            if (auto added = add(fmt::format("a.intent_id = {}", *intent)); !added) return added;
            if (auto added = add_parent_of(*intent); !added) return added;
        }
        if (auto added = add_group_of(order, *position); !added) return added;
        if (auto added = add_rows_of("order_events", own); !added) return added;
        if (auto added = add_rows_of("fills", own); !added) return added;
        // The version that ran: the last one taken up before.
        const std::string loaded =
            fmt::format("strategy = {} AND status IN ('loaded', 'reloaded') AND row < {} ORDER BY row DESC LIMIT 1",
                        *strategy, *first);
        if (auto added = add_rows_of("script_versions", loaded); !added) return added;
        const auto is_exit = number("purpose = 'exit'", "orders", own);
        if (!is_exit) return is_exit.error();
        if (*is_exit == 0) return {};
        return add_rows_of("exit_audit",
                           fmt::format("position_id = {} AND row < {} ORDER BY row DESC LIMIT 1", *position, *first));
    }
    // Of a part of an entry that the engine held: the entry as it was asked for, and what became of it.
    Result<void> add_parent_of(int64_t intent) {
        for (const WhyStep& step : steps_) {
            const auto record = step.what == "intent" ? parse_record_text(step.row.text) : RecordText();
            if (!record || record->whole("id") != intent) continue;
            const auto parent = record->whole("parent");
            return parent ? add(fmt::format("a.intent_id = {}", *parent)) : Result<void>();
        }
        return {};
    }
    // Of a leg: its group as it was asked for, and what became of it.
    Result<void> add_group_of(int64_t order, int64_t position) {
        const auto named = number("group_id", "orders", fmt::format("order_id = {}", order));
        const auto held = number("group_id", "positions", fmt::format("position_id = {}", position));
        if (!named || !held) return database_.last_error("read its groups");
        const int64_t group = std::max(*named, *held);
        return group > 0 ? add_group(group) : Result<void>();
    }
    // A group's number is that of the intent that asked for it.
    Result<void> add_group(int64_t group) {
        if (auto added = add(fmt::format("a.intent_id = {}", group)); !added) return added;
        for (const int64_t intent : exits_of(group)) {
            if (auto added = add(fmt::format("a.intent_id = {}", intent)); !added) return added;
        }
        return add_rows_of("order_groups", fmt::format("group_id = {}", group));
    }
    // The intents that asked for a group's end. Few of a session's are.
    std::vector<int64_t> exits_of(int64_t group) const {
        std::vector<int64_t> found;
        auto intents = database_.prepare(
            "SELECT intent_id, text FROM audit WHERE session = ? AND kind IN ('session', 'day', 'intent', 'position', "
            "'trade') AND kind = 'intent' AND instr(text, ' kind=exit_group ') > 0");
        if (!intents) return found;
        intents->bind_all(session_.number);
        while (intents->step() == SQLITE_ROW) {
            const auto record = parse_record_text(intents->text(1));
            if (record && record->whole("group") == group) found.push_back(intents->integer(0));
        }
        return found;
    }
    Result<void> add_orders_where(std::string_view condition) {
        auto orders = database_.prepare(
            fmt::format("SELECT order_id FROM orders WHERE session = {} AND {}", session_.number, condition));
        if (!orders) return orders.error();
        int code = orders->step();
        for (; code == SQLITE_ROW; code = orders->step()) {
            if (auto added = add_order(orders->integer(0)); !added) return added.error();
        }
        return code == SQLITE_DONE ? Result<void>() : database_.last_error("read its orders");
    }
    // All orders of a position, and why its exits were asked for.
    Result<void> add_orders_of(int64_t position) {
        if (auto added = add_orders_where(fmt::format("position_id = {}", position)); !added) return added;
        return add_rows_of("exit_audit", fmt::format("position_id = {}", position));
    }
    // Those of the parts that the engine let go of an entry it held, which its records name.
    Result<void> add_orders_of_parts() {
        std::string parts;
        for (const WhyStep& step : steps_) {
            const auto record = step.what == "parent" ? parse_record_text(step.row.text) : RecordText();
            if (const auto child = record ? record->whole("child") : std::nullopt; child && *child > 0)
                parts += fmt::format("{}{}", parts.empty() ? "" : ", ", *child);
        }
        return parts.empty() ? Result<void>() : add_orders_where(fmt::format("intent_id IN ({})", parts));
    }
    const SessionKey& session() const { return session_; }
    bool empty() const { return steps_.empty(); }
    std::vector<WhyStep> take() { return std::move(steps_); }

  private:
    const Database& database_;
    SessionKey session_;
    std::vector<WhyStep> steps_;
};

}  // namespace

Result<std::vector<AuditRow>> LedgerReader::audit(const AuditFilter& filter) const {
    if (auto known = check_kind(filter.kind); !known) return known.error();
    const auto sessions = impl_->sessions_matching(filter.session);
    if (!sessions) return sessions.error();
    std::vector<AuditRow> newest_first;
    for (auto session = sessions->rbegin(); session != sessions->rend(); ++session) {
        const int64_t left = filter.limit - static_cast<int64_t>(newest_first.size());
        if (filter.limit > 0 && left <= 0) break;
        const auto done =
            read_session(impl_->database, *session, filter, true, filter.limit > 0 ? left : -1, [&](AuditRow row) {
                newest_first.push_back(std::move(row));
                return true;
            });
        if (!done) return done.error();
    }
    std::reverse(newest_first.begin(), newest_first.end());
    return newest_first;
}

Result<void> LedgerReader::each_audit_row(const AuditFilter& filter,
                                          const std::function<bool(const AuditRow&)>& take) const {
    if (auto known = check_kind(filter.kind); !known) return known.error();
    const auto sessions = impl_->sessions_matching(filter.session);
    if (!sessions) return sessions.error();
    for (const SessionKey& session : *sessions) {
        const auto more = read_session(impl_->database, session, filter, false, -1, take);
        if (!more) return more.error();
        if (!*more) return {};
    }
    return {};
}

namespace {

Result<WhyReader> reader_of(const LedgerReader& ledger, const Database& database,
                            const Result<std::vector<SessionKey>>& sessions) {
    if (!sessions) return sessions.error();
    if (sessions->empty()) {
        return make_error(ErrorCode::not_found, fmt::format("ledger {}: it has no session", ledger.path()));
    }
    return WhyReader(database, sessions->back());
}

Error not_there(const WhyReader& reader, std::string_view what, uint64_t number, std::string_view where) {
    return make_error(ErrorCode::not_found,
                      fmt::format("session {} has no {} {}; {}", reader.session().session_id, what, number, where));
}

}  // namespace

Result<std::vector<WhyStep>> LedgerReader::why_order(const std::string& session, uint64_t order) const {
    auto reader = reader_of(*this, impl_->database, impl_->sessions_matching(session));
    if (!reader) return reader.error();
    const auto known = reader->number("count(*)", "orders", fmt::format("order_id = {}", order));
    if (!known) return known.error();
    if (*known == 0) return not_there(*reader, "order", order, "'engine orders' lists them");
    if (auto added = reader->add_order(static_cast<int64_t>(order)); !added) return added.error();
    return reader->take();
}

Result<std::vector<WhyStep>> LedgerReader::why_trade(const std::string& session, int64_t number) const {
    auto reader = reader_of(*this, impl_->database, impl_->sessions_matching(session));
    if (!reader) return reader.error();
    const auto position = reader->number("position_id", "trades", fmt::format("number = {}", number));
    if (!position) return position.error();
    if (*position == 0) {
        return not_there(*reader, "trade", static_cast<uint64_t>(number), "'engine trades' lists them");
    }
    if (auto added = reader->add_orders_of(*position); !added) return added.error();
    const std::string ends = fmt::format(
        "a.kind IN ('session', 'day', 'intent', 'position', 'trade') AND a.kind = 'trade' AND instr(a.text, 'trade "
        "number={} ') = 1",
        number);
    if (auto added = reader->add(ends); !added) return added.error();
    return reader->take();
}

Result<std::vector<WhyStep>> LedgerReader::why_position(const std::string& session, uint64_t position) const {
    auto reader = reader_of(*this, impl_->database, impl_->sessions_matching(session));
    if (!reader) return reader.error();
    const auto known = reader->number("count(*)", "positions", fmt::format("position_id = {}", position));
    if (!known) return known.error();
    if (*known == 0) return not_there(*reader, "position", position, "'engine positions' lists the open ones");
    if (auto added = reader->add_orders_of(static_cast<int64_t>(position)); !added) return added.error();
    const std::string changes = fmt::format(
        "a.kind IN ('session', 'day', 'intent', 'position', 'trade') AND a.kind = 'position' AND instr(a.text, ' "
        "id={} strategy=') > 0",
        position);
    if (auto added = reader->add(changes); !added) return added.error();
    // A text of a script's may look like the condition above.
    auto steps = reader->take();
    std::erase_if(steps, [&](const WhyStep& step) {
        const auto record = step.what == "position" ? parse_record_text(step.row.text) : RecordText();
        return step.what == "position" && (!record || record->whole("id") != static_cast<int64_t>(position));
    });
    return steps;
}

Result<std::vector<WhyStep>> LedgerReader::why_intent(const std::string& session, uint64_t intent) const {
    auto reader = reader_of(*this, impl_->database, impl_->sessions_matching(session));
    if (!reader) return reader.error();
    if (auto added = reader->add(fmt::format("a.intent_id = {}", intent)); !added) return added.error();
    if (reader->empty()) return not_there(*reader, "intent", intent, "'engine audit --kind intent' lists them");
    const auto number = static_cast<int64_t>(intent);
    const std::string orders = fmt::format(
        "(intent_id = {0} OR group_id = {0} OR position_id IN (SELECT position_id FROM positions WHERE session = {1} "
        "AND group_id = {0}))",
        number, reader->session().number);
    if (auto added = reader->add_orders_where(orders); !added) return added.error();
    if (auto added = reader->add_group(number); !added) return added.error();
    if (auto added = reader->add_orders_of_parts(); !added) return added.error();
    return reader->take();
}

}  // namespace tide
