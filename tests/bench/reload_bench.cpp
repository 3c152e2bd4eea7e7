// Row 14 of the performance table: what the Session stands still for while a 300-line script is reloaded: trial on 64
// recent calls, state handed over, swap.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdlib>

#include "bindings/lua_host.hpp"
#include "session/session.hpp"

namespace tide {
namespace {

class NoBroker final : public BrokerLink {
  public:
    void submit(const Order&) override {}
    void cancel(const Order&) override {}
    void replace(const Order&, Price) override {}
    void ask(const Order&) override {}
};
class LastStatus final : public Recorder {
  public:
    void record(const Record& record) override {
        if (const auto* script = std::get_if<ScriptRecord>(&record.body)) status = script->status;
    }
    std::string status;
};

// Forty helpers of seven lines each, a state of a hundred numbers, and the callbacks that use them.
std::string script_of(int version) {
    std::string text = fmt::format(
        "local S = strategy {{ name = 'long', version = '1.{}', api = 1,\n"
        "  needs = {{ symbols = {{ 'NIFTY' }}, bars = {{ '1m', '5m' }} }} }}\nlocal seen, helpers = {{}}, {{}}\n",
        version);
    for (int i = 0; i < 40; ++i) {
        text += fmt::format(
            "helpers[{0}] = function(bar, average)\n  local sum = 0\n  for back = 0, 5 do\n"
            "    local value = bar.close - (average or 0) * back\n    sum = sum + value * {0}\n  end\n"
            "  return sum end\n",
            i + 1);
    }
    return text +
           "function S.on_start(ctx)\n  ctx.ema = ctx:indicator('NIFTY', '1m', 'ema', 9)\n"
           "  ctx.adx = ctx:indicator('NIFTY', '5m', 'adx', 14)\nend\n"
           "function S.on_bar(ctx, bar)\n  local total = 0\n  for i = 1, #helpers do\n"
           "    total = total + helpers[i](bar, ctx.ema:value())\n  end\n  seen[#seen % 100 + 1] = total\nend\n"
           "function S.on_save(ctx) return { seen = seen } end\n"
           "function S.on_load(ctx, saved) seen = saved.seen end\nreturn S\n";
}

void reload_of_a_300_line_script(benchmark::State& state) {
    SessionConfig config;
    LuaHost host;
    NoBroker broker;
    LastStatus recorder;
    Session session(config, host, broker, recorder);
    const Date date = make_date(2024, 1, 10);
    ReceiveTime now = at(date, hours(9) + minutes(15));
    uint64_t sequence = 0;
    const auto send = [&](EventPayload payload) {
        Event event;
        event.sequence = ++sequence;
        event.received = now;
        event.payload = std::move(payload);
        session.handle(event);
    };
    send(ConfigEvent{"bench = 1"});
    Instrument nifty;
    nifty.id = InstrumentId(1);
    nifty.symbol = "NIFTY";
    nifty.kind = InstrumentKind::index;
    send(InstrumentEvent{nifty});
    const std::string versions[2] = {script_of(0), script_of(1)};
    send(ScriptEvent{StrategyId(1), ScriptRole::strategy, "long", versions[0], ""});
    TradingDayEvent day;
    day.date = date;
    day.session_count = 1;
    day.sessions[0] = {hours(9) + minutes(15), hours(15) + minutes(30)};
    day.calendar = "NSE";
    send(day);
    for (int i = 0; i < 400; ++i) {
        now += seconds(15);
        TickEvent tick;
        tick.instrument = nifty.id;
        tick.last = Price::from_double(21'500 + i % 7);
        send(tick);
    }
    size_t number = 0;
    for (auto _ : state) {
        send(ScriptEvent{StrategyId(1), ScriptRole::strategy, "long", versions[++number % 2], ""});
        send(CommandEvent{CommandKind::reload, "bench", "script=long;now=yes;confirm=yes", ""});
        if (recorder.status != "reloaded") state.SkipWithError(recorder.status.c_str());
    }
}
BENCHMARK(reload_of_a_300_line_script)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tide
