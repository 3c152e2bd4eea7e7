#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "bindings/lua_limits.hpp"
#include "bindings/worker_zygote.hpp"
#include "session/strategy_host.hpp"

namespace tide {

// How long the engine waits for a worker, all in all, the script's questions and their answers included.
struct WorkerPatience {
    std::chrono::milliseconds callback{50};
    std::chrono::milliseconds load{500};  // load, on_start, on_stop, on_save, on_load: what happens once
    // A worker that is late has hung when it computed for so much of the limit; else the machine gave it no time.
    int64_t computing_pct = 20;
};

// Runs each strategy in a process of its own. Nothing that comes from there is believed: it is copied once, read, and
// checked against what the script can have said. A worker that answers too late, not at all, or nonsense is killed. The
// call's result is `late` when the script hung or its process was made to stand still, else `stopped`; its strategy is
// from then on run without the compiler, unless it was only the machine that had no time for it.
class WorkerHost final : public StrategyHost {
  public:
    WorkerHost(std::unique_ptr<WorkerZygote> zygote, const LuaLimits& limits, WorkerPatience patience);
    ~WorkerHost() override;

    // Errors: those of LuaHost; or `stopped`: there was no worker, or it was killed.
    Result<StrategyDeclaration> load(ScriptSlot slot, const ScriptBundle& bundle, StrategyServices& services) override;
    void unload(ScriptSlot slot) override;
    void push_bar(ScriptSlot slot, const BarMessage& bar) override;
    void push_indicator(ScriptSlot slot, const IndicatorMessage& values) override;
    CallbackResult call(ScriptSlot slot, const CallMessage& message, CallbackOutput& output) override;
    ScriptUsage usage(ScriptSlot slot) const override;

    void be_patient(WorkerPatience patience) { patience_ = patience; }
    // 0: none runs there.
    pid_t process_of(ScriptSlot slot) const;
    // What happened to the processes that start others; said once.
    std::vector<std::string> take_notes() { return zygote_->take_notes(); }
    const WorkerZygote& zygote() const { return *zygote_; }
    // For measurements.
    void never_spin() { never_spin_ = true; }

  private:
    class Worker;
    Worker* find(ScriptSlot slot) const;
    CallbackResult stop(ScriptSlot slot);
    void tend_zygote();

    std::unique_ptr<WorkerZygote> zygote_;
    LuaLimits limits_;
    WorkerPatience patience_;
    bool never_spin_ = false;
    RingWait::Clock::time_point tended_{};
    std::vector<std::unique_ptr<Worker>> workers_;  // by slot
    std::map<ScriptSlot, CallbackResult> stopped_;  // while no call ran: said by the next one
    std::set<StrategyId> crashed_;                  // run without the compiler
};

}  // namespace tide
