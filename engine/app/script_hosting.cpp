#include "app/script_hosting.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>

#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "bindings/worker_process.hpp"
#include "bindings/worker_sandbox.hpp"

namespace tide {
namespace {

constexpr auto kLook = std::chrono::milliseconds(250);

}  // namespace

void ScriptHostSettings::register_in(SettingsRegistry& registry) {
    registry.add("scripts.transport", transport, {"worker", "in_process"},
                 "where scripts of a paper or live session run: each in a process of its own, or in the engine's");
    registry.add("scripts.callback_limit_ms", callback_limit_ms, 5, 10'000, "ms",
                 "a script's process that has not answered a callback by then is killed (not at --speed max)");
    registry.add("scripts.load_limit_ms", load_limit_ms, 50, 60'000, "ms",
                 "the same for loading it, on_start, on_stop, on_save and on_load");
    registry.add("scripts.late_computing_pct", late_computing_pct, 0, 100, "%",
                 "a script that is late and computed for so much of its limit is quarantined; with less it was the "
                 "machine that gave it no time, and it is started again");
    registry.add("scripts.backtest_limit_s", backtest_limit_s, 1, 600, "s",
                 "a backtest or replay ends with an error when one callback takes longer");
}

CallbackWatch::CallbackWatch(const CountedHost& host, double limit_s)
    : thread_([this, &host, limit_s] { watch(host, limit_s); }) {}

CallbackWatch::~CallbackWatch() {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    ended_changed_.notify_all();
    thread_.join();
}

void CallbackWatch::watch(const CountedHost& host, double limit_s) {
    const auto looks_max = static_cast<int>(limit_s * 1000 / static_cast<double>(kLook.count()));
    uint64_t seen = 0;
    int looks = 0;  // that saw the same callback running
    std::unique_lock lock(mutex_);
    while (!ended_changed_.wait_for(lock, kLook, [this] { return ended_; })) {
        const uint64_t turn = host.turns();
        const bool same = turn == seen && turn % 2 == 1;
        looks = same ? looks + 1 : 0;
        seen = turn;
        if (looks < looks_max) continue;
        // Nothing is lost but this run: what it wrote is not complete, and says so by its missing end.
        fmt::print(stderr,
                   "engine: a script has been in one callback for {} s (scripts.backtest_limit_s): the run was ended, "
                   "for it could not be repeated\n",
                   limit_s);
        std::fflush(stderr);
        ::_exit(static_cast<int>(ExitCode::script));
    }
}

Result<ExitCode> script_zygote(const ZygoteOptions& options) {
    run_zygote(options.unconfined ? &run_worker_unfiltered : &run_worker, static_cast<pid_t>(options.engine_process));
}

void ScriptHosting::do_not_hurry() {
    const std::chrono::milliseconds limit(static_cast<int64_t>(limit_s_ * 1000));
    if (workers_) workers_->be_patient({limit, limit, patience_.computing_pct});
}

void ScriptHosting::hurry() {
    if (workers_) workers_->be_patient(patience_);
}

Result<std::unique_ptr<ScriptHosting>> ScriptHosting::start(const ScriptHostSettings& settings, bool workers) {
    std::unique_ptr<ScriptHosting> hosting(new ScriptHosting());
    hosting->limit_s_ = settings.backtest_limit_s;
    StrategyHost* host = nullptr;
    if (workers) {
        hosting->confined_ = system_calls_can_be_filtered();
        auto zygote = WorkerZygote::start(hosting->confined_ ? &run_worker : &run_worker_unfiltered);
        if (!zygote) return zygote.error();
        std::vector<std::string> again{"/proc/self/exe", "script-zygote"};
        if (!hosting->confined_) again.emplace_back("--unconfined");
        (*zygote)->start_again_with(std::move(again));
        hosting->patience_ = {std::chrono::milliseconds(settings.callback_limit_ms),
                              std::chrono::milliseconds(settings.load_limit_ms), settings.late_computing_pct};
        hosting->workers_ = std::make_unique<WorkerHost>(std::move(*zygote), LuaLimits{}, hosting->patience_);
        host = hosting->workers_.get();
    } else {
        hosting->own_ = std::make_unique<LuaHost>();
        host = hosting->own_.get();
    }
    hosting->counted_ = std::make_unique<CountedHost>(*host, [raw = hosting.get()](const ScriptStopNote& stop) {
        if (raw->told_) raw->told_(stop);
    });
    return hosting;
}

}  // namespace tide
