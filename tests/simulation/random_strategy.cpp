#include "random_strategy.hpp"

#include <algorithm>
#include <cmath>

namespace tide::simulation {

RandomStrategy::RandomStrategy(const Scenario& scenario)
    : scenario_(scenario), dice_(Dice(scenario.seed).fork(4)), stop_dice_(Dice(scenario.seed).fork(16)) {
    eagerness_ = dice_.between(50, 1'500);
    stop_moving_ = dice_.between(0, 300);
    passive_ = dice_.chance(350);
    holding_ = dice_.between(0, 600);
    grouping_ = dice_.chance(400) ? dice_.between(100, 900) : 0;
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

// Most callbacks end well; a failed one loses its intents. One whose process was killed in it is loaded again.
CallbackResult RandomStrategy::finish() {
    if (scenario_.has(Fault::script_stop) && stop_dice_.chance(6)) return {CallbackStatus::stopped, "killed"};
    const bool fails = dice_.chance(20);
    const bool for_good = dice_.chance(30);
    if (!fails || !scenario_.has(Fault::script_fault)) return {};
    if (for_good) return {CallbackStatus::quarantined, "failed too often"};
    return {dice_.chance(500) ? CallbackStatus::error : CallbackStatus::budget, "failed"};
}

void RandomStrategy::maybe_enter(int64_t permille, CallbackOutput& output) {
    if (!dice_.chance(permille * eagerness_ / 1000)) return;
    if (dice_.chance(grouping_)) {
        enter_group(output);
    } else {
        enter(output);
    }
}

// Two to four legs, mostly on one underlying and mostly one of them bought and one sold.
void RandomStrategy::enter_group(CallbackOutput& output) {
    Intent intent;
    intent.kind = IntentKind::enter_group;
    const auto count = dice_.chance(700) ? 2 : dice_.between(1, 4);
    const int64_t lots = dice_.between(1, 4);
    const int64_t first = dice_.below(kOptionCount);
    const InstrumentId underlying = scenario_.options[static_cast<size_t>(first)].underlying;
    for (int64_t i = 0; i < kOptionCount && std::ssize(intent.legs) < count; ++i) {
        const auto& option = scenario_.options[static_cast<size_t>((first + i) % kOptionCount)];
        if (option.underlying != underlying && !dice_.chance(20)) continue;
        if (dice_.chance(300)) continue;
        IntentLeg leg{option.id, intent.legs.empty() || dice_.chance(300) ? Side::buy : Side::sell, lots, std::nullopt};
        const double last = services_->last_price(option.symbol);
        if (dice_.chance(300) && !std::isnan(last)) {
            const Price near = Price::from_double(last * (1 + (dice_.fraction() - 0.5) * 0.04));
            leg.limit = std::max(round_to_nearest_tick(near, option.tick), option.tick);
        }
        intent.legs.push_back(leg);
    }
    if (dice_.chance(500)) intent.timeout_s = static_cast<double>(dice_.between(1, 90));
    if (dice_.chance(300)) intent.max_loss = Money::from_rupees(dice_.between(100, 20'000));
    intent.tag = "simulated";
    intent.why = "dice";
    output.intents.push_back(std::move(intent));
}

void RandomStrategy::maybe_exit_group(int64_t permille, CallbackOutput& output) {
    if (groups_.empty() || !dice_.chance(permille)) return;
    Intent intent;
    intent.kind = IntentKind::exit_group;
    intent.group = GroupId(groups_[static_cast<size_t>(dice_.below(std::ssize(groups_)))]);
    intent.reason = {static_cast<int>(dice_.between(2, 5)), "dice", "", "the dice say so"};
    output.intents.push_back(std::move(intent));
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
    if (dice_.chance(holding_)) hold(intent, last, option.tick);
    intent.tag = "simulated";
    intent.why = "dice";
    output.intents.push_back(std::move(intent));
}

// Anything that the engine may be asked to hold, sound or not.
void RandomStrategy::hold(Intent& intent, double last, Price tick) {
    EntryTerms& terms = intent.terms;
    if (dice_.chance(400) && !std::isnan(last)) {
        const bool right_side = !dice_.chance(100);
        const double off = (right_side ? 1 : -1) * (intent.side == Side::buy ? 1 : -1) * dice_.fraction() * 0.03;
        terms.trigger = std::max(round_to_nearest_tick(Price::from_double(last * (1 + off)), tick), tick);
        if (dice_.chance(300)) terms.trail_pct = 0.1 + dice_.fraction() * 3;
    } else if (dice_.chance(200)) {
        terms.trail_pct = 0.1 + dice_.fraction() * 3;
    }
    const int64_t shape = dice_.below(4);
    if (shape == 0) terms.display_lots = dice_.between(1, 3);
    if (shape == 1) {
        terms.algo = dice_.chance(500) ? SliceAlgo::twap : SliceAlgo::vwap;
        terms.slices = dice_.between(2, 6);
        terms.over_min = 0.5 + dice_.fraction() * 20;
    }
    if (dice_.chance(300)) {
        terms.good_till = dice_.chance(500) ? GoodTill::time : GoodTill::day;
        terms.good_till_minute = static_cast<int32_t>(dice_.between(9 * 60, 15 * 60));
    }
    if (dice_.chance(100)) {
        terms.good_till = GoodTill::date;
        terms.good_till_date = kTradingDay + std::chrono::days(dice_.between(-1, 20));
    }
    terms.after_market = dice_.chance(100);
    if (dice_.chance(400)) terms.oco = dice_.chance(500) ? "a" : "b";
    if (dice_.chance(300)) intent.premium.stop_pct = 1 + dice_.fraction() * 60;
    if (dice_.chance(300)) intent.premium.target_pct = 1 + dice_.fraction() * 60;
    if (dice_.chance(300)) intent.trail_stop_pct = 0.1 + dice_.fraction() * 2;
    intent.cover = dice_.chance(200);
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
    if (dice_.chance(100)) {
        intent.kind = IntentKind::set_trail;
        intent.trail_stop_pct = dice_.fraction() * 2;
        output.intents.push_back(intent);
        intent.trail_stop_pct.reset();
    }
    if (!dice_.chance(200)) return;
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
    if (!entries_.empty() && dice_.chance(200)) {
        intent.parent = IntentId(entries_[static_cast<size_t>(dice_.below(static_cast<int64_t>(entries_.size())))]);
        output.intents.push_back(std::move(intent));
        return;
    }
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
    if (!passive_) maybe_exit_group(60, output);
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
    if (order.parent != 0) {
        if (entries_.size() >= 8) entries_.erase(entries_.begin());
        entries_.push_back(order.parent);
    }
    if (order.id != 0) {
        if (orders_.size() >= 8) orders_.erase(orders_.begin());
        orders_.push_back(order.id);
    }
    if (order.group != 0) {
        if (groups_.size() >= 4) groups_.erase(groups_.begin());
        groups_.push_back(order.group);
        if (!passive_) maybe_exit_group(20, output);
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
