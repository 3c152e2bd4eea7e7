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
#include "session/recent_calls.hpp"
#include "session/strategy_host.hpp"
#include "trading/records.hpp"

namespace tide {

// A new version that was tried and waits: for the market to close, or (`now`) for the next quiet moment.
struct StagedVersion {
    ScriptBundle bundle;
    bool now = false;
    bool cold = false;  // without the state of the version before
};

// What the Session keeps for one strategy: its declaration, which instruments and indicators it follows, its faults and
// its current run of skips.
class ScriptRunner {
  public:
    ScriptRunner(StrategyId id, std::string name) : id_(id), name_(std::move(name)) {}

    StrategyId id() const { return id_; }
    const std::string& name() const { return name_; }
    const StrategyDeclaration& declaration() const { return declaration_; }
    void declare(StrategyDeclaration declaration, const InstrumentBook& book);
    // Also for what is loaded of the same sources, or of new ones, later on.
    void set_parameter(size_t i, std::string value);

    // Where its present version runs.
    ScriptSlot slot() const { return slot_; }
    void set_slot(ScriptSlot slot) { slot_ = slot; }

    // What its present version was loaded from, and the version before it in this session.
    const ScriptBundle& bundle() const { return bundle_; }
    void set_bundle(ScriptBundle bundle) { bundle_ = std::move(bundle); }
    std::optional<ScriptBundle> previous;
    std::optional<ScriptBundle> offered;  // sources of a new version that have come in and were not looked at yet
    std::optional<StagedVersion> staged;

    // Its process was stopped, so often in this session; it waits to be started again.
    int64_t stops = 0;
    bool stopped = false;

    // The new version takes the old one's place; its runs of skips, recent calls and saved state go on. What was
    // staged or offered is forgotten, and so is `previous`: the caller knows which it is.
    void become(ScriptRunner&& next);

    // What on_save gave last, with the version that gave it and how often there was something new.
    struct SavedState {
        std::string bytes;  // empty: nothing
        std::string version;
        ReceiveTime at;
        uint64_t revision = 0;
    };
    const SavedState& saved() const { return saved_; }
    void set_saved(std::string bytes, std::string version, ReceiveTime at);
    bool save_planned = false;  // a timer for the next on_save runs

    RecentCalls recent;

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
    SavedState saved_;
    bool active_ = false;
    std::vector<InstrumentId> symbols_;
    std::vector<int32_t> index_of_;  // by instrument id
    std::array<bool, kTimeframeCount> follows_{};
    std::vector<std::array<std::vector<int32_t>, kTimeframeCount>> followed_;  // by instrument id
    std::map<std::string, SkipRecord> skips_;                                  // the current run by symbol
};

}  // namespace tide
