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

    Result<StrategyDeclaration> load(ScriptSlot slot, const ScriptBundle& bundle, StrategyServices& services) override;
    void unload(ScriptSlot) override {}
    void push_bar(ScriptSlot, const BarMessage&) override {}
    void push_indicator(ScriptSlot, const IndicatorMessage&) override {}
    CallbackResult call(ScriptSlot slot, const CallMessage& message, CallbackOutput& output) override;

  private:
    template <class Message>
    CallbackResult answer(StrategyId, const Message&, CallbackOutput&) {
        return {};
    }
    CallbackResult answer(StrategyId strategy, const StopMessage& stop, CallbackOutput& output);
    CallbackResult answer(StrategyId strategy, const BarMessage& bar, CallbackOutput& output);
    CallbackResult answer(StrategyId strategy, const TickMessage& tick, CallbackOutput& output);
    CallbackResult answer(StrategyId strategy, const ExitCheckMessage& check, CallbackOutput& output);
    CallbackResult answer(StrategyId strategy, const OrderMessage& order, CallbackOutput& output);
    CallbackResult answer(StrategyId strategy, const FillMessage& fill, CallbackOutput& output);
    CallbackResult answer(StrategyId strategy, const TimerMessage& timer, CallbackOutput& output);
    CallbackResult answer(StrategyId strategy, const PhaseMessage& session, CallbackOutput& output);
    CallbackResult answer(StrategyId strategy, const LinkMessage& event, CallbackOutput& output);
    void maybe_enter(int64_t permille, CallbackOutput& output);
    void enter(CallbackOutput& output);
    void hold(Intent& intent, double last, Price tick);
    void enter_group(CallbackOutput& output);
    void maybe_exit_group(int64_t permille, CallbackOutput& output);
    void handle_position(const PositionMessage& position, CallbackOutput& output);
    void move_stop(const PositionMessage& position, CallbackOutput& output);
    void maybe_cancel(int64_t permille, CallbackOutput& output);
    CallbackResult finish();

    const Scenario& scenario_;
    Dice dice_;
    Dice stop_dice_;
    StrategyServices* services_ = nullptr;
    std::vector<StrategyId> owners_;  // by slot
    std::vector<uint64_t> orders_;    // ids heard of lately
    std::vector<uint64_t> entries_;   // held ones heard of lately
    std::vector<uint64_t> groups_;    // the same
    int64_t eagerness_;               // permille an entry chance is scaled by
    int64_t stop_moving_;
    int64_t holding_;   // permille of entries that the engine is asked to hold
    int64_t grouping_;  // permille of entries that are groups
    bool passive_;      // leaves what is open to the engine, so that its own care is seen alone
};

}  // namespace tide::simulation
