#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <vector>

#include "../unit/bindings/fake_services.hpp"
#include "bindings/worker_host.hpp"
#include "bindings/worker_process.hpp"

// What a callback costs when the script runs in a process of its own, and what a restart costs.
namespace {

using namespace tide;
using namespace tide::test;

std::unique_ptr<WorkerHost> make_host() {
    auto zygote = WorkerZygote::start(&run_worker);
    if (!zygote) std::abort();
    const WorkerPatience patience{std::chrono::seconds(10), std::chrono::seconds(10)};
    return std::make_unique<WorkerHost>(std::move(*zygote), LuaLimits{}, patience);
}

const ScriptBundle& plain_bundle() {
    static const ScriptBundle bundle =
        bundle_of(strategy_text("function S.on_bar(ctx, bar) if bar.tf ~= '5m' then return end end"));
    return bundle;
}

// Bar into the mirror, on_bar, answer. Argument: 1 = a short spin before sleeping, 0 = asleep at once.
void on_bar_in_a_worker(benchmark::State& state) {
    const auto host = make_host();
    if (state.range(0) == 0) host->never_spin();
    FakeServices services;
    if (!host->load(kSlot, plain_bundle(), services)) std::abort();
    CallbackOutput output;
    std::vector<double> took_us;
    const BarMessage bar = bar_of(1'704'080'700, 100, 101, 99, 100);
    for (auto _ : state) {
        const auto begin = std::chrono::steady_clock::now();
        host->push_bar(kSlot, bar);
        const CallbackResult result = host->call(kSlot, bar, output);
        took_us.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
        if (result.status != CallbackStatus::ok) state.SkipWithError(result.message.c_str());
    }
    std::sort(took_us.begin(), took_us.end());
    state.counters["p50_us"] = took_us[took_us.size() / 2];
    state.counters["p99_us"] = took_us[took_us.size() * 99 / 100];
}
BENCHMARK(on_bar_in_a_worker)->ArgName("spin")->Arg(1)->Arg(0)->UseRealTime();

// A killed worker is noticed, and its script runs again: the call that is stopped, and the load.
void restart_after_a_kill(benchmark::State& state) {
    const auto host = make_host();
    FakeServices services;
    if (!host->load(kSlot, plain_bundle(), services)) std::abort();
    CallbackOutput output;
    for (auto _ : state) {
        ::kill(host->process_of(kSlot), SIGKILL);
        const CallbackResult result = host->call(kSlot, TimerMessage{"t"}, output);
        if (!host->load(kSlot, plain_bundle(), services)) state.SkipWithError(result.message.c_str());
    }
}
BENCHMARK(restart_after_a_kill)->UseRealTime()->Unit(benchmark::kMillisecond);

void fork_of_a_worker(benchmark::State& state) {
    auto zygote = WorkerZygote::start(&run_worker);
    if (!zygote) std::abort();
    for (auto _ : state) {
        auto process = (*zygote)->take(RingWait::Clock::now() + std::chrono::seconds(10));
        if (!process) state.SkipWithError(process.error().message.c_str());
    }
}
BENCHMARK(fork_of_a_worker)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
