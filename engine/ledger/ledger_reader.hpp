#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/money.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "ledger/audit_anchors.hpp"

// The ledger as read by commands: while an engine runs (SQLite lets readers read the last commit) or after.
namespace tide {

struct SessionRow {
    int64_t number = 0;  // 1, 2, 3, … in this ledger
    std::string session_id, mode, detail;
    std::optional<ReceiveTime> started, ended;
    uint64_t audit_rows = 0;
    std::string audit_head;  // hex
    int64_t trades = 0;
    Money net;
};
struct TradeRow {
    std::string session_id;
    int64_t number = 0;
    uint64_t position = 0;
    std::string strategy, script_version, instrument, underlying, side, lot_text;
    int64_t quantity = 0;
    ReceiveTime opened;
    std::optional<ReceiveTime> closed;
    Price entry, exit;
    Money gross, charges, net;
    int exit_priority = 0;
    std::string exit_rule, exit_values, exit_text, tag, why;
    bool model_priced = false;
};
struct OrderRow {
    std::string session_id;
    uint64_t id = 0, intent = 0, position = 0, broker_order = 0;
    uint64_t group = 0;  // that it is a leg of; 0: none
    std::string client_id, instrument, side, purpose, style, state, tag, why, state_reason;
    int64_t quantity = 0, filled = 0;
    Price limit;
    std::optional<Price> average;  // none before the first fill
    int32_t reprices = 0;
    ReceiveTime created, updated;
};
struct PositionRow {
    std::string session_id;
    uint64_t id = 0;
    uint64_t group = 0;  // that it is a leg of; 0: none
    std::string strategy, script_version, instrument, side, tag, why, stop_rule;
    int64_t quantity = 0, opened_quantity = 0;
    Price entry, last, last_underlying;
    std::optional<Price> stop, target;
    bool levels_on_premium = false;
    Money gross, charges, net;
    ReceiveTime opened;
    std::optional<ReceiveTime> closed;
    bool model_priced = false;
};
struct AuditRow {
    std::string session_id;
    uint64_t row = 0, event_sequence = 0;
    ReceiveTime time;
    std::string kind, text, hash;  // hash in hex
};

// One execution, with what was paid on it.
struct FillRow {
    std::string session_id, mode;
    uint64_t row = 0, order = 0, position = 0;
    ReceiveTime time;
    std::string instrument, side;
    int64_t quantity = 0;
    Price price;
    Money realised;
    Money charges, brokerage, stt, exchange, ipft, sebi, stamp, gst;
};
enum class PnlBy : uint8_t { day, month, strategy, symbol };
// Profit of one day, month, strategy or contract. Charges fall on the day of their fill.
struct PnlRow {
    std::string key;  // "2026-11-18", "2026-11", a strategy's name, a contract
    int64_t trades = 0, wins = 0;
    Money realised;  // gross, of what was closed
    Money charges;
    Money unrealised;           // gross, of what is still open, at its last recorded price; not by day or month
    std::optional<Money> mark;  // by day and month: net change of equity, marked to market at each day's end
    Money net() const { return realised - charges; }
};

// Which rows. Empty session: the last one; "all": every session; else a session id, a unique beginning of one, or its
// number.
struct RowFilter {
    std::string session;
    std::optional<ReceiveTime> from;  // at or after
    std::optional<ReceiveTime> to;    // before
    int64_t limit = 0;                // newest rows kept, shown oldest first; 0 = all
};
struct AuditFilter : RowFilter {
    std::string kind;               // "fill", …; empty = all
    std::optional<uint64_t> order;  // the order's rows, with its intent and risk check
};
// One step of how an order or a trade came about, oldest first.
struct WhyStep {
    std::string what;  // script, intent, risk, order, fill, exit, position, trade
    AuditRow row;
};

struct PositionFilter : RowFilter {
    bool open_only = true;
};

struct AuditVerdict {
    struct Session {
        std::string session_id;
        uint64_t rows = 0;
        std::string head;                 // hex, recomputed
        std::optional<uint64_t> bad_row;  // the first that does not hold
        std::string problem;              // "text was changed …", one line
        // Rows of orders, fills, positions and trades that are not what their audit rows say; the first ten.
        std::vector<std::string> differences;
        size_t difference_count = 0;
        size_t anchors = 0;  // that were compared with
        bool holds() const { return !bad_row && difference_count == 0; }
    };
    std::vector<Session> sessions;
    std::vector<std::string> problems;  // of the database as a whole: a session that the anchors know is gone
    bool holds() const;
};

class LedgerReader {
  public:
    // ErrorCode::not_found without the file, corrupt when it is damaged or not a ledger, io when it cannot be opened.
    static Result<LedgerReader> open(const std::string& path);
    ~LedgerReader();
    LedgerReader(LedgerReader&&) noexcept;

    const std::string& path() const;
    Result<std::vector<SessionRow>> sessions() const;
    Result<std::vector<TradeRow>> trades(const RowFilter& filter) const;
    Result<std::vector<OrderRow>> orders(const RowFilter& filter) const;
    Result<std::vector<PositionRow>> positions(const PositionFilter& filter) const;
    // Executions in the order of sessions and rows.
    Result<std::vector<FillRow>> fills(const RowFilter& filter) const;
    // Profit in groups, by key. An empty session stands for all of them here.
    Result<std::vector<PnlRow>> pnl(const RowFilter& filter, PnlBy by) const;
    // ErrorCode::usage for a kind that there is not; the error lists them.
    Result<std::vector<AuditRow>> audit(const AuditFilter& filter) const;
    // The same rows one by one, oldest first, in constant memory (without a limit). Stops at the first false.
    Result<void> each_audit_row(const AuditFilter& filter, const std::function<bool(const AuditRow&)>& take) const;
    // How an order came about: script, intent, risk verdict, the order's states, fills, and for an exit its reason.
    // ErrorCode::not_found when the session has no such order.
    Result<std::vector<WhyStep>> why_order(const std::string& session, uint64_t order) const;
    // The same for a closed trade, by its number: its entry orders, its exits, itself.
    Result<std::vector<WhyStep>> why_trade(const std::string& session, int64_t number) const;
    // The same for a position, by its id: its entry orders, its changes, its exits.
    Result<std::vector<WhyStep>> why_position(const std::string& session, uint64_t position) const;
    // The same for an intent: itself, its risk verdict, and what its order came to where it made one.
    Result<std::vector<WhyStep>> why_intent(const std::string& session, uint64_t intent) const;
    // Recomputes the chain of one session (as in RowFilter::session) or of all, compares it with the anchors, and
    // derives the rows of orders, fills, positions and trades anew. Also checks the database's own structure.
    Result<AuditVerdict> verify_audit(const std::string& session = "all",
                                      const std::vector<AuditAnchor>& anchors = {}) const;

  private:
    struct Impl;
    explicit LedgerReader(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace tide
