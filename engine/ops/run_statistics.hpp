#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "trading/recorder.hpp"

// The numbers of one run, from its records alone: the same in a backtest, a paper session and a replay.
namespace tide {

struct RunResult {
    int64_t trades = 0;
    int64_t wins = 0;              // net of charges above zero
    Money gross, charges, net;     // of closed trades
    double return_pct = 0;         // last equity against the start
    double max_drawdown_pct = 0;   // of the peak before it
    std::optional<double> sharpe;  // of daily returns, sample deviation, x sqrt(252); none under two days or flat
    std::optional<double> profit_factor;  // net of winners / net of losers; none without losers
    std::optional<double> win_rate_pct;   // none without trades
};
struct OrderCounts {
    int64_t intents = 0;  // to enter or to exit
    int64_t refused = 0;  // by the risk gate
    int64_t sent = 0;     // handed to the broker
    int64_t filled = 0, cancelled = 0, rejected = 0, expired = 0;
};
struct HaltNote {
    std::string kind, values, text;
    ReceiveTime since;
    std::optional<ReceiveTime> until;  // none: still on at the end
};

// Counts, formats nothing. Memory: one number a day and one note a halt.
class RunStatistics final : public Recorder {
  public:
    explicit RunStatistics(Money starting_equity);
    void record(const Record& record) override;

    RunResult result() const;
    const OrderCounts& orders() const { return orders_; }
    const std::vector<HaltNote>& halts() const { return halts_; }  // without the kill switch
    const std::optional<HaltNote>& kill_switch() const { return kill_switch_; }
    uint64_t audit_rows() const { return audit_rows_; }
    const Sha256Digest& audit_head() const { return audit_head_; }
    Money equity() const { return equity_; }

  private:
    void on_trade(const Position& position);
    void on_equity(ReceiveTime time, Money equity);
    void on_halt(ReceiveTime time, const HaltRecord& halt);
    void on_order(const OrderRecord& record);
    void add_curve_point(Money equity);
    std::optional<double> sharpe() const;

    Money starting_equity_, equity_, peak_;
    double max_drawdown_ = 0;
    Money gross_, charges_, net_, won_, lost_;
    int64_t trades_ = 0;
    int64_t wins_ = 0;
    bool nothing_carried_ = true;  // the last equity was exactly the start and the closed trades
    struct Day {
        Date date;
        Money equity;
    };
    std::vector<Day> days_;
    OrderCounts orders_;
    IntentId order_intent_;  // the last intent, if it was to enter or to exit
    std::vector<HaltNote> halts_;
    std::optional<HaltNote> kill_switch_;
    uint64_t audit_rows_ = 0;
    Sha256Digest audit_head_{};
};

// What the driver knows and the records do not.
struct RunDocument {
    std::string mode;
    struct Script {
        std::string name, version, sha256;
    };
    std::vector<Script> scripts;  // the first is "script"; all are "scripts" when there are several
    std::string from, to;         // dates of the data
    std::vector<std::string> symbols;
    int64_t bars = 0, ticks = 0, rejected_rows = 0;
    std::vector<std::string> flags;  // "option prices by model", "daily VIX", …
    uint64_t events = 0;
    double wall_seconds = 0;
    int64_t peak_rss_mb = 0;
    std::string journal_path, journal_sha256;  // empty: none was written
};
// The document of `backtest --json` and `run --json` (schema_version 1), indented, ending in a newline.
std::string to_json(const RunDocument& document, const RunStatistics& statistics);

}  // namespace tide
