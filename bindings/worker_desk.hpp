#pragma once
#include <string>
#include <vector>

#include "bindings/worker_messages.hpp"

namespace tide {

// Answers a worker's questions with the engine's services, for one strategy. What a question names must be something
// that the strategy was told before: the services themselves trust their callers.
class WorkerDesk {
  public:
    WorkerDesk(StrategyServices& services, StrategyId strategy) : services_(services), strategy_(strategy) {}
    // From now on it may ask about these symbols; before, only for timeframes.
    void loaded(size_t symbols) {
        symbols_ = symbols;
        loaded_ = true;
    }
    void begin_call(int64_t now_ns, const LuaLimits& limits) {
        now_ns_ = now_ns;
        limits_ = &limits;
        intent_ids_.clear();
    }
    // Appends the answer's body to `out`; or what is wrong with the question.
    const char* answer(const ServiceQuestion& question, WireOut& out);
    // What the call's output is held to.
    ExpectedOutput expected() const { return {*limits_, strategy_, now_ns_, intent_ids_, instruments_}; }

  private:
    struct Indicator {
        int32_t handle = 0;
        size_t outputs = 0, history = 0;
    };
    const char* answer(const AskIndicator& asked, WireOut& out);
    const char* answer(const AskActivityFrame& asked, WireOut& out);
    const char* answer(const AskIndicatorRows& asked, WireOut& out);
    const char* answer(const AskBarCount& asked, WireOut& out);
    const char* answer(const AskBars& asked, WireOut& out);
    const char* answer(const AskChain& asked, WireOut& out);
    const char* answer(const AskVix& asked, WireOut& out);
    const char* answer(const AskVolatility& asked, WireOut& out);
    const char* answer(const AskRegime& asked, WireOut& out);
    const char* answer(const AskQuality& asked, WireOut& out);
    const char* answer(const AskOpeningGap& asked, WireOut& out);
    const char* answer(const AskAccount& asked, WireOut& out);
    const char* answer(const AskPositions& asked, WireOut& out);
    const char* answer(const AskLastPrice& asked, WireOut& out);
    const char* answer(const AskPhase& asked, WireOut& out);
    const char* answer(const AskPrecheck& asked, WireOut& out);
    const char* answer(const AskInstrument& asked, WireOut& out);
    const char* answer(const AskIntentId& asked, WireOut& out);
    bool knows(int32_t symbol_index) const { return symbol_index >= 0 && static_cast<size_t>(symbol_index) < symbols_; }

    StrategyServices& services_;
    StrategyId strategy_;
    const LuaLimits* limits_ = nullptr;
    int64_t now_ns_ = 0;
    bool loaded_ = false;
    size_t symbols_ = 0;
    std::vector<Indicator> indicators_;      // that it was given
    std::vector<InstrumentId> instruments_;  // that it was told of, ascending
    std::vector<uint64_t> intent_ids_;       // given out in this call
};

}  // namespace tide
