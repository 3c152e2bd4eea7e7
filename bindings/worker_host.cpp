#include "bindings/worker_host.hpp"

#include <fmt/format.h>

#include "bindings/worker_desk.hpp"
#include "bindings/worker_messages.hpp"

namespace tide {
namespace {

using Clock = RingWait::Clock;

// Processor time that a worker may use between two looks of the engine, which is more than any callback can.
constexpr int64_t kProcessorAllowed_s = 10;
constexpr auto kBetweenLooks = std::chrono::seconds(1);

bool happens_once(ScriptCallback callback) {
    return callback == ScriptCallback::start || callback == ScriptCallback::stop || callback == ScriptCallback::save ||
           callback == ScriptCallback::load;
}

}  // namespace

// The engine's end of one worker.
class WorkerHost::Worker final : private RingWait {
  public:
    Worker(std::unique_ptr<WorkerProcess> process, const LuaLimits& limits, StrategyServices& services,
           StrategyId strategy)
        : process_(std::move(process)),
          limits_(limits),
          services_(services),
          strategy_(strategy),
          in_(process_->memory().to_engine, process_->memory().to_engine_bytes),
          out_(process_->memory().to_worker, process_->memory().to_worker_bytes),
          desk_(services, strategy) {}
    StrategyId strategy() const { return strategy_; }
    pid_t process() const { return process_->id(); }
    using RingWait::never_spin;

    // Null: it answered. Else why it must be killed; `said()` has the text.
    bool load(const ScriptBundle& bundle, Result<StrategyDeclaration>& loaded, const WorkerPatience& patience) {
        begin(patience.load, patience.computing_pct);
        write_message(outgoing_, WorkerMessage::load, number_, limits_, services_.now_ns(), bundle);
        if (!send() || !hear(WorkerMessage::loaded)) return false;
        WireIn wire = body();
        wire(loaded);
        if (!wire.done()) return nonsense("an answer that does not read");
        if (const char* wrong = wrong_in(loaded, bundle)) return nonsense(wrong);
        if (loaded) desk_.loaded(loaded->symbols.size());
        return true;
    }
    bool call(const CallMessage& message, CallbackResult& result, CallbackOutput& output,
              const WorkerPatience& patience) {
        begin(happens_once(callback_of(message)) ? patience.load : patience.callback, patience.computing_pct);
        if (!in_.empty()) return nonsense("something that nobody asked for");
        write_message(outgoing_, WorkerMessage::call, number_, services_.now_ns(), message);
        if (!send() || !hear(WorkerMessage::called)) return false;
        WireIn wire = body();
        ScriptUsage usage;
        wire(result, output, usage);
        if (!wire.done()) return nonsense("an answer that does not read");
        if (const char* wrong = wrong_in(result, output, desk_.expected())) return nonsense(wrong);
        usage_ = usage;
        return true;
    }
    template <class... Body>
    bool push(WorkerMessage kind, const WorkerPatience& patience, const Body&... pushed) {
        wait_at_most(patience.callback, patience.computing_pct);
        write_message(outgoing_, kind, 0, pushed...);
        return settle(out_.write(outgoing_, *this, false));
    }
    const std::string& said() const { return said_; }
    CallbackStatus verdict() const { return verdict_; }
    // What it did may be a defect of the compiler.
    bool suspect() const { return !starved_; }
    // As it said with its last answer; only shown, so not checked.
    const ScriptUsage& usage() const { return usage_; }

  private:
    Clock::time_point wait_at_most(std::chrono::milliseconds patience, int64_t computing_pct) {
        const auto now = Clock::now();
        until(now + patience);
        patience_ = patience;
        computing_ = std::chrono::nanoseconds(patience) * computing_pct / 100;
        waits_ = 0;
        computed_before_.reset();
        return now;
    }
    void begin(std::chrono::milliseconds patience, int64_t computing_pct) {
        const auto now = wait_at_most(patience, computing_pct);
        ++number_;
        desk_.begin_call(services_.now_ns(), limits_);
        if (now - looked_ < kBetweenLooks) return;
        looked_ = now;
        process_->allow_processor(kProcessorAllowed_s);
    }
    // Asked every 2 ms while the engine sleeps. Not at the first time: an answer that comes by then pays for no clock.
    bool gone() override {
        if (++waits_ == 2) computed_before_ = process_->processor_time();
        return process_->ended();
    }
    // Whose doing it is that no answer came: the script's, somebody's who stopped its process, or the machine's.
    void judge_lateness() {
        said_ = fmt::format("no answer within {} ms", patience_.count());
        const auto now = process_->processor_time();
        const auto computed = now && computed_before_ ? *now - *computed_before_ : std::chrono::nanoseconds(0);
        const auto computed_ms = std::chrono::floor<std::chrono::milliseconds>(computed).count();
        if (computed >= computing_) {
            verdict_ = CallbackStatus::late;
            said_ += fmt::format(" although it computed for {} ms of them", computed_ms);
        } else if (process_->stands_still()) {
            verdict_ = CallbackStatus::late;
            said_ += ": its process was made to stand still";
        } else {
            starved_ = true;
            said_ += fmt::format(", of which the machine gave its process {} ms", computed_ms);
        }
    }
    bool nonsense(const char* what) {
        said_ = fmt::format("its process sent nonsense: {}", what);
        return false;
    }
    bool settle(RingState state) {
        switch (state) {
            case RingState::ok:
                return true;
            case RingState::late:
                judge_lateness();
                return false;
            case RingState::gone:
                said_ = fmt::format("its process ended ({})", process_->how_it_ended());
                return false;
            case RingState::garbage:
                break;
        }
        return nonsense("a message of no possible size");
    }
    bool send() { return settle(out_.write(outgoing_, *this)); }
    // Reads until the answer, and answers what is asked meanwhile.
    bool hear(WorkerMessage wanted) {
        for (;;) {
            if (!settle(in_.read(incoming_, kMessageToEngineMax, *this))) return false;
            WireIn wire(incoming_);
            WorkerMessage kind{};
            uint64_t number = 0;
            wire(kind, number);
            if (!wire.ok()) return nonsense("a message without a head");
            if (kind == wanted && number == number_) return true;
            if (kind != WorkerMessage::question || number != asked_ + 1) return nonsense("an answer to another call");
            asked_ = number;
            ServiceQuestion question;
            wire(question);
            if (!wire.done()) return nonsense("a question that does not read");
            begin_message(outgoing_, WorkerMessage::answer, number);
            WireOut answer(outgoing_);
            if (const char* wrong = desk_.answer(question, answer)) return nonsense(wrong);
            end_message(outgoing_);
            if (!send()) return false;
        }
    }
    WireIn body() const {
        WireIn wire(incoming_);
        WorkerMessage kind{};
        uint64_t number = 0;
        wire(kind, number);
        return wire;
    }

    std::unique_ptr<WorkerProcess> process_;
    LuaLimits limits_;
    StrategyServices& services_;
    StrategyId strategy_;
    RingReader in_;
    RingWriter out_;
    WorkerDesk desk_;
    std::chrono::milliseconds patience_{};
    std::chrono::nanoseconds computing_{};                     // whoever computed for so long has hung
    std::optional<std::chrono::nanoseconds> computed_before_;  // processor time when the wait was two looks old
    int waits_ = 0;                                            // looks of this call
    bool starved_ = false;
    CallbackStatus verdict_ = CallbackStatus::stopped;
    Clock::time_point looked_{};
    uint64_t number_ = 0;  // of the last load or call
    uint64_t asked_ = 0;   // of the last question
    std::string incoming_, outgoing_, said_;
    ScriptUsage usage_;
};

WorkerHost::WorkerHost(std::unique_ptr<WorkerZygote> zygote, const LuaLimits& limits, WorkerPatience patience)
    : zygote_(std::move(zygote)), limits_(limits), patience_(patience) {
    zygote_->prepare();
}
WorkerHost::~WorkerHost() = default;

WorkerHost::Worker* WorkerHost::find(ScriptSlot slot) const {
    return slot.value() < workers_.size() ? workers_[slot.value()].get() : nullptr;
}

pid_t WorkerHost::process_of(ScriptSlot slot) const {
    const Worker* found = find(slot);
    return found == nullptr ? 0 : found->process();
}

ScriptUsage WorkerHost::usage(ScriptSlot slot) const {
    const Worker* found = find(slot);
    return found == nullptr ? ScriptUsage() : found->usage();
}

// A new worker for each version: the old one stays until the new one has loaded.
Result<StrategyDeclaration> WorkerHost::load(ScriptSlot slot, const ScriptBundle& bundle, StrategyServices& services) {
    tend_zygote();
    auto process = zygote_->take(Clock::now() + patience_.load);
    if (process && (*process)->ended()) process = zygote_->take(Clock::now() + patience_.load);  // the spare was killed
    zygote_->prepare();
    if (!process) return make_error(ErrorCode::stopped, fmt::format("{}: {}", bundle.name, process.error().message));
    LuaLimits limits = limits_;
    limits.jit = limits.jit && !crashed_.contains(bundle.strategy);
    auto worker = std::make_unique<Worker>(std::move(*process), limits, services, bundle.strategy);
    if (never_spin_) worker->never_spin();
    Result<StrategyDeclaration> loaded;
    if (!worker->load(bundle, loaded, patience_)) {
        if (worker->suspect()) crashed_.insert(bundle.strategy);
        return make_error(ErrorCode::stopped,
                          fmt::format("{}.lua: {} while it was loaded", bundle.name, worker->said()));
    }
    if (!loaded) return loaded;
    if (slot.value() >= workers_.size()) workers_.resize(slot.value() + 1);
    workers_[slot.value()] = std::move(worker);
    stopped_.erase(slot);
    return loaded;
}

void WorkerHost::tend_zygote() {
    zygote_->tend();
    tended_ = Clock::now();
}

void WorkerHost::unload(ScriptSlot slot) {
    if (find(slot) != nullptr) workers_[slot.value()].reset();
    stopped_.erase(slot);
}

CallbackResult WorkerHost::stop(ScriptSlot slot) {
    const auto worker = std::move(workers_[slot.value()]);
    if (worker->suspect()) crashed_.insert(worker->strategy());
    return {worker->verdict(), worker->said()};
}

// What does not fit is waited for, once: a worker that does not read is as good as dead, which the next call tells.
void WorkerHost::push_bar(ScriptSlot slot, const BarMessage& bar) {
    Worker* worker = find(slot);
    if (worker != nullptr && !worker->push(WorkerMessage::bar, patience_, bar)) stopped_[slot] = stop(slot);
}

void WorkerHost::push_indicator(ScriptSlot slot, const IndicatorMessage& values) {
    Worker* worker = find(slot);
    if (worker != nullptr && !worker->push(WorkerMessage::indicator, patience_, values.handle, values.values))
        stopped_[slot] = stop(slot);
}

CallbackResult WorkerHost::call(ScriptSlot slot, const CallMessage& message, CallbackOutput& output) {
    if (const auto known = stopped_.find(slot); known != stopped_.end()) {
        CallbackResult result = std::move(known->second);
        stopped_.erase(known);
        return result;
    }
    Worker* worker = find(slot);
    if (worker == nullptr) return {CallbackStatus::not_defined, {}};
    if (Clock::now() - tended_ >= kBetweenLooks) tend_zygote();
    CallbackResult result;
    if (worker->call(message, result, output, patience_)) return result;
    output.clear();
    return stop(slot);
}

}  // namespace tide
