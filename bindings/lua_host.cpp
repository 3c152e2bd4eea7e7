#include "bindings/lua_host.hpp"

#include "bindings/lua_strategy.hpp"

namespace tide {

LuaHost::LuaHost(const LuaLimits& limits) : limits_(limits) {}
LuaHost::~LuaHost() = default;

LuaStrategy* LuaHost::find(ScriptSlot slot) const {
    return slot.value() < strategies_.size() ? strategies_[slot.value()].get() : nullptr;
}

Result<StrategyDeclaration> LuaHost::load(ScriptSlot slot, const ScriptBundle& bundle, StrategyServices& services) {
    auto loaded = LuaStrategy::load(bundle, services, limits_);
    if (!loaded) return loaded.error();
    if (slot.value() >= strategies_.size()) strategies_.resize(slot.value() + 1);
    strategies_[slot.value()] = std::move(*loaded);
    return strategies_[slot.value()]->declaration();
}

void LuaHost::unload(ScriptSlot slot) {
    if (find(slot) != nullptr) strategies_[slot.value()].reset();
}

bool LuaHost::quarantined(ScriptSlot slot) const {
    const LuaStrategy* found = find(slot);
    return found != nullptr && found->quarantined();
}

void LuaHost::push_bar(ScriptSlot slot, const BarMessage& bar) {
    if (LuaStrategy* found = find(slot)) found->push_bar(bar);
}

void LuaHost::push_indicator(ScriptSlot slot, const IndicatorMessage& values) {
    if (LuaStrategy* found = find(slot)) found->push_indicator(values);
}

CallbackResult LuaHost::call(ScriptSlot slot, const CallMessage& message, CallbackOutput& output) {
    LuaStrategy* found = find(slot);
    return found != nullptr ? found->call(message, output) : CallbackResult{CallbackStatus::not_defined, {}};
}

ScriptUsage LuaHost::usage(ScriptSlot slot) const {
    const LuaStrategy* found = find(slot);
    return found != nullptr ? found->usage() : ScriptUsage();
}

}  // namespace tide
