#pragma once
#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "market/indicator_hub.hpp"
#include "market/instruments.hpp"
#include "session/strategy_host.hpp"
#include "trading/records.hpp"

namespace tide {

// What the Session keeps for one strategy: its declaration, which instruments and indicators it follows, its faults and
// its current run of skips.
class ScriptRunner {
  public:
    ScriptRunner(StrategyId id, std::string name) : id_(id), name_(std::move(name)) {}

    StrategyId id() const { return id_; }
    const std::string& name() const { return name_; }
    const StrategyDeclaration& declaration() const { return declaration_; }
    void declare(StrategyDeclaration declaration, const InstrumentBook& book);
    void set_parameter(size_t i, std::string value) { declaration_.parameters[i].second = std::move(value); }

    // Where its present version runs.
    ScriptSlot slot() const { return slot_; }
    void set_slot(ScriptSlot slot) { slot_ = slot; }

    // What its present version was loaded from.
    const ScriptBundle& bundle() const { return bundle_; }
    void set_bundle(ScriptBundle bundle) { bundle_ = std::move(bundle); }

    // Its process was stopped, so often in this session; it waits to be started again.
    int64_t stops = 0;
    bool stopped = false;

    // Running: loaded and not quarantined.
    bool active() const { return active_; }
    void activate() { active_ = true; }
    void deactivate() { active_ = false; }
    // Name, version and digest for the records: "adx_trend 1.0.0 4f3a9c…".
    std::string version_text() const;

    // The declared index of an instrument, or -1.
    int32_t symbol_index(InstrumentId id) const { return id.value() < index_of_.size() ? index_of_[id.value()] : -1; }
    InstrumentId symbol(int32_t index) const { return symbols_[static_cast<size_t>(index)]; }
    bool follows(Timeframe timeframe) const { return follows_[static_cast<size_t>(timeframe)]; }

    // Indicators asked for, by (instrument, timeframe), so that their new values follow each bar into the mirror.
    void follow_indicator(InstrumentId instrument, Timeframe timeframe, int32_t handle);
    std::span<const int32_t> followed(InstrumentId instrument, Timeframe timeframe) const {
        if (instrument.value() >= followed_.size()) return {};
        return followed_[instrument.value()][static_cast<size_t>(timeframe)];
    }

    // Adds a skip; gives back the finished run of equal reasons when this one differs.
    std::optional<SkipRecord> add_skip(const SkipNote& skip, ReceiveTime now);
    // The runs still going, in symbol order; empties them.
    std::vector<SkipRecord> end_skips();
    const std::map<std::string, SkipRecord>& running_skips() const { return skips_; }

    ExchangeTime decision_bar;  // start of the bar being handled; 1970 outside on_bar

  private:
    StrategyId id_;
    std::string name_;
    ScriptSlot slot_;
    StrategyDeclaration declaration_;
    ScriptBundle bundle_;
    bool active_ = false;
    std::vector<InstrumentId> symbols_;
    std::vector<int32_t> index_of_;  // by instrument id
    std::array<bool, kTimeframeCount> follows_{};
    std::vector<std::array<std::vector<int32_t>, kTimeframeCount>> followed_;  // by instrument id
    std::map<std::string, SkipRecord> skips_;                                  // the current run by symbol
};

}  // namespace tide
