#pragma once
#include <vector>

#include "dice.hpp"
#include "scenario.hpp"
#include "session/strategy_host.hpp"

namespace tide::simulation {

// Strategies that do anything a script may do, at random: entries of all sizes and prices, part exits, levels moved
// both ways, cancels, timers, faults. Deterministic: the same callbacks in the same order give the same intents.
class RandomStrategy final : public StrategyHost {
  public:
    explicit RandomStrategy(const Scenario& scenario);

    Result<StrategyDeclaration> load(StrategyId strategy, const ScriptBundle& bundle,
                                     StrategyServices& services) override;
    void unload(StrategyId) override {}
    void push_bar(StrategyId, const BarMessage&) override {}
    void push_indicator(StrategyId, const IndicatorMessage&) override {}
    CallbackResult on_start(StrategyId, CallbackOutput&) override { return {}; }
    CallbackResult on_stop(StrategyId strategy, std::string_view reason, CallbackOutput& output) override;
    CallbackResult on_bar(StrategyId strategy, const BarMessage& bar, CallbackOutput& output) override;
    CallbackResult on_tick(StrategyId strategy, const TickMessage& tick, CallbackOutput& output) override;
    CallbackResult on_exit_check(StrategyId strategy, const PositionMessage& position, const QuoteMessage& quote,
                                 CallbackOutput& output) override;
    CallbackResult on_order(StrategyId strategy, const OrderMessage& order, CallbackOutput& output) override;
    CallbackResult on_fill(StrategyId strategy, const FillMessage& fill, CallbackOutput& output) override;
    CallbackResult on_timer(StrategyId strategy, std::string_view name, CallbackOutput& output) override;
    CallbackResult on_session(StrategyId strategy, std::string_view phase, CallbackOutput& output) override;
    CallbackResult on_link(StrategyId strategy, const LinkMessage& event, CallbackOutput& output) override;

  private:
    void maybe_enter(int64_t permille, CallbackOutput& output);
    void enter(CallbackOutput& output);
    void handle_position(const PositionMessage& position, CallbackOutput& output);
    void move_stop(const PositionMessage& position, CallbackOutput& output);
    void maybe_cancel(int64_t permille, CallbackOutput& output);
    CallbackResult finish();

    const Scenario& scenario_;
    Dice dice_;
    StrategyServices* services_ = nullptr;
    std::vector<uint64_t> orders_;  // ids heard of lately
    int64_t eagerness_;             // permille an entry chance is scaled by
    int64_t stop_moving_;
    bool passive_;  // leaves what is open to the engine, so that its own care is seen alone
};

}  // namespace tide::simulation
