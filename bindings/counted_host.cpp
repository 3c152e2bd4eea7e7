#include "bindings/counted_host.hpp"

namespace tide {

const ScriptStopNote* CountedHost::count(StrategyId strategy) {
    if (strategy.value() >= calls_.size()) calls_.resize(strategy.value() + size_t(1));
    const uint64_t call = ++calls_[strategy.value()];
    if (planned_.empty()) return nullptr;
    const auto planned = planned_.find({strategy, call});
    return planned == planned_.end() ? nullptr : &planned->second;
}

Result<StrategyDeclaration> CountedHost::load(ScriptSlot slot, const ScriptBundle& bundle, StrategyServices& services) {
    if (const auto* stop = count(bundle.strategy)) return make_error(ErrorCode::stopped, stop->reason);
    turn();
    auto loaded = host_.load(slot, bundle, services);
    turn();
    if (loaded) {
        if (slot.value() >= owners_.size()) owners_.resize(slot.value() + size_t(1));
        owners_[slot.value()] = bundle.strategy;
    } else if (loaded.error().code == ErrorCode::stopped && told_) {
        told_({bundle.strategy, calls_[bundle.strategy.value()], loaded.error().message, false});
    }
    return loaded;
}

void CountedHost::unload(ScriptSlot slot) {
    host_.unload(slot);
    if (slot.value() < owners_.size()) owners_[slot.value()] = {};
}

CallbackResult CountedHost::call(ScriptSlot slot, const CallMessage& message, CallbackOutput& output) {
    const StrategyId owner = slot.value() < owners_.size() ? owners_[slot.value()] : StrategyId();
    if (!owner.valid()) return {CallbackStatus::not_defined, {}};
    if (const auto* stop = count(owner)) {
        host_.unload(slot);  // what ran there is lost, as it was then
        return {stop->late ? CallbackStatus::late : CallbackStatus::stopped, stop->reason};
    }
    turn();
    CallbackResult result = host_.call(slot, message, output);
    turn();
    if (without_process(result.status) && told_)
        told_({owner, calls_[owner.value()], result.message, result.status == CallbackStatus::late});
    return result;
}

}  // namespace tide
