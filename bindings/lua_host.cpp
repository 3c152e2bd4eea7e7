#include "bindings/lua_host.hpp"

#include "bindings/lua_strategy.hpp"

namespace tide {

LuaHost::LuaHost(const LuaLimits& limits) : limits_(limits) {}
LuaHost::~LuaHost() = default;

LuaStrategy* LuaHost::find(StrategyId strategy) const {
    const size_t i = strategy.value();
    return i < strategies_.size() ? strategies_[i].get() : nullptr;
}

Result<StrategyDeclaration> LuaHost::load(StrategyId strategy, const ScriptBundle& bundle, StrategyServices& services) {
    auto loaded = LuaStrategy::load(strategy, bundle, services, limits_);
    if (!loaded) return loaded.error();
    const size_t i = strategy.value();
    if (i >= strategies_.size()) strategies_.resize(i + 1);
    strategies_[i] = std::move(*loaded);
    return strategies_[i]->declaration();
}

void LuaHost::unload(StrategyId strategy) {
    if (find(strategy) != nullptr) strategies_[strategy.value()].reset();
}

bool LuaHost::quarantined(StrategyId strategy) const {
    const LuaStrategy* found = find(strategy);
    return found != nullptr && found->quarantined();
}

void LuaHost::push_bar(StrategyId strategy, const BarMessage& bar) {
    if (LuaStrategy* found = find(strategy)) found->push_bar(bar);
}

void LuaHost::push_indicator(StrategyId strategy, const IndicatorMessage& values) {
    if (LuaStrategy* found = find(strategy)) found->push_indicator(values);
}

namespace {
const CallbackResult kNotLoaded{CallbackStatus::not_defined, {}};
}

CallbackResult LuaHost::on_start(StrategyId strategy, CallbackOutput& output) {
    LuaStrategy* found = find(strategy);
    return found != nullptr ? found->on_start(output) : kNotLoaded;
}
CallbackResult LuaHost::on_stop(StrategyId strategy, std::string_view reason, CallbackOutput& output) {
    LuaStrategy* found = find(strategy);
    return found != nullptr ? found->on_stop(reason, output) : kNotLoaded;
}
CallbackResult LuaHost::on_bar(StrategyId strategy, const BarMessage& bar, CallbackOutput& output) {
    LuaStrategy* found = find(strategy);
    return found != nullptr ? found->on_bar(bar, output) : kNotLoaded;
}
CallbackResult LuaHost::on_tick(StrategyId strategy, const TickMessage& tick, CallbackOutput& output) {
    LuaStrategy* found = find(strategy);
    return found != nullptr ? found->on_tick(tick, output) : kNotLoaded;
}
CallbackResult LuaHost::on_exit_check(StrategyId strategy, const PositionMessage& position, const QuoteMessage& quote,
                                      CallbackOutput& output) {
    LuaStrategy* found = find(strategy);
    return found != nullptr ? found->on_exit_check(position, quote, output) : kNotLoaded;
}
CallbackResult LuaHost::on_order(StrategyId strategy, const OrderMessage& order, CallbackOutput& output) {
    LuaStrategy* found = find(strategy);
    return found != nullptr ? found->on_order(order, output) : kNotLoaded;
}
CallbackResult LuaHost::on_fill(StrategyId strategy, const FillMessage& fill, CallbackOutput& output) {
    LuaStrategy* found = find(strategy);
    return found != nullptr ? found->on_fill(fill, output) : kNotLoaded;
}
CallbackResult LuaHost::on_timer(StrategyId strategy, std::string_view name, CallbackOutput& output) {
    LuaStrategy* found = find(strategy);
    return found != nullptr ? found->on_timer(name, output) : kNotLoaded;
}
CallbackResult LuaHost::on_session(StrategyId strategy, std::string_view phase, CallbackOutput& output) {
    LuaStrategy* found = find(strategy);
    return found != nullptr ? found->on_session(phase, output) : kNotLoaded;
}
CallbackResult LuaHost::on_risk(StrategyId strategy, const RiskMessage& event, CallbackOutput& output) {
    LuaStrategy* found = find(strategy);
    return found != nullptr ? found->on_risk(event, output) : kNotLoaded;
}
CallbackResult LuaHost::on_chain(StrategyId strategy, int32_t symbol_index, CallbackOutput& output) {
    LuaStrategy* found = find(strategy);
    return found != nullptr ? found->on_chain(symbol_index, output) : kNotLoaded;
}
CallbackResult LuaHost::on_link(StrategyId strategy, const LinkMessage& event, CallbackOutput& output) {
    LuaStrategy* found = find(strategy);
    return found != nullptr ? found->on_link(event, output) : kNotLoaded;
}

}  // namespace tide
