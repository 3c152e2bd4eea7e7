#pragma once
#include <memory>
#include <vector>

#include "bindings/lua_limits.hpp"
#include "session/strategy_host.hpp"

namespace tide {

class LuaStrategy;

// Runs strategies written in Lua, each in a sandboxed lua_State of its own (docs/strategy-guide.md for what a script
// sees).
//
// A script is stopped by fuel and memory limits only; both give the same verdict in every run. There is no wall-clock
// stop in this process: a single library call on data near the memory limits can take milliseconds. Three failed
// callbacks one after another, or the hard memory limit, quarantine a strategy; only a new `load` brings it back.
class LuaHost final : public StrategyHost {
  public:
    explicit LuaHost(const LuaLimits& limits = {});
    ~LuaHost() override;

    // Is this LuaJIT fit to run untrusted scripts? 64-bit collector, a compiled endless loop is stopped, iteration
    // order is defined, memory limits hold. Call once before the first load; on an error refuse to run scripts.
    static Result<void> self_test();

    Result<StrategyDeclaration> load(ScriptSlot slot, const ScriptBundle& bundle, StrategyServices& services) override;
    void unload(ScriptSlot slot) override;
    void push_bar(ScriptSlot slot, const BarMessage& bar) override;
    void push_indicator(ScriptSlot slot, const IndicatorMessage& values) override;
    CallbackResult call(ScriptSlot slot, const CallMessage& message, CallbackOutput& output) override;
    ScriptUsage usage(ScriptSlot slot) const override;

    bool quarantined(ScriptSlot slot) const;

  private:
    LuaStrategy* find(ScriptSlot slot) const;

    LuaLimits limits_;
    std::vector<std::unique_ptr<LuaStrategy>> strategies_;  // by slot
};

}  // namespace tide
