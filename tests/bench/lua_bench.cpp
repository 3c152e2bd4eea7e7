#include <benchmark/benchmark.h>

#include <cmath>
#include <filesystem>

#include "../unit/bindings/fake_services.hpp"
#include "bindings/script_bundle.hpp"
#include "support/paths.hpp"

// What one callback into Lua costs: mirror pushes and the call, without the Session.
namespace {

using namespace tide;
using namespace tide::test;

constexpr int64_t kStart = 1'704'080'700;

struct Loaded {
    explicit Loaded(const ScriptBundle& bundle, bool jit) : host(limits(jit)) {
        services.prices["RELIANCE"] = 2500;
        if (auto loaded = host.load(kSlot, bundle, services); !loaded) {
            fmt::print(stderr, "{}\n", loaded.error().message);
            std::abort();
        }
        CallbackOutput output;
        host.call(kSlot, StartMessage{}, output);
    }
    static LuaLimits limits(bool jit) {
        LuaLimits limits;
        limits.jit = jit;
        return limits;
    }
    LuaHost host;
    FakeServices services;
};

ScriptBundle ema_cross() {
    auto bundle = load_bundle(source_dir() / "strategies/ema_cross.lua", {});
    if (!bundle) std::abort();
    return *bundle;
}

// Bars and the strategy's three indicators pushed, then on_bar; no signal ever comes.
void on_bar_of_ema_cross(benchmark::State& state) {
    Loaded loaded(ema_cross(), state.range(0) != 0);
    CallbackOutput output;
    BarMessage bar = bar_of(kStart, 2500, 2501, 2499, 2500);
    bar.volume = 1000;
    int64_t n = 0;
    for (auto _ : state) {
        const double wave = 2500 + 10 * std::sin(static_cast<double>(n) * 0.01);
        bar.start_s = kStart + 60 * n++;
        bar.close = wave;
        loaded.services.now = (bar.start_s + 60) * 1'000'000'000;
        loaded.host.push_bar(kSlot, bar);
        const double fast[] = {wave}, slow[] = {wave - 1}, adx[] = {20, 25, 15};
        loaded.host.push_indicator(kSlot, {0, fast});
        loaded.host.push_indicator(kSlot, {1, slow});
        loaded.host.push_indicator(kSlot, {2, adx});
        const CallbackResult result = loaded.host.call(kSlot, bar, output);
        if (result.status != CallbackStatus::ok) state.SkipWithError(result.message.c_str());
    }
}
BENCHMARK(on_bar_of_ema_cross)->ArgName("jit")->Arg(1)->Arg(0);

void on_bar_that_does_nothing(benchmark::State& state) {
    Loaded loaded(bundle_of(strategy_text("function S.on_bar(ctx, bar) if bar.tf ~= '5m' then return end end")),
                  state.range(0) != 0);
    CallbackOutput output;
    const BarMessage bar = bar_of(kStart, 100, 101, 99, 100);
    for (auto _ : state) benchmark::DoNotOptimize(loaded.host.call(kSlot, bar, output));
}
BENCHMARK(on_bar_that_does_nothing)->ArgName("jit")->Arg(1)->Arg(0);

void on_exit_check_of_a_stop(benchmark::State& state) {
    Loaded loaded(
        bundle_of(strategy_text("function S.on_exit_check(ctx, position, quote)\n"
                                "  local move = (position.underlying_last / position.underlying_entry - 1) * 100\n"
                                "  if move < -1 then return { exit = 1, rule = 'stop' } end end")),
        state.range(0) != 0);
    CallbackOutput output;
    PositionMessage position;
    position.id = 1;
    position.symbol = "NIFTY 2024-01-25 21750 CE";
    position.underlying = "NIFTY";
    position.right = "CE";
    position.underlying_entry = 21750;
    QuoteMessage quote;
    quote.last = 150;
    double price = 21750;
    for (auto _ : state) {
        position.underlying_last = price += 0.05;
        benchmark::DoNotOptimize(loaded.host.call(kSlot, ExitCheckMessage{position, quote}, output));
        if (price > 21800) price = 21750;
    }
}
BENCHMARK(on_exit_check_of_a_stop)->ArgName("jit")->Arg(1)->Arg(0);

// The defined order of pairs against LuaJIT's own speed is in docs/decisions/lua-iteration-order.md.
void pairs_over_five_keys(benchmark::State& state) {
    Loaded loaded(
        bundle_of(strategy_text("local t = { alpha = 1, beta = 2, gamma = 3, delta = 4, epsilon = 5 }\n"
                                "function S.on_timer(ctx) local sum = 0\n"
                                "  for turn = 1, 100 do for key, value in pairs(t) do sum = sum + value end end end")),
        state.range(0) != 0);
    CallbackOutput output;
    for (auto _ : state) benchmark::DoNotOptimize(loaded.host.call(kSlot, TimerMessage{"x"}, output));
    state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK(pairs_over_five_keys)->ArgName("jit")->Arg(1)->Arg(0);

void load_of_ema_cross(benchmark::State& state) {
    const ScriptBundle bundle = ema_cross();
    FakeServices services;
    LuaHost host;
    for (auto _ : state) benchmark::DoNotOptimize(host.load(kSlot, bundle, services));
}
BENCHMARK(load_of_ema_cross);

}  // namespace
