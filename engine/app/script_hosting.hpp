#pragma once
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "bindings/counted_host.hpp"
#include "bindings/lua_host.hpp"
#include "bindings/worker_host.hpp"
#include "core/settings.hpp"

namespace tide {

// Where scripts run, and how long the engine waits for them.
struct ScriptHostSettings {
    std::string transport = "worker";  // of paper and live sessions; or "in_process"
    int64_t callback_limit_ms = 50;
    int64_t load_limit_ms = 500;
    int64_t late_computing_pct = 20;
    double backtest_limit_s = 10;

    void register_in(SettingsRegistry& registry);
};

// Ends this process when one callback has run for longer than a script can, given its budget: in a process that runs
// scripts itself nothing else could end it, and a run that was cut short by a clock would not be replayable.
class CallbackWatch {
  public:
    CallbackWatch(const CountedHost& host, double limit_s);
    ~CallbackWatch();
    CallbackWatch(const CallbackWatch&) = delete;
    CallbackWatch& operator=(const CallbackWatch&) = delete;

  private:
    void watch(const CountedHost& host, double limit_s);
    std::mutex mutex_;
    std::condition_variable ended_changed_;
    bool ended_ = false;
    std::thread thread_;
};

// What runs a session's scripts: processes of their own, or this one.
class ScriptHosting {
  public:
    // With `workers` a zygote is forked: before the process has its second thread.
    static Result<std::unique_ptr<ScriptHosting>> start(const ScriptHostSettings& settings, bool workers);

    // Tells of stopped scripts from now on.
    void tell(std::function<void(const ScriptStopNote&)> told) { told_ = std::move(told); }
    // Ends a run whose script hangs; for runs that wait for nobody.
    void watch() { watch_ = std::make_unique<CallbackWatch>(*counted_, limit_s_); }
    // At full speed no clock is kept: a worker may take as long as a backtest's callback.
    void do_not_hurry();
    // Back to the limits of a paced session.
    void hurry();
    // This stop of an earlier part of the session will happen again.
    void repeat(const ScriptStopNote& stop) { counted_->repeat(stop); }
    StrategyHost& host() { return *counted_; }

    // What happened to the processes that start scripts' processes, for the operator; said once.
    std::vector<std::string> take_notes() { return workers_ ? workers_->take_notes() : std::vector<std::string>(); }

    bool in_workers() const { return workers_ != nullptr; }
    // False: this machine does not let a process filter its system calls, so a worker is confined less.
    bool confined() const { return confined_; }
    // 0: it runs in this process, or not at all.
    int process_of(ScriptSlot slot) const { return workers_ ? static_cast<int>(workers_->process_of(slot)) : 0; }

  private:
    ScriptHosting() = default;
    double limit_s_ = 10;
    WorkerPatience patience_;
    bool confined_ = true;
    std::function<void(const ScriptStopNote&)> told_;
    std::unique_ptr<WorkerHost> workers_;
    std::unique_ptr<LuaHost> own_;
    std::unique_ptr<CountedHost> counted_;
    std::unique_ptr<CallbackWatch> watch_;
};

}  // namespace tide
