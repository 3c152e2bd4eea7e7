#include "bindings/worker_process.hpp"

#include <unistd.h>

#include <optional>

#include "bindings/lua_host.hpp"
#include "bindings/worker_messages.hpp"
#include "bindings/worker_sandbox.hpp"

namespace tide {
namespace {

// How a worker ends when something is wrong that is not its script's doing.
constexpr int kNotConfined = 2;
constexpr int kEngineUnreadable = 3;

// The worker's ends of the rings. Every failure is the process's end: there is nobody else to tell.
class EngineLine {
  public:
    explicit EngineLine(WorkerMemory& memory)
        : in_(memory.to_worker, memory.to_worker_bytes), out_(memory.to_engine, memory.to_engine_bytes) {}

    // The next message's body; views into it live until the next `read` into the same text.
    WireIn read(std::string& message, WorkerMessage& kind, uint64_t& number, TextKeeper* keeper = nullptr) {
        if (in_.read(message, kMessageToWorkerMax, wait_) != RingState::ok) ::_exit(kEngineUnreadable);
        WireIn wire(message, keeper);
        wire(kind, number);
        return wire;
    }
    template <class... Body>
    void write(WorkerMessage kind, uint64_t number, const Body&... body) {
        write_message(outgoing_, kind, number, body...);
        if (out_.write(outgoing_, wait_) != RingState::ok) ::_exit(kEngineUnreadable);
    }

  private:
    RingReader in_;
    RingWriter out_;
    RingWait wait_;
    std::string outgoing_;
};

// What the script asks the engine: a question, and the wait for its answer. Answers that fill a mirror are fetched by
// the block; nothing else is kept, for the next question may have another answer.
class RemoteServices final : public StrategyServices {
  public:
    explicit RemoteServices(EngineLine& line) : line_(line) {}
    void begin_call(int64_t now_ns) {
        now_ns_ = now_ns;
        bars_.count = 0;
        rows_.count = 0;
        if (texts_.size() > kTextsMax) texts_.clear();
    }

    int64_t now_ns() const override { return now_ns_; }
    Result<IndicatorInfo> indicator(StrategyId, std::string_view symbol, Timeframe timeframe, std::string_view name,
                                    std::span<const double> parameters) override {
        auto info = ask<Result<IndicatorInfo>>(
            AskIndicator{symbol, name, timeframe, std::vector<double>(parameters.begin(), parameters.end())});
        if (info) rows_.outputs = info->outputs.size();
        return info;
    }
    std::optional<Timeframe> activity_frame(const ActivitySpec& spec, bool declare) override {
        return ask<std::optional<Timeframe>>(AskActivityFrame{spec, declare});
    }
    // Filled from the oldest to the newest, so a block ends with the row asked for.
    double indicator_history(int32_t handle, size_t output, size_t back) const override {
        if (rows_.count == 0 || rows_.handle != handle || back < rows_.newest || back >= rows_.newest + rows_.count) {
            rows_.handle = handle;
            rows_.take_block(back);
            rows_.values = ask<std::vector<double>>(AskIndicatorRows{handle, rows_.newest, rows_.count});
            if (rows_.values.size() < rows_.count) ::_exit(kEngineUnreadable);
        }
        return rows_.values[(back - rows_.newest) * (rows_.values.size() / rows_.count) + output];
    }
    size_t bar_count(StrategyId, int32_t symbol_index, Timeframe timeframe) const override {
        return ask<uint64_t>(AskBarCount{symbol_index, timeframe});
    }
    BarMessage bar(StrategyId, int32_t symbol_index, Timeframe timeframe, size_t back) const override {
        if (bars_.count == 0 || bars_.symbol_index != symbol_index || bars_.timeframe != timeframe ||
            back < bars_.newest || back >= bars_.newest + bars_.count) {
            bars_.symbol_index = symbol_index;
            bars_.timeframe = timeframe;
            bars_.take_block(back);
            bars_.values = ask<std::vector<BarMessage>>(AskBars{symbol_index, timeframe, bars_.newest, bars_.count});
            if (bars_.values.size() != bars_.count) ::_exit(kEngineUnreadable);
        }
        return bars_.values[back - bars_.newest];
    }
    Result<ChainSnapshot> chain(std::string_view underlying, std::string_view expiry, int64_t min_days,
                                int64_t strikes) const override {
        return ask<Result<ChainSnapshot>>(AskChain{underlying, expiry, min_days, strikes});
    }
    VixMessage vix() const override { return ask<VixMessage>(AskVix{}); }
    VolatilityMessage volatility() const override { return ask<VolatilityMessage>(AskVolatility{}); }
    std::string_view regime(std::string_view symbol) const override { return ask<std::string_view>(AskRegime{symbol}); }
    QualityMessage quality(std::string_view symbol) const override { return ask<QualityMessage>(AskQuality{symbol}); }
    GapMessage opening_gap(std::string_view symbol) const override { return ask<GapMessage>(AskOpeningGap{symbol}); }
    AccountMessage account(StrategyId) const override { return ask<AccountMessage>(AskAccount{}); }
    std::vector<PositionMessage> positions(StrategyId) const override {
        return ask<std::vector<PositionMessage>>(AskPositions{});
    }
    double last_price(std::string_view symbol) const override { return ask<double>(AskLastPrice{symbol}); }
    std::string_view phase() const override { return ask<std::string_view>(AskPhase{}); }
    std::optional<Refusal> precheck(const Intent& intent) const override {
        return ask<std::optional<Refusal>>(AskPrecheck{intent});
    }
    InstrumentId find_instrument(std::string_view symbol) const override {
        return ask<InstrumentId>(AskInstrument{symbol});
    }
    IntentId reserve_intent_id() override { return ask<IntentId>(AskIntentId{}); }

  private:
    static constexpr size_t kTextsMax = 10'000;
    // Rows `newest` to `newest + count - 1` bars ago.
    struct Block {
        uint32_t newest = 0, count = 0;
        void take_block(size_t oldest) {
            count = static_cast<uint32_t>(std::min<size_t>(oldest + 1, kRowsAtOnce));
            newest = static_cast<uint32_t>(oldest) + 1 - count;
        }
    };
    struct BarBlock : Block {
        int32_t symbol_index = 0;
        Timeframe timeframe = Timeframe::m1;
        std::vector<BarMessage> values;
    };
    struct RowBlock : Block {
        int32_t handle = 0;
        size_t outputs = 1;
        std::vector<double> values;
    };

    template <class Answer, class Question>
    Answer ask(const Question& question) const {
        line_.write(WorkerMessage::question, ++asked_, ServiceQuestion(question));
        WorkerMessage kind{};
        uint64_t number = 0;
        WireIn wire = line_.read(incoming_, kind, number, &texts_);
        Answer answer{};
        wire(answer);
        if (kind != WorkerMessage::answer || number != asked_ || !wire.done()) ::_exit(kEngineUnreadable);
        return answer;
    }

    EngineLine& line_;
    int64_t now_ns_ = 0;
    mutable uint64_t asked_ = 0;
    mutable std::string incoming_;
    mutable TextKeeper texts_;  // what views in answers point at
    mutable BarBlock bars_;
    mutable RowBlock rows_;
};

class Worker {
  public:
    explicit Worker(WorkerMemory& memory) : line_(memory), services_(line_) {}

    [[noreturn]] void run() {
        for (;;) {
            WorkerMessage kind{};
            uint64_t number = 0;
            WireIn wire = line_.read(incoming_, kind, number);
            if (kind == WorkerMessage::load) {
                load(wire, number);
            } else if (!host_) {
                ::_exit(kEngineUnreadable);
            } else if (kind == WorkerMessage::bar) {
                BarMessage bar;
                wire(bar);
                if (wire.done()) host_->push_bar(kSlot, bar);
            } else if (kind == WorkerMessage::indicator) {
                int32_t handle = 0;
                wire(handle, values_);
                if (wire.done()) host_->push_indicator(kSlot, {handle, values_});
            } else {
                call(wire, number);
            }
            if (!wire.done()) ::_exit(kEngineUnreadable);
        }
    }

  private:
    static constexpr ScriptSlot kSlot{1};

    void load(WireIn& wire, uint64_t number) {
        LuaLimits limits;
        ScriptBundle bundle;
        int64_t now_ns = 0;
        wire(limits, now_ns, bundle);
        if (!wire.done()) return;
        services_.begin_call(now_ns);
        host_.emplace(limits);
        line_.write(WorkerMessage::loaded, number, host_->load(kSlot, bundle, services_));
    }
    void call(WireIn& wire, uint64_t number) {
        int64_t now_ns = 0;
        wire(now_ns, message_);
        if (!wire.done()) return;
        services_.begin_call(now_ns);
        output_.clear();
        const CallbackResult result = host_->call(kSlot, message_, output_);
        line_.write(WorkerMessage::called, number, result, output_, host_->usage(kSlot));
    }

    EngineLine line_;
    RemoteServices services_;
    std::optional<LuaHost> host_;
    std::string incoming_;
    CallMessage message_;
    CallbackOutput output_;
    std::vector<double> values_;
};

[[noreturn]] void live(WorkerMemory& memory, bool filter_calls) {
    if (!enter_worker_sandbox(filter_calls)) ::_exit(kNotConfined);
    Worker(memory).run();
}

}  // namespace

void run_worker(WorkerMemory& memory) { live(memory, true); }
void run_worker_unfiltered(WorkerMemory& memory) { live(memory, false); }

}  // namespace tide
