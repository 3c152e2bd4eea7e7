#include "ledger/ledger_verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <variant>

#include "trading/record_text.hpp"
#include "trading/records.hpp"

namespace tide {
namespace {

using sqlite::Database;
using sqlite::Statement;

enum class ValueKind : uint8_t {
    whole,
    text,
    amount,           // decimal rupees, stored in units; NULL where absent
    amount_if_known,  // the same, and 0 stands for absent
    amount_or_zero,   // the same, and absent is stored as 0
};
struct Column {
    const char* column;
    const char* key;  // in the canonical text
    ValueKind kind;
};
// A table of facts, which record kind its rows are made from, and by which number they are found.
struct FactTable {
    const char* table;
    const char* kind;
    const char* key_column;
    const char* key;  // in the canonical text; empty: the audit row's own number
    std::span<const Column> columns;
};

using enum ValueKind;
constexpr Column kFill[] = {
    {"fill_id", "id", whole},
    {"order_id", "order", whole},
    {"position_id", "position", whole},
    {"strategy", "strategy", whole},
    {"instrument", "instrument", text},
    {"side", "side", text},
    {"flags & 1", "model", whole},
    {"(flags >> 1) & 1", "last_price", whole},
    {"quantity", "quantity", whole},
    {"price", "price", amount},
    {"bid", "bid", amount},
    {"ask", "ask", amount},
    {"underlying", "underlying", amount},
    {"charges", "charges", amount},
    {"brokerage", "brokerage", amount},
    {"stt", "stt", amount},
    {"exchange", "exchange", amount},
    {"ipft", "ipft", amount},
    {"sebi", "sebi", amount},
    {"stamp", "stamp", amount},
    {"gst", "gst", amount},
};
constexpr Column kOrder[] = {
    {"intent_id", "intent", whole},
    {"strategy", "strategy", whole},
    {"position_id", "position", whole},
    {"instrument", "instrument", text},
    {"side", "side", text},
    {"purpose", "purpose", text},
    {"style", "style", text},
    {"state", "state", text},
    {"quantity", "quantity", whole},
    {"filled", "filled", whole},
    {"price_limit", "limit", amount_if_known},
    {"filled_value", "filled_value", amount},
    {"broker_order", "broker_order", whole},
    {"created_ns", "created_ns", whole},
    {"reprices", "reprices", whole},
    {"client_id", "client_id", text},
    {"tag", "tag", text},
    {"why", "why", text},
    {"state_reason", "reason", text},
    {"(2 * average * filled - 2 * filled_value) BETWEEN -filled AND filled OR average IS NULL AND filled = 0", "",
     whole},
};
constexpr Column kPosition[] = {
    {"strategy", "strategy_name", text},
    {"script_version", "script", text},
    {"instrument", "instrument", text},
    {"side", "side", text},
    {"quantity", "quantity", whole},
    {"opened_quantity", "opened_quantity", whole},
    {"entry", "entry_price", amount},
    {"exit", "exit_price", amount},
    {"last", "last_price", amount},
    {"underlying_entry", "underlying_entry", amount},
    {"last_underlying", "last_underlying", amount},
    {"stop", "stop", amount},
    {"target", "target", amount},
    {"levels_on_premium", "on_premium", whole},
    {"stop_rule", "stop_rule", text},
    {"charges", "charges", amount},
    {"opened_ns", "opened_ns", whole},
    {"closed_ns", "closed_ns", whole},
    {"tag", "tag", text},
    {"why", "why", text},
    {"model_priced", "model", whole},
};
constexpr Column kTrade[] = {
    {"position_id", "id", whole},
    {"strategy", "strategy_name", text},
    {"script_version", "script", text},
    {"instrument", "instrument", text},
    {"underlying", "underlying", text},
    {"side", "side", text},
    {"quantity", "opened_quantity", whole},
    {"lot_text", "lots", text},
    {"entry", "entry_price", amount},
    {"exit", "exit_price", amount_or_zero},
    {"gross", "gross", amount},
    {"charges", "charges", amount},
    {"net", "net", amount},
    {"opened_ns", "opened_ns", whole},
    {"closed_ns", "closed_ns", whole},
    {"exit_priority", "priority", whole},
    {"exit_rule", "rule", text},
    {"exit_values", "values", text},
    {"exit_text", "text", text},
    {"tag", "tag", text},
    {"why", "why", text},
    {"model_priced", "model", whole},
};
constexpr FactTable kFills{"fills", "fill", "row", "", kFill};
constexpr FactTable kOrders{"orders", "order", "order_id", "id", kOrder};
constexpr FactTable kPositions{"positions", "position", "position_id", "id", kPosition};
constexpr FactTable kTrades{"trades", "trade", "number", "number", kTrade};

using Value = std::variant<std::monostate, int64_t, std::string>;

std::string shown(const Value& value) {
    if (const auto* number = std::get_if<int64_t>(&value)) return std::to_string(*number);
    if (const auto* words = std::get_if<std::string>(&value)) return "'" + *words + "'";
    return "nothing";
}

Value expected_value(const Column& column, const RecordText& record) {
    if (column.key[0] == '\0') return int64_t{1};  // a condition on the row itself
    const std::string* found = record.find(column.key);
    if (column.kind == amount_or_zero && found == nullptr) return int64_t{0};
    if (found == nullptr) return {};
    if (column.kind == text) return *found;
    if (column.kind == whole) {
        const auto number = record.whole(column.key);
        return number ? Value(*number) : Value(*found);
    }
    const auto money = parse_money(*found);
    if (!money) return *found;
    if (column.kind == amount_if_known && money->units() == 0) return {};
    return money->units();
}

Value stored_value(const Statement& row, int index, ValueKind kind) {
    if (row.is_null(index)) return {};
    if (kind == text) return row.text(index);
    return row.integer(index);
}

// Compares the rows of one fact table with what the audit rows say.
class FactChecker {
  public:
    FactChecker(const Database& database, int64_t session, const FactTable& table, AuditVerdict::Session& verdict)
        : database_(database), session_(session), table_(table), verdict_(verdict) {}

    Result<void> prepare() {
        std::string columns;
        for (const Column& column : table_.columns)
            columns += fmt::format("{}{}", columns.empty() ? "" : ", ", column.column);
        auto statement = database_.prepare(
            fmt::format("SELECT {} FROM {} WHERE session = ?1 AND {} = ?2", columns, table_.table, table_.key_column));
        if (!statement) return statement.error();
        find_ = std::move(*statement);
        return {};
    }
    // The row that a record made, as this record left it.
    Result<void> compare(uint64_t audit_row, const RecordText& record) {
        const int64_t key =
            table_.key[0] == '\0' ? static_cast<int64_t>(audit_row) : record.whole(table_.key).value_or(0);
        keys_.insert(key);
        find_.bind_all(session_, key);
        const int code = find_.step();
        if (code != SQLITE_ROW && code != SQLITE_DONE)
            return database_.last_error(fmt::format("read its {}", table_.table));
        if (code == SQLITE_DONE)
            differ(fmt::format("{} {}: the row is missing (audit row {})", table_.table, key, audit_row));
        for (size_t i = 0; code == SQLITE_ROW && i < table_.columns.size(); ++i) {
            const Column& column = table_.columns[i];
            const Value expected = expected_value(column, record);
            const Value stored = stored_value(find_, static_cast<int>(i), column.kind);
            if (stored == expected) continue;
            const bool named = column.key[0] != '\0';
            differ(fmt::format("{} {}: {} is {}, audit row {} says {}", table_.table, key,
                               named ? column.column : "average x filled", named ? shown(stored) : "not filled_value",
                               audit_row, named ? shown(expected) : "otherwise"));
        }
        find_.reset();
        return {};
    }
    // Rows that no record made.
    Result<void> look_for_strangers() {
        auto statement =
            database_.prepare(fmt::format("SELECT {} FROM {} WHERE session = ?1", table_.key_column, table_.table));
        if (!statement) return statement.error();
        statement->bind_all(session_);
        int code = statement->step();
        for (; code == SQLITE_ROW; code = statement->step()) {
            if (!keys_.contains(statement->integer(0)))
                differ(fmt::format("{} {}: no audit row made this row", table_.table, statement->integer(0)));
        }
        if (code != SQLITE_DONE) return database_.last_error(fmt::format("read its {}", table_.table));
        return {};
    }

  private:
    void differ(std::string text) {
        static constexpr size_t kShown = 10;
        if (++verdict_.difference_count <= kShown) verdict_.differences.push_back(std::move(text));
    }
    const Database& database_;
    int64_t session_;
    const FactTable& table_;
    AuditVerdict::Session& verdict_;
    Statement find_;
    std::set<int64_t> keys_;
};

class SessionVerifier {
  public:
    SessionVerifier(const Database& database, const SessionKey& session, const std::vector<AuditAnchor>& anchors)
        : database_(database), session_(session) {
        verdict_.session_id = session.session_id;
        for (const AuditAnchor& anchor : anchors) {
            if (anchor.session == session.session_id && anchor.kind == "anchor") anchors_.emplace(anchor.row, &anchor);
        }
    }

    Result<AuditVerdict::Session> run() {
        if (auto done = check_chain(); !done) return done.error();
        if (verdict_.bad_row) return verdict_;
        if (auto done = check_end(); !done) return done.error();
        if (verdict_.bad_row) return verdict_;
        if (auto done = check_facts(); !done) return done.error();
        return verdict_;
    }

  private:
    void broken(uint64_t row, std::string problem) {
        verdict_.bad_row = row;
        verdict_.problem = std::move(problem);
    }

    Result<void> check_chain() {
        auto statement =
            database_.prepare("SELECT row, time_ns, text, hash, kind FROM audit WHERE session = ? ORDER BY row");
        if (!statement) return statement.error();
        statement->bind_all(session_.number);
        int code = statement->step();
        for (; code == SQLITE_ROW && !verdict_.bad_row; code = statement->step()) check_row(*statement);
        if (code != SQLITE_DONE && !verdict_.bad_row) return database_.last_error("read its audit rows");
        verdict_.head = to_hex(head_);
        return {};
    }
    void check_row(const Statement& s) {
        const uint64_t row = s.whole(0);
        if (row != verdict_.rows + 1)
            return broken(verdict_.rows + 1, fmt::format("row {} is missing", verdict_.rows + 1));
        const std::string_view line = s.bytes(2);
        const Sha256Digest hash = AuditChain::hash_of(head_, row, s.time(1), line);
        if (s.digest(3) != hash) {
            return broken(row, fmt::format("row {}: its hash does not follow from row {} and its own time and text",
                                           row, row - 1));
        }
        if (s.bytes(4) != line.substr(0, line.find(' '))) {
            return broken(row, fmt::format("row {}: its kind is not its text's", row));
        }
        if (const auto anchor = anchors_.find(row); anchor != anchors_.end()) {
            ++verdict_.anchors;
            if (anchor->second->head != to_hex(hash)) {
                return broken(row, fmt::format("row {} was anchored at {} with another hash: the rows up to it were "
                                               "rewritten since",
                                               row, format_iso(anchor->second->time)));
            }
        }
        head_ = hash;
        ++verdict_.rows;
        note_fact(line, row);
    }
    void note_fact(std::string_view line, uint64_t row) {
        const std::string_view kind = line.substr(0, line.find(' '));
        if (kind == "fill") {
            facts_.push_back({&kFills, 0, row});
        } else if (kind == "trade") {
            facts_.push_back({&kTrades, 0, row});
        } else if (kind == "order" || kind == "position") {
            const auto record = parse_record_text(line);
            const auto id = record ? record->whole("id") : std::nullopt;
            (kind == "order" ? last_of_order_ : last_of_position_)[id.value_or(0)] = row;
        }
    }

    // The session remembers how long its chain is; the anchors may know of more.
    Result<void> check_end() {
        auto remembered = database_.prepare("SELECT audit_rows, audit_head FROM sessions WHERE number = ?");
        if (!remembered) return remembered.error();
        remembered->bind_all(session_.number);
        if (remembered->step() != SQLITE_ROW) return database_.last_error("read its sessions");
        if (remembered->whole(0) != verdict_.rows || remembered->digest(1) != head_) {
            broken(verdict_.rows + 1,
                   fmt::format("the session recorded {} rows, {} are there", remembered->whole(0), verdict_.rows));
        } else if (!anchors_.empty() && anchors_.rbegin()->first > verdict_.rows) {
            broken(verdict_.rows + 1, fmt::format("row {} was anchored, {} rows are there; 'engine recover' completes "
                                                  "them from the journal",
                                                  anchors_.rbegin()->first, verdict_.rows));
        }
        return {};
    }

    struct Fact {
        const FactTable* table;
        int64_t key;
        uint64_t row;
    };
    Result<void> check_facts() {
        for (const auto& [id, row] : last_of_order_) facts_.push_back({&kOrders, id, row});
        for (const auto& [id, row] : last_of_position_) facts_.push_back({&kPositions, id, row});
        auto text_of = database_.prepare("SELECT text FROM audit WHERE session = ? AND row = ?");
        if (!text_of) return text_of.error();
        for (const FactTable* table : {&kFills, &kOrders, &kPositions, &kTrades}) {
            FactChecker checker(database_, session_.number, *table, verdict_);
            if (auto ready = checker.prepare(); !ready) return ready;
            for (const Fact& fact : facts_) {
                if (fact.table != table) continue;
                text_of->bind_all(session_.number, fact.row);
                if (text_of->step() != SQLITE_ROW) return database_.last_error("read its audit rows");
                const auto record = parse_record_text(text_of->bytes(0));
                text_of->reset();
                if (!record) {
                    broken(fact.row, fmt::format("row {}: {}", fact.row, record.error().message));
                    return {};
                }
                if (auto done = checker.compare(fact.row, *record); !done) return done;
            }
            if (auto done = checker.look_for_strangers(); !done) return done;
        }
        return {};
    }

    const Database& database_;
    SessionKey session_;
    AuditVerdict::Session verdict_;
    Sha256Digest head_{};
    std::map<uint64_t, const AuditAnchor*> anchors_;  // by row
    std::vector<Fact> facts_;
    std::map<int64_t, uint64_t> last_of_order_, last_of_position_;  // id -> the last row about it
};

}  // namespace

Result<AuditVerdict::Session> verify_session(const Database& database, const SessionKey& session,
                                             const std::vector<AuditAnchor>& anchors) {
    return SessionVerifier(database, session, anchors).run();
}

Result<AuditVerdict> LedgerReader::verify_audit(const std::string& session,
                                                const std::vector<AuditAnchor>& anchors) const {
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
    std::set<std::string> there;
    for (size_t i = 0; !error && i < sessions->size(); ++i) {
        auto of_session = verify_session(impl_->database, (*sessions)[i], anchors);
        there.insert((*sessions)[i].session_id);
        if (!of_session) error = of_session.error();
        if (of_session) verdict.sessions.push_back(std::move(*of_session));
    }
    const auto ended = impl_->database.run("COMMIT");
    if (error) return *error;
    if (!ended) return ended.error();
    if (session != "all") return verdict;
    std::map<std::string, std::string> last_word;  // of the anchors about sessions that are not there
    for (const AuditAnchor& anchor : anchors) {
        if (!there.contains(anchor.session)) last_word[anchor.session] = anchor.kind;
    }
    for (const auto& [gone, kind] : last_word) {
        if (kind != "anchor") continue;
        verdict.problems.push_back(
            fmt::format("session {} was anchored and is not in the store; 'engine recover' "
                        "rebuilds it from its journal",
                        gone));
    }
    return verdict;
}

bool AuditVerdict::holds() const {
    return problems.empty() &&
           std::all_of(sessions.begin(), sessions.end(), [](const Session& s) { return s.holds(); });
}

}  // namespace tide
