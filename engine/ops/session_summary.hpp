#pragma once
#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include "ops/run_statistics.hpp"
#include "trading/recorder.hpp"

namespace tide {

struct SummaryStyle {
    bool colour = false;
    size_t max_trades = 40;  // the newest; the store has all
    size_t max_reasons = 10;
    size_t width = 0;  // of the terminal; 0: none, tables as wide as they are
};

// Collects what the end of a run should say, and says it.
class SessionSummary final : public Recorder {
  public:
    explicit SessionSummary(Money starting_equity) : statistics_(starting_equity) {}
    void record(const Record& record) override;
    // Something a reader of the numbers must know: "INDIA VIX from daily bars".
    void add_flag(std::string flag);

    const RunStatistics& statistics() const { return statistics_; }
    const std::vector<std::string>& flags() const { return flags_; }
    // Trades, totals, refusals, skips, halts, script faults, flags; sections with nothing to say are left out.
    // Trades that were priced by model are marked.
    void print(std::ostream& out, const SummaryStyle& style) const;

  private:
    struct Trade {
        int64_t number = 0;
        ReceiveTime opened, closed;
        std::string instrument, lots, rule;
        Side side = Side::buy;
        Price entry, exit;
        Money gross, charges, net;
        bool model_priced = false;
    };
    struct Fault {
        ReceiveTime time;
        std::string script, status, message;
    };
    using Counts = std::map<std::string, int64_t>;

    void on_trade(const TradeRecord& trade);
    void print_trades(std::ostream& out, const SummaryStyle& style) const;
    void print_totals(std::ostream& out, const SummaryStyle& style) const;
    void print_trouble(std::ostream& out, const SummaryStyle& style) const;
    static void print_counts(std::ostream& out, const char* title, const Counts& counts, size_t limit);

    RunStatistics statistics_;
    std::vector<Trade> trades_;
    Counts refusals_, skips_;
    std::vector<Fault> faults_;
    std::vector<std::string> flags_;
};

}  // namespace tide
