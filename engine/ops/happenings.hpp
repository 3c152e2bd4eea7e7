#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ops/text_table.hpp"
#include "trading/records.hpp"

// Which of a session's records a person wants to hear of, and in what words.
namespace tide {

struct Happening {
    ReceiveTime time;
    std::string label;                // "ENTRY"; empty for the heading of a day
    Tone tone = Tone::plain;          // of the label
    std::string text;                 // what
    std::optional<Money> amount{};    // net
    std::string detail{};             // why
    std::vector<std::string> more{};  // further lines (a traceback)
    bool routine = false;             // happens every day, whatever the strategy does
};

struct HappeningOptions {
    // Lot size of an instrument, for "2 x 65"; without it quantities are in units.
    std::function<int64_t(InstrumentId)> lot_size;
    double material_stop_move_pct = 0.2;
    int notes_per_day = 20;
};

class HappeningTeller {
  public:
    explicit HappeningTeller(HappeningOptions options) : options_(std::move(options)) {}
    // Appends what `record` means to a person: mostly nothing.
    void tell(const Record& record, std::vector<Happening>& out);

  private:
    void on(ReceiveTime, const SessionRecord&, std::vector<Happening>&) const;
    void on(ReceiveTime, const DayRecord&, std::vector<Happening>&);
    void on(ReceiveTime, const ScriptRecord&, std::vector<Happening>&) const;
    void on(ReceiveTime, const IntentRecord&, std::vector<Happening>&) const {}
    void on(ReceiveTime, const RiskRecord&, std::vector<Happening>&);
    void on(ReceiveTime, const OrderRecord&, std::vector<Happening>&) const;
    void on(ReceiveTime, const ParentRecord&, std::vector<Happening>&) const;
    void on(ReceiveTime, const FillRecord&, std::vector<Happening>&) const {}
    void on(ReceiveTime, const PositionRecord&, std::vector<Happening>&);
    void on(ReceiveTime, const TradeRecord&, std::vector<Happening>&);
    void on(ReceiveTime, const ExitRecord&, std::vector<Happening>&) const {}
    void on(ReceiveTime, const SkipRecord&, std::vector<Happening>&) const {}
    void on(ReceiveTime, const HaltRecord&, std::vector<Happening>&) const;
    void on(ReceiveTime, const CommandRecord&, std::vector<Happening>&) const;
    void on(ReceiveTime, const CategoryRecord&, std::vector<Happening>&) const;
    void on(ReceiveTime, const NoteRecord&, std::vector<Happening>&);
    void on(ReceiveTime, const EquityRecord&, std::vector<Happening>&) const;
    void on(ReceiveTime, const QualityRecord&, std::vector<Happening>&) const;
    void on(ReceiveTime, const PlotRecord&, std::vector<Happening>&) const {}
    void on(ReceiveTime, const ReconcileRecord&, std::vector<Happening>&) const;
    void on(ReceiveTime, const GroupRecord&, std::vector<Happening>&) const;

    std::string quantity_text(InstrumentId instrument, Quantity quantity) const;
    std::string order_text(const OrderRecord& record, Quantity quantity) const;
    void tell_repeated_refusals(ReceiveTime time, std::vector<Happening>& out);

    HappeningOptions options_;
    struct Levels {
        std::optional<Price> stop, target;  // as last told
    };
    std::map<PositionId, Levels> open_;
    std::map<std::pair<std::string, std::string>, int64_t> refusals_;  // (code, underlying), today
    std::map<std::string, int> notes_;                                 // by source, today
    int64_t trades_today_ = 0;
};

}  // namespace tide
