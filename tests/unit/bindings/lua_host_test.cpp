#include "bindings/lua_host.hpp"

#include <gtest/gtest.h>

#include "fake_services.hpp"

namespace tide::test {
namespace {

constexpr int64_t kMorning = 1'704'081'000;  // 2024-01-01 09:20 in India

class LuaHostTest : public testing::Test {
  protected:
    std::string load_error(const std::string& text, const std::string& parameters = {}, std::vector<ScriptSource> modules = {}) {
        const auto loaded = host.load(kStrategy, bundle_of(text, std::move(modules), parameters), services);
        return loaded ? "" : loaded.error().message;
    }
    StrategyDeclaration load(const std::string& text, const std::string& parameters = {}, std::vector<ScriptSource> modules = {}) {
        auto loaded = host.load(kStrategy, bundle_of(text, std::move(modules), parameters), services);
        EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message);
        return loaded ? *loaded : StrategyDeclaration{};
    }
    CallbackResult bar(int64_t start_s = kMorning, double close = 100) {
        output = {};
        services.now = (start_s + 60) * 1'000'000'000;
        const BarMessage message = bar_of(start_s, close, close + 1, close - 1, close);
        host.push_bar(kStrategy, message);
        return host.on_bar(kStrategy, message, output);
    }
    // Runs `body` in on_bar; its first log line.
    std::string said(const std::string& body, const std::string& more_needs = "") {
        load(strategy_text("function S.on_bar(ctx, bar)\n" + body + "\nend", more_needs));
        const CallbackResult result = bar();
        if (result.status != CallbackStatus::ok) return result.message;
        return output.logs.empty() ? "" : output.logs.front().text;
    }

    FakeServices services;
    LuaHost host;
    CallbackOutput output;
};

// ---- declaration

TEST_F(LuaHostTest, declaration_says_what_the_strategy_table_says) {
    const auto d = load(
        "local S = strategy { name = 'adx', version = '2.1.0', api = 1,"
        "  params = { min_adx = param.number(25, 10, 50), on = param.bool(true), at = param.time('10:00') },"
        "  needs = { symbols = { 'nifty', 'BANKNIFTY' }, bars = { '1d', '5m', '1h', '1m' }, history = { ['1d'] = 250 },"
        "            vix = true, chain = { strikes = 10 } } }\n"
        "function S.on_exit_check() end function S.on_fill() end return S");
    EXPECT_EQ(d.name, "adx");
    EXPECT_EQ(d.version, "2.1.0");
    EXPECT_EQ(d.symbols, (std::vector<std::string>{"NIFTY", "BANKNIFTY"}));
    EXPECT_EQ(d.timeframes, (std::vector<Timeframe>{Timeframe::m1, Timeframe::m5, Timeframe::h1, Timeframe::d1}));
    EXPECT_EQ(d.history_bars, (std::map<Timeframe, int64_t>{{Timeframe::d1, 250}}));
    EXPECT_TRUE(d.wants_vix);
    EXPECT_FALSE(d.wants_ticks);
    EXPECT_EQ(d.chain_strikes, 10);
    EXPECT_TRUE(d.has_exit_check);
    EXPECT_TRUE(d.has_fill);
    EXPECT_FALSE(d.has_order);
    EXPECT_EQ(d.sha256.size(), 64u);
    EXPECT_EQ(d.parameters, (std::vector<std::pair<std::string, std::string>>{{"at", "10:00"}, {"min_adx", "25"}, {"on", "true"}}));
}

TEST_F(LuaHostTest, parameters_are_overridden_by_name) {
    const std::string text =
        "local S = strategy { name = 'p', version = '1', api = 1, params = { n = param.integer(9, 2, 50), c = param.choice('a', { 'a', 'b' }),"
        " t = param.time('10:00'), on = param.bool(true) }, needs = function(p) return { symbols = { 'S' .. p.n } } end } return S";
    const auto d = load(text, "n=20\nc=b\nt=11:30\non=false\n");
    EXPECT_EQ(d.symbols, std::vector<std::string>{"S20"});
    EXPECT_EQ(d.parameters, (std::vector<std::pair<std::string, std::string>>{{"c", "b"}, {"n", "20"}, {"on", "false"}, {"t", "11:30"}}));
    EXPECT_NE(load_error(text, "n=51").find("parameter n = 51: must be a whole number from 2 to 50"), std::string::npos);
    EXPECT_NE(load_error(text, "n=2.5").find("whole number"), std::string::npos);
    EXPECT_NE(load_error(text, "n=nan").find("whole number"), std::string::npos);
    EXPECT_NE(load_error(text, "c=x").find("one of a, b"), std::string::npos);
    EXPECT_NE(load_error(text, "t=25:00").find("a time such as 10:00"), std::string::npos);
    EXPECT_NE(load_error(text, "onn=true").find("unknown parameter 'onn'; did you mean 'on'?"), std::string::npos);
}

TEST_F(LuaHostTest, mistakes_in_the_strategy_table_name_the_field) {
    const auto with = [&](const std::string& fields) { return load_error("return strategy { " + fields + " }"); };
    const std::string good = "name = 'p', version = '1', api = 1, needs = { symbols = { 'X' } }";
    EXPECT_EQ(with(good), "");
    EXPECT_NE(with(good + ", param = {}").find("probe.lua: strategy: unknown field 'param'; did you mean 'params'?"), std::string::npos) << with(good + ", param = {}");
    EXPECT_NE(with("name = 1, version = '1', api = 1, needs = { symbols = { 'X' } }").find("name must be letters, digits and underscores, got 1"), std::string::npos);
    EXPECT_NE(with("name = 'p', version = '1', api = 2, needs = { symbols = { 'X' } }").find("api must be 1, got 2"), std::string::npos);
    EXPECT_NE(with("name = 'p', version = '1', api = 1").find("needs.symbols must list at least one symbol"), std::string::npos);
    EXPECT_NE(with("name = 'p', version = '1', api = 1, needs = { symbols = { 'X' }, bars = { '2m' } }").find("needs.bars[1] must be one of"), std::string::npos);
    EXPECT_NE(with("name = 'p', version = '1', api = 1, needs = { symbols = { 'X' }, history = { ['1d'] = 5 } }").find("is not in needs.bars"), std::string::npos);
    EXPECT_NE(with("name = 'p', version = '1', api = 1, needs = { symbols = { 'X' }, chain = { strikes = 0 } }").find("needs.chain.strikes must be"), std::string::npos);
    EXPECT_NE(with(good + ", params = { x = 5 }").find("params.x must be made by param."), std::string::npos);
    EXPECT_NE(with(good + ", params = { x = param.number(5, 6, 7) }").find("the default 5 is outside 6 to 7"), std::string::npos);
}

TEST_F(LuaHostTest, misspelt_callbacks_are_refused_with_a_suggestion) {
    EXPECT_NE(load_error(strategy_text("function S.on_bra() end")).find("unknown callback 'on_bra'; did you mean 'on_bar'?"), std::string::npos);
    EXPECT_NE(load_error(strategy_text("function S.onbar() end")).find("did you mean 'on_bar'?"), std::string::npos);
    EXPECT_NE(load_error(strategy_text("S.on_bar = 5")).find("callback on_bar must be a function, got 5"), std::string::npos);
    EXPECT_NE(load_error(strategy_text("function S.on_tick() end")).find("declare needs = { ticks = true }"), std::string::npos);
    EXPECT_EQ(load_error(strategy_text("function S.helper() end")), "");
}

TEST_F(LuaHostTest, callbacks_of_later_versions_are_accepted_with_a_warning) {
    load(strategy_text("function S.on_risk() end"));
    EXPECT_EQ(host.on_start(kStrategy, output).status, CallbackStatus::not_defined);
    ASSERT_EQ(output.logs.size(), 1u);
    EXPECT_EQ(output.logs[0].text, "on_risk: declared, but never called by this version of the engine");
}

TEST_F(LuaHostTest, a_version_that_does_not_load_leaves_the_old_one_running) {
    load(strategy_text("function S.on_bar(ctx) ctx:log('old') end"));
    EXPECT_NE(load_error("this is not Lua"), "");
    EXPECT_EQ(bar().status, CallbackStatus::ok);
    EXPECT_EQ(output.logs.at(0).text, "old");
}

// ---- modules

TEST_F(LuaHostTest, require_reaches_the_bundles_modules_once_and_nothing_else) {
    const std::vector<ScriptSource> modules{{"counter", "local n = 0 return { next = function() n = n + 1 return n end }"}};
    load("local a, b = require 'counter', require('counter')\n" + strategy_text("function S.on_bar(ctx) ctx:log(a.next(), b.next()) end"), "", modules);
    bar();
    EXPECT_EQ(output.logs.at(0).text, "1 2");
    EXPECT_NE(load_error("require 'other'", "", modules).find("probe.lua:1: require: there is no module 'other'"), std::string::npos);
}

TEST_F(LuaHostTest, errors_in_modules_name_the_modules_own_file_and_line) {
    EXPECT_NE(load_error("require 'bad'", "", {{"bad", "\n\nlocal = 1"}}).find("bad.lua:3:"), std::string::npos);
    EXPECT_NE(load_error("require 'bad'", "", {{"bad", "\nerror('no')"}}).find("bad.lua:2: no"), std::string::npos);
    EXPECT_NE(load_error("require 'a'", "", {{"a", "require 'b'"}, {"b", "require 'a'"}}).find("modules need each other in a circle: a -> b -> a"), std::string::npos);
}

// ---- callbacks

TEST_F(LuaHostTest, an_error_names_file_line_and_frames_of_the_script) {
    load(strategy_text("local function deep(x)\n  return x.field\nend\nfunction S.on_bar(ctx, bar)\n  local y = deep(nil)\nend"));
    const CallbackResult result = bar();
    EXPECT_EQ(result.status, CallbackStatus::error);
    EXPECT_EQ(result.message,
              "probe.lua:3: attempt to index local 'x' (a nil value)\n    probe.lua:3 in deep\n    probe.lua:6 in on_bar");
}

TEST_F(LuaHostTest, callbacks_that_are_not_defined_cost_nothing_and_say_so) {
    load(strategy_text(""));
    EXPECT_EQ(bar().status, CallbackStatus::not_defined);
    EXPECT_EQ(host.on_bar(StrategyId(9), BarMessage{}, output).status, CallbackStatus::not_defined);
}

TEST_F(LuaHostTest, every_callback_gets_its_message) {
    load(strategy_text("function S.on_start(ctx) ctx:log('start') end function S.on_stop(ctx, reason) ctx:log(reason) end\n"
                       "function S.on_tick(ctx, t) ctx:log(t.symbol, t.last, t.bid, t.ask) end\n"
                       "function S.on_order(ctx, o) ctx:log(o.id, o.intent, o.state, o.average) end\n"
                       "function S.on_fill(ctx, f) ctx:log(f.order, f.position, f.side, f.quantity, f.price, f.charges) end\n"
                       "function S.on_timer(ctx, name) ctx:log(name) end function S.on_session(ctx, phase) ctx:log(phase) end\n", "ticks = true"));
    TickMessage tick;
    tick.last = 10;
    tick.bid = 9.5;
    OrderMessage order;
    order.id = 5;
    order.intent = 3;
    order.state = "open";
    FillMessage fill{5, 2, "NIFTY", "buy", 50, 10.5, 1.25};
    EXPECT_EQ(host.on_start(kStrategy, output).status, CallbackStatus::ok);
    EXPECT_EQ(host.on_tick(kStrategy, tick, output).status, CallbackStatus::ok);
    EXPECT_EQ(host.on_order(kStrategy, order, output).status, CallbackStatus::ok);
    EXPECT_EQ(host.on_fill(kStrategy, fill, output).status, CallbackStatus::ok);
    EXPECT_EQ(host.on_timer(kStrategy, "wake", output).status, CallbackStatus::ok);
    EXPECT_EQ(host.on_session(kStrategy, "open", output).status, CallbackStatus::ok);
    EXPECT_EQ(host.on_stop(kStrategy, "end of day", output).status, CallbackStatus::ok);
    std::vector<std::string> said;
    for (const LogNote& note : output.logs) said.push_back(note.text);
    EXPECT_EQ(said, (std::vector<std::string>{"start", "NIFTY 10 9.5 nil", "5 3 open nil", "5 2 buy 50 10.5 1.25", "wake", "open", "end of day"}));
}

TEST_F(LuaHostTest, a_failed_callback_keeps_its_log_and_nothing_else) {
    load(strategy_text("function S.on_bar(ctx, bar) ctx:log('before') ctx:skip('why') ctx:after(5, 'x') ctx:state('NIFTY', 'a', 1)\n"
                       "ctx:enter { symbol = 'NIFTY', lots = 1 } error('broken') end"));
    EXPECT_EQ(bar().status, CallbackStatus::error);
    EXPECT_EQ(output.logs.size(), 1u);
    EXPECT_TRUE(output.intents.empty() && output.skips.empty() && output.timers.empty() && output.states.empty());
}

TEST_F(LuaHostTest, three_failures_in_a_row_quarantine_and_a_success_starts_the_count_again) {
    load(strategy_text("local n = 0 function S.on_bar(ctx) n = n + 1 if n ~= 3 then error('no ' .. n) end end"));
    EXPECT_EQ(bar().status, CallbackStatus::error);
    EXPECT_EQ(bar().status, CallbackStatus::error);
    EXPECT_EQ(bar().status, CallbackStatus::ok);
    EXPECT_EQ(bar().status, CallbackStatus::error);
    EXPECT_EQ(bar().status, CallbackStatus::error);
    EXPECT_FALSE(host.quarantined(kStrategy));
    const CallbackResult last = bar();
    EXPECT_EQ(last.status, CallbackStatus::quarantined);
    EXPECT_NE(last.message.find("no 6"), std::string::npos);
    EXPECT_TRUE(host.quarantined(kStrategy));
    EXPECT_EQ(bar().status, CallbackStatus::quarantined);
    load(strategy_text("function S.on_bar(ctx) end"));
    EXPECT_EQ(bar().status, CallbackStatus::ok);
}

TEST_F(LuaHostTest, a_budget_error_ends_with_its_callback) {
    load(strategy_text("local n = 0 function S.on_bar(ctx) n = n + 1 if n == 1 then while true do end end ctx:log('fine') end"));
    EXPECT_EQ(bar().status, CallbackStatus::budget);
    EXPECT_EQ(bar().status, CallbackStatus::ok);
    EXPECT_EQ(output.logs.at(0).text, "fine");
}

TEST_F(LuaHostTest, budget_left_is_not_carried_over_nor_saved_up) {
    load(strategy_text("function S.on_bar(ctx) for i = 1, 150000 do end end"));
    for (int i = 0; i < 20; ++i) EXPECT_EQ(bar().status, CallbackStatus::ok) << i;
    load(strategy_text("function S.on_bar(ctx) for i = 1, 210000 do end end"));
    EXPECT_EQ(bar().status, CallbackStatus::budget);
}

TEST_F(LuaHostTest, hard_memory_limit_quarantines_at_once_and_spares_others) {
    load(strategy_text("function S.on_bar(ctx) local s = ('x'):rep(60000) while true do s = s .. s end end"));
    ASSERT_TRUE(host.load(StrategyId(2), bundle_of(strategy_text("function S.on_bar(ctx) ctx:log('alive') end")), services));
    EXPECT_EQ(bar().status, CallbackStatus::quarantined);
    host.push_indicator(kStrategy, {0, {}});
    CallbackOutput other;
    EXPECT_EQ(host.on_bar(StrategyId(2), bar_of(kMorning, 1, 1, 1, 1), other).status, CallbackStatus::ok);
    EXPECT_EQ(other.logs.at(0).text, "alive");
    load(strategy_text("function S.on_bar(ctx) end"));
    EXPECT_EQ(bar().status, CallbackStatus::ok);
}

// ---- mirror

TEST_F(LuaHostTest, bars_count_back_from_the_one_that_just_closed) {
    load(strategy_text("function S.on_bar(ctx, bar) local b = ctx:bars('NIFTY', '1m')\n"
                       "ctx:log(b:count(), b:close(0), b:close(1), b:close(2), b:close(-1), b:volume(0), b:time(0), b:highest(2), b:lowest(2), b:mean_volume(1)) end"));
    services.bars[{0, Timeframe::m1}] = {bar_of(kMorning - 60, 10, 11, 9, 10)};
    services.bars[{0, Timeframe::m1}].push_back(bar_of(kMorning, 20, 21, 19, 20));
    bar(kMorning, 20);
    EXPECT_EQ(output.logs.at(0).text, fmt::format("2 20 10 nil nil nil {} 21 9 nil", kMorning));
    bar(kMorning + 60, 30);
    EXPECT_EQ(output.logs.at(0).text, fmt::format("3 30 20 10 nil nil {} 31 19 nil", kMorning + 60));
}

TEST_F(LuaHostTest, bars_keep_the_newest_and_forget_the_oldest) {
    load(strategy_text("function S.on_start(ctx) ctx.b = ctx:bars('NIFTY', '1m') end\n"
                       "function S.on_bar(ctx, bar) local b = ctx.b if bar.close == 600 then ctx:log(b:count(), b:close(0), b:close(511), b:close(512)) end end"));
    host.on_start(kStrategy, output);
    for (int i = 1; i <= 600; ++i) bar(kMorning + 60 * i, i);
    EXPECT_EQ(output.logs.at(0).text, "512 600 89 nil");
}

TEST_F(LuaHostTest, indicators_are_nil_until_ready_and_have_named_outputs) {
    services.indicators["NIFTY 1m adx 14"] = {{"adx", "plus_di", "minus_di"}, {{kMissing, 20, 10}, {30, 21, 11}}};
    load(strategy_text("function S.on_start(ctx) ctx.adx = ctx:indicator('NIFTY', '1m', 'adx', 14) end\n"
                       "function S.on_bar(ctx, bar) local a = ctx.adx ctx:log(a:value(), a:value(1), a:value(2), a.plus_di, a:get('minus_di', 1), a:ready()) end"));
    host.on_start(kStrategy, output);
    bar();
    EXPECT_EQ(output.logs.at(0).text, "30 nil nil 21 10 true");
    const double next[] = {31, kMissing, 12};
    host.push_indicator(kStrategy, {0, next});
    bar();
    EXPECT_EQ(output.logs.at(0).text, "31 30 nil nil 11 false");
}

TEST_F(LuaHostTest, wrong_names_get_a_suggestion) {
    EXPECT_NE(said("ctx:indicator('NIFTY', '1m', 'adx', 14):get('plusdi')").find("has no output 'plusdi'; it has adx, plus_di, minus_di; did you mean 'plus_di'?"), std::string::npos);
    EXPECT_NE(said("ctx:bars('NIFTI', '1m')").find("symbol 'NIFTI' is not in needs.symbols; did you mean 'NIFTY'?"), std::string::npos);
    EXPECT_NE(said("ctx:bars('NIFTY', '1h')").find("timeframe '1h' is not in needs.bars"), std::string::npos);
    EXPECT_NE(said("return pirnt(1)").find("probe.lua:3: unknown name 'pirnt'; did you mean 'print'?"), std::string::npos) << said("return pirnt(1)");
    EXPECT_NE(said("ctx:indicator('NIFTY', '1m', 'vwap')").find("probe.lua:3: ctx:indicator: no indicator 'vwap'"), std::string::npos);
}

// ---- intents

TEST_F(LuaHostTest, enter_fills_an_intent) {
    load(strategy_text("function S.on_bar(ctx, bar) ctx:log(ctx:enter { symbol = 'NIFTY 2024-01-25 21750 CE', lots = 2, limit = 150.05,\n"
                       "  stop_pct = 1.5, target = 22000, tag = 'breakout', why = 'because' }) end"));
    bar();
    ASSERT_EQ(output.intents.size(), 1u);
    const Intent& intent = output.intents[0];
    EXPECT_EQ(intent.kind, IntentKind::enter);
    EXPECT_EQ(intent.id, IntentId(1));
    EXPECT_EQ(intent.instrument, InstrumentId(3));
    EXPECT_EQ(intent.side, Side::buy);
    EXPECT_EQ(intent.lots, 2);
    EXPECT_EQ(intent.limit, Price::from_units(1'500'500));
    EXPECT_EQ(intent.stop_pct, 1.5);
    EXPECT_EQ(intent.target, Price::from_rupees(22'000));
    EXPECT_FALSE(intent.stop || intent.target_pct);
    EXPECT_EQ(intent.tag, "breakout");
    EXPECT_EQ(intent.why, "because");
    EXPECT_EQ(intent.strategy, kStrategy);
    EXPECT_EQ(intent.decision_bar, ExchangeTime(seconds(kMorning)));
    EXPECT_EQ(intent.decided, ReceiveTime(seconds(kMorning + 60)));
    EXPECT_EQ(output.logs.at(0).text, "1");
}

TEST_F(LuaHostTest, arguments_out_of_range_are_refused_by_name_and_logged) {
    const std::pair<const char*, const char*> cases[] = {
        {"{ lots = 1 }", "leg or symbol must name what to trade, got nil"},
        {"{ symbol = 'GOLD', lots = 1 }", "symbol 'GOLD' is not known"},
        {"{ symbol = 'NIFTY' }", "lots must be a whole number from 1 to 1000000, got nil"},
        {"{ symbol = 'NIFTY', lots = 1.5 }", "lots must be a whole number from 1 to 1000000, got 1.5"},
        {"{ symbol = 'NIFTY', lots = '1' }", "lots must be a whole number from 1 to 1000000, got '1'"},
        {"{ symbol = 'NIFTY', lots = 0 / 0 }", "lots must be a whole number"},
        {"{ symbol = 'NIFTY', lots = 1, limit = -5 }", "limit must be a price above 0 in rupees, got -5"},
        {"{ symbol = 'NIFTY', lots = 1, limit = math.huge }", "limit must be a price above 0 in rupees, got inf"},
        {"{ symbol = 'NIFTY', lots = 1, stop = 0 / 0 }", "stop must be a price above 0 in rupees, got"},
        {"{ symbol = 'NIFTY', lots = 1, stop = {} }", "stop must be a price above 0 in rupees, got a table"},
        {"{ symbol = 'NIFTY', lots = 1, stop_pct = 0 }", "stop_pct must be a percentage from 0.01 to 100, got 0"},
        {"{ symbol = 'NIFTY', lots = 1, stop = 1, stop_pct = 1 }", "stop and stop_pct: give one of the two"},
        {"{ symbol = 'NIFTY', lots = 1, side = 'long' }", "side must be \"buy\" or \"sell\", got 'long'"},
        {"{ symbol = 'NIFTY', lots = 1, why = 5 }", "why must be a text, got 5"},
        {"{ symbol = 'NIFTY', lots = 1, stoppct = 1 }", "unknown field 'stoppct'; did you mean 'stop_pct'?"},
        {"{ symbol = 'NIFTY', leg = {}, lots = 1 }", "leg and symbol: give one of the two"}};
    for (const auto& [order, text] : cases) {
        load(strategy_text("function S.on_bar(ctx, bar) local id, code, text = ctx:enter " + std::string(order) + " ctx:log(id, code, text) end"));
        EXPECT_EQ(bar().status, CallbackStatus::ok);
        ASSERT_EQ(output.logs.size(), 2u) << order;
        EXPECT_EQ(output.logs[0].level, "warning");
        EXPECT_EQ(output.logs[0].text.find("probe.lua:2: ctx:enter: "), 0u) << output.logs[0].text;
        EXPECT_NE(output.logs[0].text.find(text), std::string::npos) << output.logs[0].text;
        EXPECT_EQ(output.logs[1].text.find("nil bad_argument "), 0u) << output.logs[1].text;
        EXPECT_TRUE(output.intents.empty());
    }
}

TEST_F(LuaHostTest, what_the_risk_gate_would_refuse_is_refused_at_once) {
    services.refusal = Refusal{"max_positions", "3 positions are open"};
    EXPECT_EQ(said("local id, code, text = ctx:enter { symbol = 'NIFTY', lots = 1 } if not id then ctx:log(code, text) end"),
              "probe.lua:3: ctx:enter refused (max_positions): 3 positions are open");
    EXPECT_EQ(output.logs.at(1).text, "max_positions 3 positions are open");
    EXPECT_TRUE(output.intents.empty());
}

TEST_F(LuaHostTest, more_intents_than_allowed_fail_the_callback) {
    load(strategy_text("function S.on_bar(ctx, bar) for i = 1, 17 do pcall(ctx.enter, ctx, { symbol = 'NIFTY', lots = 1 }) end end"));
    EXPECT_EQ(bar().status, CallbackStatus::budget);
    EXPECT_TRUE(output.intents.empty());
    load(strategy_text("function S.on_bar(ctx, bar) for i = 1, 16 do ctx:enter { symbol = 'NIFTY', lots = 1 } end end"));
    EXPECT_EQ(bar().status, CallbackStatus::ok);
    EXPECT_EQ(output.intents.size(), 16u);
}

PositionMessage open_call() {
    PositionMessage position;
    position.id = 7;
    position.symbol = "NIFTY 2024-01-25 21750 CE";
    position.underlying = "NIFTY";
    position.right = "CE";
    position.strike = 21'750;
    position.days_to_expiry = 10;
    position.lots = 2;
    position.underlying_entry = 21'700;
    position.underlying_last = 21'800;
    position.stop = 21'483;
    position.tag = "entry";
    return position;
}

TEST_F(LuaHostTest, exit_and_stop_carry_rule_text_and_values) {
    services.open_positions = {open_call()};
    load(strategy_text("function S.on_bar(ctx, bar) local p = ctx:positions()[1]\n"
                       "ctx:log(p.id, p.symbol, p.right, p.strike, p.days_to_expiry, p.lots, p.stop, p.target)\n"
                       "ctx:set_stop(p, 21600, { rule = 'trail', why = 'follow' }) ctx:set_target(p.id, 22000)\n"
                       "ctx:exit(p, { fraction = 0.5, rule = 'half', reason = 'enough', priority = 3, values = { a = 1, b = 2.5 } }) end"));
    EXPECT_EQ(bar().status, CallbackStatus::ok);
    EXPECT_EQ(output.logs.at(0).text, "7 NIFTY 2024-01-25 21750 CE CE 21750 10 2 21483 nil");
    ASSERT_EQ(output.intents.size(), 3u);
    EXPECT_EQ(output.intents[0].kind, IntentKind::set_stop);
    EXPECT_EQ(output.intents[0].level, Price::from_rupees(21'600));
    EXPECT_EQ(output.intents[0].reason.rule, "trail");
    EXPECT_EQ(output.intents[0].reason.text, "follow");
    EXPECT_EQ(output.intents[1].kind, IntentKind::set_target);
    EXPECT_EQ(output.intents[2].kind, IntentKind::exit);
    EXPECT_EQ(output.intents[2].position, PositionId(7));
    EXPECT_EQ(output.intents[2].fraction, 0.5);
    EXPECT_EQ(output.intents[2].reason.priority, 3);
    EXPECT_EQ(output.intents[2].reason.rule, "half");
    EXPECT_EQ(output.intents[2].reason.text, "enough");
    EXPECT_EQ(output.intents[2].reason.values, "a=1 b=2.5");
}

TEST_F(LuaHostTest, scripts_cannot_claim_the_engines_priority_nor_foreign_positions) {
    services.open_positions = {open_call()};
    EXPECT_NE(said("local p = ctx:positions()[1] ctx:exit(p, { priority = 1 })").find("priority must be a whole number from 2 to 5, got 1"), std::string::npos);
    EXPECT_NE(said("ctx:exit(99)").find("refused (unknown_position): this strategy has no position 99"), std::string::npos);
    EXPECT_NE(said("ctx:exit({})").find("position must be a position or its id, got nil"), std::string::npos);
}

TEST_F(LuaHostTest, an_exit_decision_becomes_intents) {
    load(strategy_text("function S.on_exit_check(ctx, position, quote)\n"
                       "  if quote.underlying < 21000 then return nil end\n"
                       "  return { exit = 0.5, rule = 'half', why = quote.last .. ' ' .. tostring(quote.bid), priority = 3, stop = 21700, stop_rule = 'breakeven', values = 'x=1' } end"));
    QuoteMessage quote;
    quote.last = 150;
    quote.underlying = 20'000;
    EXPECT_EQ(host.on_exit_check(kStrategy, open_call(), quote, output).status, CallbackStatus::ok);
    EXPECT_TRUE(output.intents.empty());
    quote.underlying = 21'800;
    EXPECT_EQ(host.on_exit_check(kStrategy, open_call(), quote, output).status, CallbackStatus::ok);
    ASSERT_EQ(output.intents.size(), 2u);
    EXPECT_EQ(output.intents[0].kind, IntentKind::set_stop);
    EXPECT_EQ(output.intents[0].reason.rule, "breakeven");
    EXPECT_EQ(output.intents[1].kind, IntentKind::exit);
    EXPECT_EQ(output.intents[1].reason.text, "150 nil");
    EXPECT_EQ(output.intents[1].reason.values, "x=1");
}

TEST_F(LuaHostTest, an_exit_decision_of_the_wrong_shape_is_an_error) {
    const auto check = [&](const std::string& decision) {
        load(strategy_text("function S.on_exit_check() return " + decision + " end"));
        return host.on_exit_check(kStrategy, open_call(), {}, output).message;
    };
    EXPECT_NE(check("true").find("on_exit_check must return nil or a table"), std::string::npos);
    EXPECT_NE(check("{ exits = 1 }").find("unknown field 'exits' in the decision; did you mean 'exit'?"), std::string::npos);
    EXPECT_NE(check("{ rule = 'x' }").find("a decision needs exit or stop"), std::string::npos);
}

TEST_F(LuaHostTest, the_same_refusal_again_is_logged_once) {
    services.refusal = Refusal{"exit_in_progress", "an exit is on its way"};
    load(strategy_text("function S.on_exit_check() return { exit = 1, rule = 'x' } end"));
    for (int i = 0; i < 5; ++i) host.on_exit_check(kStrategy, open_call(), {}, output);
    EXPECT_EQ(output.logs.size(), 1u);
}

TEST_F(LuaHostTest, more_positions_than_remembered_come_and_go) {
    load(strategy_text("function S.on_bar(ctx, bar) ctx:log(#ctx:positions()) end"));
    for (uint64_t id = 1; id <= 200; ++id) {
        PositionMessage position = open_call();
        position.id = id;
        services.open_positions = {position};
        ASSERT_EQ(bar().status, CallbackStatus::ok) << id;
        EXPECT_EQ(output.logs.at(0).text, "1");
    }
}

// ---- market and notes

TEST_F(LuaHostTest, chain_gives_legs_by_side_and_strike) {
    services.snapshot.underlying = "NIFTY";
    services.snapshot.spot = 21'760;
    services.snapshot.atm_strike = 21'750;
    services.snapshot.expiry = "2024-01-25";
    services.snapshot.days_to_expiry = 10;
    ChainRow call{"NIFTY 2024-01-25 21750 CE", 21'750, "CE", 150, 149, 151, 5000, kMissing, 1, 50, false};
    ChainRow put = call;
    put.symbol = "NIFTY 2024-01-25 21750 PE";
    put.right = "PE";
    services.snapshot.rows = {call, put};
    EXPECT_EQ(said("local c = ctx:chain('NIFTY', { expiry = 'monthly', min_days = 4 }) local leg = c:atm('PE')\n"
                   "ctx:log(c.spot, c.expiry, #c.rows, leg.symbol, leg.ask, leg.oi, leg.volume, leg.lot, leg.days_to_expiry, leg.model, c:strike(99, 'CE'))\n"
                   "ctx:enter { leg = leg, lots = 1 }", "chain = { strikes = 5 }"),
              "21760 2024-01-25 2 NIFTY 2024-01-25 21750 PE 151 5000 nil 50 10 false nil");
    EXPECT_EQ(services.last_chain_request, "NIFTY monthly 4");
    EXPECT_EQ(output.intents.at(0).instrument, InstrumentId(4));
    services.snapshot.rows.clear();
    EXPECT_EQ(said("ctx:log(ctx:chain('NIFTY'))", "chain = { strikes = 5 }"), "nil no chain for NIFTY");
}

TEST_F(LuaHostTest, account_vix_price_phase_and_time_are_the_engines) {
    EXPECT_EQ(said("local a = ctx:account() ctx:log(a.equity, a.open_positions, a.max_positions, a.size_factor, a.entries_allowed)"), "1000000 0 3 1 true");
    EXPECT_EQ(said("ctx:log(ctx:vix())"), "15.5 1m 0.25");
    EXPECT_EQ(said("ctx:log(ctx:price('NIFTY'), ctx:price('GOLD'), ctx:phase())"), "21750 nil open");
    EXPECT_EQ(said("ctx:log(ctx.now, ctx.time, ctx.date)"), fmt::format("{} 09:21 2024-01-01", kMorning + 60));
    EXPECT_EQ(said("ctx:log(os.time(), os.date('%Y-%m-%d %H:%M:%S'), os.clock() == ctx.now)"), fmt::format("{} 2024-01-01 09:21:00 true", kMorning + 60));
    EXPECT_EQ(said("ctx:log(os.time { year = 2024, month = 1, day = 1, hour = 9, min = 21 })"), fmt::format("{}", kMorning + 60));
    services.vix_reading = {kMissing, kMissing, "none"};
    EXPECT_EQ(said("ctx:log(ctx:vix())"), "nil none nil");
}

TEST_F(LuaHostTest, notes_reach_the_output) {
    load(strategy_text("function S.on_bar(ctx, bar) ctx:skip('no trend') ctx:skip('other', 'BANKNIFTY') ctx:notify('look') print('a', 1, {})\n"
                       "ctx:state('NIFTY', 'adx_category', 'buy_ce', { adx = 31.2 }) ctx:after(30, 'again') end"));
    EXPECT_EQ(bar().status, CallbackStatus::ok);
    ASSERT_EQ(output.skips.size(), 2u);
    EXPECT_EQ(output.skips[0].symbol, "NIFTY");
    EXPECT_EQ(output.skips[1].symbol, "BANKNIFTY");
    EXPECT_EQ(output.logs.at(0).level, "warning");
    EXPECT_EQ(output.logs.at(1).text, "a 1 table");
    EXPECT_EQ(output.states.at(0).value, "buy_ce");
    EXPECT_EQ(output.states.at(0).values, "adx=31.2");
    EXPECT_EQ(output.timers.at(0).seconds, 30);
    EXPECT_EQ(output.timers.at(0).name, "again");
}

// ---- determinism

TEST_F(LuaHostTest, pairs_and_next_go_through_keys_in_order) {
    EXPECT_EQ(said("local t, keys = { b = 1, a = 2, [3] = 3, [-1] = 4, [2.5] = 5, B = 6, [true] = 7, [false] = 8 }, {}\n"
                   "for k in pairs(t) do keys[#keys + 1] = tostring(k) end ctx:log(table.concat(keys, ' '))"), "-1 2.5 3 B a b false true");
    EXPECT_EQ(said("local t, keys, k = { x = 1, y = 2, z = 3, 10 }, {}, nil repeat k = next(t, k) keys[#keys + 1] = tostring(k) until k == nil\n"
                   "ctx:log(table.concat(keys, ' '))"), "1 x y z nil");
    EXPECT_EQ(said("local t, keys = { a = 1, b = 2, c = 3, d = 4 }, {} for k in pairs(t) do keys[#keys + 1] = k t.c = nil t.e = 5 end ctx:log(table.concat(keys))"), "abd");
}

TEST_F(LuaHostTest, random_numbers_follow_from_the_seed) {
    const std::string body = "ctx:log(math.random(1, 1000000), math.random(6), math.random() < 1)";
    const std::string first = said(body);
    EXPECT_EQ(said(body), first);
    ScriptBundle other = bundle_of(strategy_text("function S.on_bar(ctx, bar)\n" + body + "\nend"));
    other.seed = 8;
    ASSERT_TRUE(host.load(kStrategy, other, services));
    bar();
    EXPECT_NE(output.logs.at(0).text, first);
}

TEST_F(LuaHostTest, ceil_of_a_small_negative_number_has_one_sign_compiled_or_not) {
    const std::string body = "local s = 0 for i = 1, 300 do s = 1 / math.ceil(-0.5) end ctx:log(s, math.ceil(1.2), math.ceil(-1.2), math.ceil(3))";
    EXPECT_EQ(said(body), "-inf 2 -1 3");
}

// The same market through compiled and interpreted code gives the same output, number for number.
TEST(LuaParity, compiled_and_interpreted_code_give_the_same_intents) {
    const std::string text = strategy_text(
        "local sum, seen = 0, {}\n"
        "function S.on_start(ctx) ctx.b = ctx:bars('NIFTY', '1m') ctx.e = ctx:indicator('NIFTY', '1m', 'ema', 9) end\n"
        "function S.on_bar(ctx, bar)\n"
        "  sum = sum + math.sin(bar.close) * (ctx.e:value() or 1) / (1 + math.abs(bar.open - (ctx.b:close(1) or 0)))\n"
        "  seen[string.format('%d', bar.close % 17)] = (seen[string.format('%d', bar.close % 17)] or 0) + 1\n"
        "  for key, n in pairs(seen) do sum = sum + #key * n * 1e-9 end\n"
        "  if math.random() < 0.2 then\n"
        "    ctx:enter { symbol = 'NIFTY', lots = 1 + math.floor(math.abs(sum) % 5), stop_pct = 0.5 + math.abs(sum) % 3, why = string.format('%.17g', sum) }\n"
        "  elseif bar.close % 50 == 0 then error(sum)\n"
        "  else ctx:skip('sum ' .. sum) end\n"
        "end");
    const auto run = [&](bool jit) {
        LuaLimits limits;
        limits.jit = jit;
        limits.failures_to_quarantine = 1'000'000;
        LuaHost host(limits);
        FakeServices services;
        std::string told;
        if (!host.load(kStrategy, bundle_of(text), services)) return told;
        CallbackOutput output;
        host.on_start(kStrategy, output);
        for (int64_t i = 0; i < 5000; ++i) {
            const double close = 100 + static_cast<double>(i * 7919 % 1000) / 8;
            const BarMessage bar = bar_of(kMorning + 60 * i, close - 1, close + 2, close - 2, close);
            host.push_bar(kStrategy, bar);
            const double ema[] = {close / 3};
            host.push_indicator(kStrategy, {0, ema});
            output = {};
            const CallbackResult result = host.on_bar(kStrategy, bar, output);
            told += result.message;
            for (const Intent& intent : output.intents)
                told += fmt::format("{} {} {} {};", intent.id.value(), intent.lots, intent.stop_pct.value_or(0), intent.why);
            for (const SkipNote& skip : output.skips) told += skip.why + ";";
        }
        return told;
    };
    const std::string compiled = run(true);
    EXPECT_GT(compiled.size(), 100'000u);
    EXPECT_TRUE(compiled == run(false));
}

}  // namespace
}  // namespace tide::test
