#include "bindings/worker_desk.hpp"

#include <algorithm>

namespace tide {
namespace {

constexpr int64_t kMinDaysMax = 1'000'000;
constexpr int64_t kStrikesMax = 1'000'000;
constexpr size_t kIntentIdsMax = 1'000;  // in one call; a script proposes no more than its limits let it
constexpr size_t kInstrumentsMax = 100'000;

}  // namespace

const char* WorkerDesk::answer(const ServiceQuestion& question, WireOut& out) {
    if (!loaded_ && !std::holds_alternative<AskActivityFrame>(question)) return "a question about the market at load";
    return std::visit([&](const auto& asked) { return answer(asked, out); }, question);
}

const char* WorkerDesk::answer(const AskIndicator& asked, WireOut& out) {
    auto info = services_.indicator(strategy_, asked.symbol, asked.timeframe, asked.name, asked.parameters);
    if (info) {
        const auto known = std::find_if(indicators_.begin(), indicators_.end(),
                                        [&](const Indicator& one) { return one.handle == info->handle; });
        const Indicator given{info->handle, info->outputs.size(), info->history};
        if (known == indicators_.end()) {
            indicators_.push_back(given);
        } else {
            *known = given;
        }
    }
    out(info);
    return nullptr;
}

const char* WorkerDesk::answer(const AskActivityFrame& asked, WireOut& out) {
    if (asked.spec.size < 1 || asked.spec.size > kActivitySizeMax) return "bars of a size that there are not";
    out(services_.activity_frame(asked.spec, asked.declare));
    return nullptr;
}

const char* WorkerDesk::answer(const AskIndicatorRows& asked, WireOut& out) {
    const auto known = std::find_if(indicators_.begin(), indicators_.end(),
                                    [&](const Indicator& one) { return one.handle == asked.handle; });
    if (known == indicators_.end() || asked.count > kRowsAtOnce ||
        size_t(asked.newest) + asked.count > known->history) {
        return "values of an indicator that it was not given";
    }
    std::vector<double> values;
    values.reserve(asked.count * known->outputs);
    for (size_t back = asked.newest; back < size_t(asked.newest) + asked.count; ++back) {
        for (size_t output = 0; output < known->outputs; ++output)
            values.push_back(services_.indicator_history(asked.handle, output, back));
    }
    out(values);
    return nullptr;
}

const char* WorkerDesk::answer(const AskBarCount& asked, WireOut& out) {
    if (!knows(asked.symbol_index)) return "bars of a symbol that it did not declare";
    out(static_cast<uint64_t>(services_.bar_count(strategy_, asked.symbol_index, asked.timeframe)));
    return nullptr;
}

const char* WorkerDesk::answer(const AskBars& asked, WireOut& out) {
    if (!knows(asked.symbol_index) || asked.count > kRowsAtOnce ||
        size_t(asked.newest) + asked.count > services_.bar_count(strategy_, asked.symbol_index, asked.timeframe)) {
        return "bars that there are not";
    }
    std::vector<BarMessage> bars;
    bars.reserve(asked.count);
    for (size_t back = asked.newest; back < size_t(asked.newest) + asked.count; ++back)
        bars.push_back(services_.bar(strategy_, asked.symbol_index, asked.timeframe, back));
    out(bars);
    return nullptr;
}

const char* WorkerDesk::answer(const AskChain& asked, WireOut& out) {
    if (asked.min_days < 0 || asked.min_days > kMinDaysMax || asked.strikes < 0 || asked.strikes > kStrikesMax)
        return "a chain out of range";
    out(services_.chain(asked.underlying, asked.expiry, asked.min_days, asked.strikes));
    return nullptr;
}

const char* WorkerDesk::answer(const AskVix&, WireOut& out) {
    out(services_.vix());
    return nullptr;
}
const char* WorkerDesk::answer(const AskVolatility&, WireOut& out) {
    out(services_.volatility());
    return nullptr;
}
const char* WorkerDesk::answer(const AskRegime& asked, WireOut& out) {
    out(services_.regime(asked.symbol));
    return nullptr;
}
const char* WorkerDesk::answer(const AskQuality& asked, WireOut& out) {
    out(services_.quality(asked.symbol));
    return nullptr;
}
const char* WorkerDesk::answer(const AskOpeningGap& asked, WireOut& out) {
    out(services_.opening_gap(asked.symbol));
    return nullptr;
}
const char* WorkerDesk::answer(const AskAccount&, WireOut& out) {
    out(services_.account(strategy_));
    return nullptr;
}
const char* WorkerDesk::answer(const AskPositions&, WireOut& out) {
    out(services_.positions(strategy_));
    return nullptr;
}
const char* WorkerDesk::answer(const AskLastPrice& asked, WireOut& out) {
    out(services_.last_price(asked.symbol));
    return nullptr;
}
const char* WorkerDesk::answer(const AskPhase&, WireOut& out) {
    out(services_.phase());
    return nullptr;
}

const char* WorkerDesk::answer(const AskPrecheck& asked, WireOut& out) {
    if (const char* wrong = wrong_in(asked.intent, expected())) return wrong;
    out(services_.precheck(asked.intent));
    return nullptr;
}

const char* WorkerDesk::answer(const AskInstrument& asked, WireOut& out) {
    const InstrumentId id = services_.find_instrument(asked.symbol);
    if (id.valid()) {
        const auto at = std::lower_bound(instruments_.begin(), instruments_.end(), id);
        if (at == instruments_.end() || *at != id) instruments_.insert(at, id);
        if (instruments_.size() > kInstrumentsMax) return "more instruments than there are";
    }
    out(id);
    return nullptr;
}

const char* WorkerDesk::answer(const AskIntentId&, WireOut& out) {
    if (intent_ids_.size() >= kIntentIdsMax) return "more intents than a callback may make";
    const IntentId id = services_.reserve_intent_id();
    intent_ids_.push_back(id.value());
    out(id);
    return nullptr;
}

}  // namespace tide
