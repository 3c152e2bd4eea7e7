#include "bindings/counted_host.hpp"

namespace tide {

const std::string* CountedHost::count(StrategyId strategy) {
    if (strategy.value() >= calls_.size()) calls_.resize(strategy.value() + size_t(1));
    const uint64_t call = ++calls_[strategy.value()];
    if (planned_.empty()) return nullptr;
    const auto planned = planned_.find({strategy, call});
    return planned == planned_.end() ? nullptr : &planned->second;
}

Result<StrategyDeclaration> CountedHost::load(ScriptSlot slot, const ScriptBundle& bundle, StrategyServices& services) {
    if (const std::string* reason = count(bundle.strategy)) return make_error(ErrorCode::stopped, *reason);
    turn();
    auto loaded = host_.load(slot, bundle, services);
    turn();
    if (loaded) {
        if (slot.value() >= owners_.size()) owners_.resize(slot.value() + size_t(1));
        owners_[slot.value()] = bundle.strategy;
    } else if (loaded.error().code == ErrorCode::stopped && told_) {
        told_({bundle.strategy, calls_[bundle.strategy.value()], loaded.error().message});
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
    if (const std::string* reason = count(owner)) {
        host_.unload(slot);  // what ran there is lost, as it was then
        return {CallbackStatus::stopped, *reason};
    }
    turn();
    CallbackResult result = host_.call(slot, message, output);
    turn();
    if (result.status == CallbackStatus::stopped && told_) told_({owner, calls_[owner.value()], result.message});
    return result;
}

}  // namespace tide
