#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "session/strategy_host.hpp"

namespace tide {

// That a script's process was stopped, or late beyond excuse: the one thing a script does that its sources and its
// inputs do not explain. `call` is the number of the load or callback it happened in, counted for each strategy from 1.
struct ScriptStopNote {
    StrategyId strategy;
    uint64_t call = 0;
    std::string reason;
    bool late = false;  // CallbackStatus::late
};

// Stands before the host that runs the scripts and counts what each strategy is asked. It tells of each stop, so that
// it can be written down; and it repeats the stops of an earlier session, so that a replay in one process is stopped
// where the workers were. It also shows whether a call is running, to whoever watches from another thread.
class CountedHost final : public StrategyHost {
  public:
    // `told` (may be empty) hears of a stop before the Session does.
    CountedHost(StrategyHost& host, std::function<void(const ScriptStopNote&)> told)
        : host_(host), told_(std::move(told)) {}
    // This stop will happen again, without the script being asked.
    void repeat(const ScriptStopNote& stop) { planned_[{stop.strategy, stop.call}] = stop; }

    Result<StrategyDeclaration> load(ScriptSlot slot, const ScriptBundle& bundle, StrategyServices& services) override;
    void unload(ScriptSlot slot) override;
    void push_bar(ScriptSlot slot, const BarMessage& bar) override { host_.push_bar(slot, bar); }
    void push_indicator(ScriptSlot slot, const IndicatorMessage& values) override {
        host_.push_indicator(slot, values);
    }
    CallbackResult call(ScriptSlot slot, const CallMessage& message, CallbackOutput& output) override;
    ScriptUsage usage(ScriptSlot slot) const override { return host_.usage(slot); }

    // Odd while a load or callback runs; another number for each. May be read by any thread.
    uint64_t turns() const { return turns_.load(std::memory_order_relaxed); }

  private:
    void turn() { turns_.store(turns_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }
    // When the next call of this strategy was a stop.
    const ScriptStopNote* count(StrategyId strategy);

    StrategyHost& host_;
    std::function<void(const ScriptStopNote&)> told_;
    std::vector<StrategyId> owners_;  // by slot
    std::vector<uint64_t> calls_;     // by strategy
    std::map<std::pair<StrategyId, uint64_t>, ScriptStopNote> planned_;
    std::atomic<uint64_t> turns_{0};
};

}  // namespace tide
