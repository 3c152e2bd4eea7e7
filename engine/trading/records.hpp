#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "core/digest.hpp"
#include "trading/intent.hpp"
#include "trading/order.hpp"
#include "trading/parent_order.hpp"
#include "trading/position.hpp"

// What the Session tells the outside about what it did: one record for each fact, in order. Every record is also a row
// of the audit chain. A ledger stores them, a screen shows them, a verifier compares them.
namespace tide {

struct SessionRecord {  // start and end
    std::string session_id;
    std::string phase;  // "start", "end"
    std::string mode;   // backtest, paper, live, replay
    std::string detail;
};
struct DayRecord {  // phase changes of a trading day: day, pre_open, open, entry_cutoff, square_off, close, day_end
    Date date;
    std::string phase;
    std::string detail;
};
struct ScriptRecord {  // a version was loaded, staged, taken up, refused, quarantined, stopped, faulted
    StrategyId strategy;
    std::string name;
    std::string version;
    std::string sha256;
    // loaded, staged, reloaded, reload_refused, stopped, restarted, refused, error, budget, quarantined
    std::string status;
    std::string detail;  // message with file and line, traceback
};
struct IntentRecord {
    Intent intent;
    std::string instrument;    // symbol
    std::string script;        // "adx_trend 1.0.0 4f3a…"; empty: an operator's
    std::string callback;      // "on_bar NIFTY 5m 2024-01-25T10:15:00+05:30": where in the script it was made
    std::string cause;         // "tick NIFTY 21700.50": the event that led there
    uint64_t cause_event = 0;  // its number in the journal
    std::string legs{};        // of a group: "buy 1 NIFTY 2024-01-25 21500 CE, sell 1 …"
};
struct GroupRecord {  // a group of legs changed its state
    GroupId group;
    StrategyId strategy;
    std::string strategy_name;
    std::string underlying;
    std::string from, state;          // waiting, hedging, selling, whole, unwinding, flat
    std::string rule, text;           // why
    std::string legs;                 // with what is open of each: "buy 50/50 NIFTY …"
    std::optional<Money> loss_limit;  // at which the engine closes it
};
// One decision of the risk gate. `passed` with the values looked at, or the first refusal.
struct RiskRecord {
    IntentId intent;
    OrderId order;
    StrategyId strategy;
    std::string instrument;
    bool passed = false;
    std::string code;    // stable: "ok" or the refusal's code
    std::string values;  // "lots=3 max_lots=2"
    std::string text;    // for a person
};
struct OrderRecord {  // a state change
    Order order;
    OrderState from = OrderState::created;
    std::string instrument;
    std::string detail;
};
struct ParentRecord {  // an entry that the engine holds: accepted, let a part go, its trigger followed, ended
    ParentOrder parent;
    ParentState from = ParentState::waiting;
    std::string instrument;
    std::string detail;
};
struct FillRecord {
    Fill fill;
    std::string instrument;
    Price bid, ask, underlying;  // at the moment of the fill; 0 = none
    Money realised;              // gross profit of what this fill closed
    Money brokerage, stt, exchange, sebi, stamp, gst, ipft;
};
struct PositionRecord {  // opened, changed (levels, part exit), closed
    Position position;
    std::string instrument;
    std::string what;  // "opened", "stop", "target", "reduced", "closed"
    std::string detail;
};
struct TradeRecord {  // a closed position
    Position position;
    std::string instrument;
    std::string underlying;
    ExitReason exit;       // of its last exit
    int64_t number = 0;    // 1, 2, …
    std::string lot_text;  // "2 x 50"
};
struct ExitRecord {  // exit audit: why an exit was asked for, with the script's version
    PositionId position;
    StrategyId strategy;
    std::string instrument;
    ExitReason reason;
    double fraction = 1;
    std::string decided_by;  // "engine", "script", "operator"
    std::string script;      // "adx_trend 1.0.0 4f3a…"
    Price underlying, price;
    std::string cause;  // as in IntentRecord
    uint64_t cause_event = 0;
};
struct SkipRecord {  // a script said why it did not trade; a run of equal reasons is one record
    StrategyId strategy;
    std::string symbol;
    std::string why;
    ReceiveTime first;
    ReceiveTime last;
    int64_t count = 0;
};
struct HaltRecord {    // a breaker, a limit, the kill switch; or its end
    std::string kind;  // "daily_loss", "vix_level", "kill_switch", …
    bool active = true;
    std::string values;
    std::string text;
};
struct CommandRecord {  // an operator's word
    std::string command;
    std::string operator_name;
    std::string argument;
    std::string reason;
    std::string outcome;
    std::string code = "ok";  // ok, refused (by a rule), halted, not_found, usage, script, unavailable
};
struct CategoryRecord {  // a script's named state changed (ctx:state), e.g. the ADX category of a symbol
    StrategyId strategy;
    std::string symbol;
    std::string name;
    std::string from;
    std::string to;
    std::string values;
};
struct PlotRecord {  // ctx:plot, ctx:mark: a point of a script's own curve, or a mark at a price
    StrategyId strategy;
    std::string symbol;
    std::string name;
    bool mark = false;
    std::optional<double> value;  // none: a hole in the curve
};
struct NoteRecord {      // ctx:log, ctx:notify, data notes, warnings
    std::string level;   // debug, info, warning, error
    std::string source;  // "adx_trend", "data", "engine"
    std::string text;
};
struct QualityRecord {    // market data became doubtful, or good again
    std::string subject;  // a symbol, or "feed"
    std::string what;     // stale, frozen, skewed, missing, gaps, suspect, gap_mode
    bool bad = true;
    std::string values;  // "silent_s=15.0 max_s=15.0"
    std::string text;
};
struct EquityRecord {  // at each day's end, and at the session's end
    Money equity;
    Money gross;
    Money charges;
    Money net;
    std::string detail;
};

struct ReconcileRecord {   // the broker's books against ours: one for each difference, then one for the whole
    std::string occasion;  // recovery, reconnect, asked, day_end
    // orphan_order, order_missing, missing_fill, watchdog_fill, orphan_position, position_missing, size_mismatch,
    // funds_mismatch; agreed or differs: the whole
    std::string what;
    std::string subject;  // "order 7", a symbol
    std::string values;   // "ours=130 broker=65"
    // adopted, cancelled, asked: mended; again: looked at once more; halt: an operator must look
    std::string action;
    std::string text;
};

using RecordBody =
    std::variant<SessionRecord, DayRecord, ScriptRecord, IntentRecord, RiskRecord, OrderRecord, FillRecord,
                 PositionRecord, TradeRecord, ExitRecord, SkipRecord, HaltRecord, CommandRecord, CategoryRecord,
                 NoteRecord, EquityRecord, QualityRecord, PlotRecord, ReconcileRecord, ParentRecord, GroupRecord>;

// A record as a row of the audit chain.
struct Record {
    uint64_t row = 0;             // 1, 2, 3, …
    uint64_t event_sequence = 0;  // the event being handled
    ReceiveTime time;
    RecordBody body;
    std::string text;     // canonical "kind key=value …" line: what the hash covers
    Sha256Digest hash{};  // sha256(previous hash || row || time || text)
};

// "session", "day", "script", "intent", "risk", "order", "fill", "position", "trade", "exit", "skip", "halt",
// "command", "state", "note", "equity", "quality", "plot", "reconcile", "parent", "group".
std::string_view kind_of(const RecordBody& body);
std::span<const std::string_view> record_kinds();
// The canonical line of a record. Same body, same bytes.
std::string canonical_text(const RecordBody& body);
void append_canonical_text(std::string& out, const RecordBody& body);

// Links rows: hash(n) = sha256(hash(n-1) || row as 8 bytes little endian || time as 8 bytes || text); hash(0) is zeros.
class AuditChain {
  public:
    // Fills row, text and hash. A record that is used again keeps its text's memory.
    void link(Record& record);
    uint64_t rows() const { return rows_; }
    const Sha256Digest& head() const { return head_; }
    // The hash that a row must have after `previous`; what `audit verify` recomputes.
    static Sha256Digest hash_of(const Sha256Digest& previous, uint64_t row, ReceiveTime time, std::string_view text);

  private:
    uint64_t rows_ = 0;
    Sha256Digest head_{};
    Sha256 hasher_;
};

}  // namespace tide
