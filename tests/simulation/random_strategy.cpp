#include "random_strategy.hpp"

#include <algorithm>
#include <cmath>

namespace tide::simulation {

RandomStrategy::RandomStrategy(const Scenario& scenario) : scenario_(scenario), dice_(Dice(scenario.seed).fork(4)) {
    eagerness_ = dice_.between(50, 1'500);
    stop_moving_ = dice_.between(0, 300);
    passive_ = dice_.chance(350);
}

Result<StrategyDeclaration> RandomStrategy::load(ScriptSlot slot, const ScriptBundle& bundle,
                                                 StrategyServices& services) {
    services_ = &services;
    const StrategyId strategy = bundle.strategy;
    if (owners_.size() <= slot.value()) owners_.resize(slot.value() + 1);
    owners_[slot.value()] = strategy;
    StrategyDeclaration declaration;
    declaration.name = strategy.value() == 1 ? "first" : "second";
    declaration.version = "1.0.0";
    declaration.sha256 = std::string(64, 'a');
    declaration.symbols = {"NIFTY", "BANKNIFTY"};
    declaration.timeframes = {Timeframe::m1, Timeframe::m5};
    using enum ScriptCallback;
    for (const auto callback : {start, stop, bar, tick, exit_check, order, fill, timer, session, link})
        declaration.define(callback);
    declaration.wants_ticks = scenario_.seed % 3 == 0;
    return declaration;
}

// Most callbacks end well; a failed one loses its intents.
CallbackResult RandomStrategy::finish() {
    const bool fails = dice_.chance(20);
    const bool for_good = dice_.chance(30);
    if (!fails || !scenario_.has(Fault::script_fault)) return {};
    if (for_good) return {CallbackStatus::quarantined, "failed too often"};
    return {dice_.chance(500) ? CallbackStatus::error : CallbackStatus::budget, "failed"};
}

void RandomStrategy::maybe_enter(int64_t permille, CallbackOutput& output) {
    if (dice_.chance(permille * eagerness_ / 1000)) enter(output);
}

void RandomStrategy::enter(CallbackOutput& output) {
    const auto& option = scenario_.options[static_cast<size_t>(dice_.below(kOptionCount))];
    Intent intent;
    intent.kind = IntentKind::enter;
    intent.instrument = option.id;
    intent.side = dice_.chance(850) ? Side::buy : Side::sell;
    intent.lots = dice_.chance(700) ? dice_.between(1, 8) : dice_.between(0, 110);
    const double last = services_->last_price(option.symbol);
    if (dice_.chance(400) && !std::isnan(last)) {
        const double off = dice_.chance(200) ? 0.12 : 0.02;
        intent.limit = Price::from_double(last * (1 + (dice_.fraction() - 0.5) * off));
        if (!dice_.chance(50)) intent.limit = std::max(round_to_nearest_tick(*intent.limit, option.tick), option.tick);
    }
    if (!dice_.chance(100)) intent.stop_pct = 0.1 + dice_.fraction() * 2;
    if (dice_.chance(600)) intent.target_pct = 0.1 + dice_.fraction() * 3;
    intent.tag = "simulated";
    intent.why = "dice";
    output.intents.push_back(std::move(intent));
}

// From against the position to with it, by paise or by percent, on the tick or not.
void RandomStrategy::move_stop(const PositionMessage& position, CallbackOutput& output) {
    Intent intent;
    intent.kind = IntentKind::set_stop;
    intent.position = PositionId(position.id);
    const double now = std::isnan(position.stop) ? position.underlying_last * 0.99 : position.stop;
    const double step = dice_.chance(500) ? 0.2 : position.underlying_last * 0.004;
    intent.level = Price::from_double(now + (dice_.fraction() - 0.4) * step * position.direction);
    intent.reason = {3, "ladder", "", "moved"};
    output.intents.push_back(std::move(intent));
    if (!dice_.chance(200)) return;
    intent = output.intents.back();
    intent.kind = IntentKind::set_target;
    intent.level = Price::from_double(position.underlying_last * (1 + position.direction * dice_.fraction() * 0.03));
    output.intents.push_back(std::move(intent));
}

void RandomStrategy::handle_position(const PositionMessage& position, CallbackOutput& output) {
    if (dice_.chance(stop_moving_)) move_stop(position, output);
    if (!dice_.chance(40) || passive_) return;
    Intent intent;
    intent.kind = IntentKind::exit;
    intent.position = PositionId(position.id);
    intent.fraction = dice_.chance(500) ? 1.0 : dice_.chance(50) ? 0.0 : 0.05 + 0.9 * dice_.fraction();
    intent.reason = {static_cast<int>(dice_.between(2, 5)), "dice", "", "the dice say so"};
    output.intents.push_back(std::move(intent));
}

void RandomStrategy::maybe_cancel(int64_t permille, CallbackOutput& output) {
    if (orders_.empty() || !dice_.chance(permille)) return;
    Intent intent;
    intent.kind = IntentKind::cancel;
    intent.order = OrderId(orders_[static_cast<size_t>(dice_.below(static_cast<int64_t>(orders_.size())))]);
    output.intents.push_back(std::move(intent));
}

CallbackResult RandomStrategy::call(ScriptSlot slot, const CallMessage& message, CallbackOutput& output) {
    const StrategyId strategy = owners_[slot.value()];
    return std::visit([&](const auto& given) { return answer(strategy, given, output); }, message);
}

CallbackResult RandomStrategy::answer(StrategyId, const StopMessage&, CallbackOutput& output) {
    enter(output);  // too late: must not be traded
    return {};
}

CallbackResult RandomStrategy::answer(StrategyId strategy, const BarMessage&, CallbackOutput& output) {
    maybe_enter(400, output);
    if (dice_.chance(30)) enter(output);
    if (!passive_) maybe_cancel(60, output);
    for (const PositionMessage& position : services_->positions(strategy)) handle_position(position, output);
    if (dice_.chance(80) && !passive_) output.timers.push_back({static_cast<double>(dice_.between(0, 90)), "later"});
    if (dice_.chance(100)) output.skips.push_back({"", "nothing to do"});
    return finish();
}

CallbackResult RandomStrategy::answer(StrategyId, const TickMessage&, CallbackOutput& output) {
    maybe_enter(20, output);
    return finish();
}

CallbackResult RandomStrategy::answer(StrategyId, const ExitCheckMessage& check, CallbackOutput& output) {
    if (dice_.chance(150)) handle_position(check.position, output);
    return finish();
}

CallbackResult RandomStrategy::answer(StrategyId, const OrderMessage& order, CallbackOutput& output) {
    if (order.id != 0) {
        if (orders_.size() >= 8) orders_.erase(orders_.begin());
        orders_.push_back(order.id);
    }
    if (!passive_) maybe_cancel(30, output);
    maybe_enter(30, output);
    return finish();
}

CallbackResult RandomStrategy::answer(StrategyId strategy, const FillMessage&, CallbackOutput& output) {
    if (dice_.chance(100)) {
        for (const PositionMessage& position : services_->positions(strategy)) handle_position(position, output);
    }
    return finish();
}

CallbackResult RandomStrategy::answer(StrategyId, const TimerMessage&, CallbackOutput& output) {
    maybe_enter(500, output);
    maybe_cancel(100, output);
    return finish();
}

CallbackResult RandomStrategy::answer(StrategyId, const PhaseMessage&, CallbackOutput& output) {
    maybe_enter(200, output);
    return finish();
}

CallbackResult RandomStrategy::answer(StrategyId, const LinkMessage&, CallbackOutput& output) {
    maybe_enter(500, output);
    return finish();
}

}  // namespace tide::simulation
