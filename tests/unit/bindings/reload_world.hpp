#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "../session/session_fixture.hpp"
#include "bindings/lua_host.hpp"

// A Session with Lua strategies, a market that walks, and a broker that fills every order.
namespace tide {

// Runs scripts, and fails where a test says.
class FaultyHost final : public StrategyHost {
  public:
    int loads_until_fault = -1;  // the load after so many fails; -1: none does
    ErrorCode load_fault = ErrorCode::script;
    int calls_until_fault = -1;  // as above, of `fault_in`
    ScriptCallback fault_in = ScriptCallback::start;
    CallbackStatus fault = CallbackStatus::error;
    int loads = 0;

    Result<StrategyDeclaration> load(ScriptSlot slot, const ScriptBundle& bundle, StrategyServices& services) override {
        ++loads;
        if (loads_until_fault == 0) return make_error(load_fault, "test.lua:1: does not load");
        if (loads_until_fault > 0) --loads_until_fault;
        return lua.load(slot, bundle, services);
    }
    void unload(ScriptSlot slot) override { lua.unload(slot); }
    void push_bar(ScriptSlot slot, const BarMessage& bar) override { lua.push_bar(slot, bar); }
    void push_indicator(ScriptSlot slot, const IndicatorMessage& values) override { lua.push_indicator(slot, values); }
    CallbackResult call(ScriptSlot slot, const CallMessage& message, CallbackOutput& output) override {
        if (calls_until_fault >= 0 && callback_of(message) == fault_in && calls_until_fault-- == 0) {
            if (fault == CallbackStatus::stopped) lua.unload(slot);  // its process is gone
            return {fault, "test.lua:9: injected"};
        }
        return lua.call(slot, message, output);
    }

    LuaHost lua;
};

class ReloadWorld : public SessionTest {
  protected:
    StrategyHost& strategies() override { return faulty; }

    // A strategy of NIFTY whose version and callbacks are given.
    static std::string text_of(const std::string& version, const std::string& body,
                               const std::string& more = "params = { every = param.integer(3, 1, 9) },") {
        return "local S = strategy { name = 'test', version = '" + version + "', api = 1, " + more +
               " needs = { symbols = { 'NIFTY' }, bars = { '1m', '5m' } } }\n" + body + "\nreturn S\n";
    }
    // Counts bars, buys a call at every n-th while it has none, sells it three minutes later; keeps its counts.
    static std::string trader(const std::string& version, const std::string& more_code = "") {
        return text_of(version, R"lua(
local count, bought = 0, {}
function S.on_start(ctx)
  ctx.ema = ctx:indicator('NIFTY', '1m', 'ema', 5)
  ctx:after(90, 'poll')
end
function S.on_bar(ctx, bar)
  if bar.tf ~= '1m' then return end
  count = count + 1
  if count % ctx.params.every ~= 0 or #ctx:positions() > 0 then return ctx:skip('not now') end
  local average = ctx.ema:value() or 0
  ctx:enter { symbol = 'NIFTY 2024-01-25 21500 CE', lots = 1, stop_pct = 3, target_pct = 5,
              why = count .. ' ' .. average .. ' ' .. (ctx:bars('NIFTY', '1m'):close(1) or 0) }
end
function S.on_fill(ctx, fill) bought[tostring(fill.position)] = fill.price end
function S.on_exit_check(ctx, position)
  if position.minutes_held >= 3 and bought[tostring(position.id)] then return { exit = 1, rule = 'time', why = count .. ' bars' } end
end
function S.on_timer(ctx, name)
  ctx:log(name, count)
  ctx:after(90, 'poll')
end
function S.on_save(ctx) return { count = count, bought = bought } end
function S.on_load(ctx, saved, from) count, bought = saved.count, saved.bought end
)lua" + more_code);
    }

    void offer(const std::string& text, const std::string& parameters = "") {
        send(ScriptEvent{StrategyId(1), ScriptRole::strategy, "test", text, parameters});
    }
    CommandRecord say(std::string_view argument = "script=test", std::string_view reason = "edited") {
        send(CommandEvent{CommandKind::reload, "asha", argument, reason});
        return recorder.all<CommandRecord>().back();
    }
    static constexpr std::string_view kAtOnce = "script=test;now=yes;confirm=yes";

    ScriptRecord last_script_record() const { return recorder.all<ScriptRecord>().back(); }
    const ScriptRunner& script() const { return *session->scripts().front(); }

    // A step of the market: the index and the option move, every new order is filled.
    void step(int number, Duration length = seconds(15)) {
        now += length;
        fill_orders();
        walk_ = (walk_ * 6364136223846793005ULL + 1442695040888963407ULL);
        const double move = static_cast<double>((walk_ >> 40U) % 200) / 10 - 10;
        const double price = 21'500 + move;
        tick(kNifty, price);
        if (number % 4 == 0) tick(kVix, 14);
        const double premium = 100 + move / 4;
        quote(kCall, premium, premium + 0.5);
    }
    void run(int steps) {
        for (int i = 0; i < steps; ++i) step(i);
    }
    void fill_orders() {
        while (filled_ < sent.size()) {
            const SentMessage message = sent[filled_++];
            if (message.kind == "new") fill(message.order, message.order.limit.to_double(), filled_);
        }
    }
    // A day from its beginning, at 10:00.
    void begin(std::string_view text, std::string_view parameters = "") {
        recorder.rows.clear();
        sent.clear();
        sequence = 0;
        walk_ = 7;
        filled_ = 0;
        start(text, parameters);
        at_time(hours(10));
    }
    // What a strategy did, without the digests of its versions.
    std::vector<std::string> deeds() const {
        std::vector<std::string> all;
        for (const auto& row : recorder.rows) {
            if (const auto* intent = std::get_if<IntentRecord>(&row.body)) {
                all.push_back(std::to_string(row.time.time_since_epoch().count()) + " " +
                              std::to_string(intent->intent.id.value()) + " " + intent->instrument + " " +
                              intent->intent.why + " " + intent->callback);
            } else if (const auto* note = std::get_if<NoteRecord>(&row.body);
                       note != nullptr && note->source == "test") {
                all.push_back(note->text);
            } else if (const auto* trade = std::get_if<TradeRecord>(&row.body)) {
                TradeRecord plain = *trade;
                plain.position.script_version.clear();
                all.push_back(canonical_text(plain));
            } else if (std::holds_alternative<SkipRecord>(row.body)) {
                all.push_back(canonical_text(row.body));
            }
        }
        return all;
    }

    FaultyHost faulty;

  private:
    uint64_t walk_ = 7;
    size_t filled_ = 0;
};

}  // namespace tide
