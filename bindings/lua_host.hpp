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

    Result<StrategyDeclaration> load(StrategyId strategy, const ScriptBundle& bundle,
                                     StrategyServices& services) override;
    void unload(StrategyId strategy) override;

    void push_bar(StrategyId strategy, const BarMessage& bar) override;
    void push_indicator(StrategyId strategy, const IndicatorMessage& values) override;

    CallbackResult on_start(StrategyId strategy, CallbackOutput& output) override;
    CallbackResult on_stop(StrategyId strategy, std::string_view reason, CallbackOutput& output) override;
    CallbackResult on_bar(StrategyId strategy, const BarMessage& bar, CallbackOutput& output) override;
    CallbackResult on_tick(StrategyId strategy, const TickMessage& tick, CallbackOutput& output) override;
    CallbackResult on_exit_check(StrategyId strategy, const PositionMessage& position, const QuoteMessage& quote,
                                 CallbackOutput& output) override;
    CallbackResult on_order(StrategyId strategy, const OrderMessage& order, CallbackOutput& output) override;
    CallbackResult on_fill(StrategyId strategy, const FillMessage& fill, CallbackOutput& output) override;
    CallbackResult on_timer(StrategyId strategy, std::string_view name, CallbackOutput& output) override;
    CallbackResult on_session(StrategyId strategy, std::string_view phase, CallbackOutput& output) override;
    CallbackResult on_risk(StrategyId strategy, const RiskMessage& event, CallbackOutput& output) override;
    CallbackResult on_chain(StrategyId strategy, int32_t symbol_index, CallbackOutput& output) override;
    CallbackResult on_link(StrategyId strategy, const LinkMessage& event, CallbackOutput& output) override;

    bool quarantined(StrategyId strategy) const;

  private:
    LuaStrategy* find(StrategyId strategy) const;

    LuaLimits limits_;
    std::vector<std::unique_ptr<LuaStrategy>> strategies_;  // by id
};

}  // namespace tide
