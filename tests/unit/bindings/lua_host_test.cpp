#include "bindings/lua_host.hpp"

#include <gtest/gtest.h>

#include "lua_host_fixture.hpp"

namespace tide::test {
namespace {

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
    EXPECT_TRUE(d.defines(ScriptCallback::exit_check));
    EXPECT_TRUE(d.defines(ScriptCallback::fill));
    EXPECT_FALSE(d.defines(ScriptCallback::order));
    EXPECT_EQ(d.sha256.size(), 64u);
    EXPECT_EQ(d.parameters,
              (std::vector<std::pair<std::string, std::string>>{{"at", "10:00"}, {"min_adx", "25"}, {"on", "true"}}));
}

TEST_F(LuaHostTest, parameters_are_overridden_by_name) {
    const std::string text =
        "local S = strategy { name = 'p', version = '1', api = 1, params = { n = param.integer(9, 2, 50), c = "
        "param.choice('a', { 'a', 'b' }),"
        " t = param.time('10:00'), on = param.bool(true) }, needs = function(p) return { symbols = { 'S' .. p.n } } "
        "end } return S";
    const auto d = load(text, "n=20\nc=b\nt=11:30\non=false\n");
    EXPECT_EQ(d.symbols, std::vector<std::string>{"S20"});
    EXPECT_EQ(d.parameters, (std::vector<std::pair<std::string, std::string>>{
                                {"c", "b"}, {"n", "20"}, {"on", "false"}, {"t", "11:30"}}));
    EXPECT_NE(load_error(text, "n=51").find("parameter n = 51: must be a whole number from 2 to 50"),
              std::string::npos);
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
    EXPECT_NE(with(good + ", param = {}").find("probe.lua: strategy: unknown field 'param'; did you mean 'params'?"),
              std::string::npos)
        << with(good + ", param = {}");
    EXPECT_NE(with("name = 1, version = '1', api = 1, needs = { symbols = { 'X' } }")
                  .find("name must be letters, digits and underscores, got 1"),
              std::string::npos);
    EXPECT_NE(with("name = 'p', version = '1', api = 2, needs = { symbols = { 'X' } }").find("api must be 1, got 2"),
              std::string::npos);
    EXPECT_NE(with("name = 'p', version = '1', api = 1").find("needs.symbols must list at least one symbol"),
              std::string::npos);
    EXPECT_NE(with("name = 'p', version = '1', api = 1, needs = { symbols = { 'X' }, bars = { '2m' } }")
                  .find("needs.bars[1] must be one of"),
              std::string::npos);
    EXPECT_NE(with("name = 'p', version = '1', api = 1, needs = { symbols = { 'X' }, history = { ['1d'] = 5 } }")
                  .find("is not in needs.bars"),
              std::string::npos);
    EXPECT_NE(with("name = 'p', version = '1', api = 1, needs = { symbols = { 'X' }, chain = { strikes = 0 } }")
                  .find("needs.chain.strikes must be"),
              std::string::npos);
    EXPECT_NE(with(good + ", params = { x = 5 }").find("params.x must be made by param."), std::string::npos);
    EXPECT_NE(with(good + ", params = { x = param.number(5, 6, 7) }").find("the default 5 is outside 6 to 7"),
              std::string::npos);
}

TEST_F(LuaHostTest, misspelt_callbacks_are_refused_with_a_suggestion) {
    EXPECT_NE(
        load_error(strategy_text("function S.on_bra() end")).find("unknown callback 'on_bra'; did you mean 'on_bar'?"),
        std::string::npos);
    EXPECT_NE(load_error(strategy_text("function S.onbar() end")).find("did you mean 'on_bar'?"), std::string::npos);
    EXPECT_NE(load_error(strategy_text("S.on_bar = 5")).find("callback on_bar must be a function, got 5"),
              std::string::npos);
    EXPECT_NE(load_error(strategy_text("function S.on_tick() end")).find("declare needs = { ticks = true }"),
              std::string::npos);
    EXPECT_EQ(load_error(strategy_text("function S.helper() end")), "");
}

TEST_F(LuaHostTest, a_version_that_does_not_load_leaves_the_old_one_running) {
    load(strategy_text("function S.on_bar(ctx) ctx:log('old') end"));
    EXPECT_NE(load_error("this is not Lua"), "");
    EXPECT_EQ(bar().status, CallbackStatus::ok);
    EXPECT_EQ(output.logs.at(0).text, "old");
}

// ---- modules

TEST_F(LuaHostTest, require_reaches_the_bundles_modules_once_and_nothing_else) {
    const std::vector<ScriptSource> modules{
        {"counter", "local n = 0 return { next = function() n = n + 1 return n end }"}};
    load("local a, b = require 'counter', require('counter')\n" +
             strategy_text("function S.on_bar(ctx) ctx:log(a.next(), b.next()) end"),
         "", modules);
    bar();
    EXPECT_EQ(output.logs.at(0).text, "1 2");
    EXPECT_NE(load_error("require 'other'", "", modules).find("probe.lua:1: require: there is no module 'other'"),
              std::string::npos);
}

TEST_F(LuaHostTest, errors_in_modules_name_the_modules_own_file_and_line) {
    EXPECT_NE(load_error("require 'bad'", "", {{"bad", "\n\nlocal = 1"}}).find("bad.lua:3:"), std::string::npos);
    EXPECT_NE(load_error("require 'bad'", "", {{"bad", "\nerror('no')"}}).find("bad.lua:2: no"), std::string::npos);
    EXPECT_NE(load_error("require 'a'", "", {{"a", "require 'b'"}, {"b", "require 'a'"}})
                  .find("modules need each other in a circle: a -> b -> a"),
              std::string::npos);
}

// ---- callbacks

TEST_F(LuaHostTest, an_error_names_file_line_and_frames_of_the_script) {
    load(strategy_text(
        "local function deep(x)\n  return x.field\nend\nfunction S.on_bar(ctx, bar)\n  local y = deep(nil)\nend"));
    const CallbackResult result = bar();
    EXPECT_EQ(result.status, CallbackStatus::error);
    EXPECT_EQ(result.message,
              "probe.lua:3: attempt to index local 'x' (a nil value) (what is missing is nil: not ready yet, out of "
              "range, no "
              "such field; ask before using it)\n    probe.lua:3 in deep\n    probe.lua:6 in on_bar");
}

TEST_F(LuaHostTest, on_chain_gets_the_chain_of_its_symbol_and_needs_it_declared) {
    services.snapshot.spot = 21'760;
    services.snapshot.rows.push_back({"NIFTY 2024-01-25 21750 CE", 21'750, "CE"});
    load(strategy_text("function S.on_chain(ctx, chain) ctx:log(chain.spot, #chain.rows) end\n",
                       "chain = { strikes = 5 }"));
    output.clear();
    EXPECT_EQ(host.call(kSlot, ChainMessage{0}, output).status, CallbackStatus::ok);
    ASSERT_EQ(output.logs.size(), 1U);
    EXPECT_EQ(output.logs[0].text, "21760 1");
    services.snapshot.rows.clear();  // no chain yet: nothing to say
    output.clear();
    EXPECT_EQ(host.call(kSlot, ChainMessage{0}, output).status, CallbackStatus::ok);
    EXPECT_TRUE(output.logs.empty());
}

TEST_F(LuaHostTest, on_chain_without_a_chain_in_needs_is_refused) {
    const std::string message = load_error(strategy_text("function S.on_chain(ctx, chain) end"));
    EXPECT_NE(message.find("on_chain is defined; declare needs = { chain = { strikes = 10 } } as well"),
              std::string::npos)
        << message;
}

TEST_F(LuaHostTest, an_error_in_on_chain_names_its_line_and_takes_the_intents_back) {
    services.snapshot.spot = 21'760;
    services.snapshot.rows.push_back({"NIFTY 2024-01-25 21750 CE", 21'750, "CE"});
    load(strategy_text("function S.on_chain(ctx, chain)\nctx:skip('NIFTY', 'thin')\nlocal x = chain.nothing.there\nend",
                       "chain = { strikes = 5 }"));
    output.clear();
    const CallbackResult result = host.call(kSlot, ChainMessage{0}, output);
    EXPECT_EQ(result.status, CallbackStatus::error);
    EXPECT_EQ(
        result.message.substr(0, result.message.find('\n')),
        "probe.lua:4: attempt to index field 'nothing' (a nil value) (what is missing is nil: not ready yet, out of "
        "range, no such field; ask before using it)");
    EXPECT_TRUE(output.intents.empty());
}

TEST_F(LuaHostTest, an_endless_on_chain_is_ended) {
    services.snapshot.spot = 21'760;
    services.snapshot.rows.push_back({"NIFTY 2024-01-25 21750 CE", 21'750, "CE"});
    load(strategy_text("function S.on_chain(ctx, chain) while true do end end", "chain = { strikes = 5 }"));
    output.clear();
    EXPECT_EQ(host.call(kSlot, ChainMessage{0}, output).status, CallbackStatus::budget);
}

TEST_F(LuaHostTest, on_link_says_what_happened_and_leaves_out_the_symbol_of_the_feed) {
    load(
        strategy_text("function S.on_link(ctx, e)\n"
                      "ctx:log(e.kind, e.what, e.state, e.symbol, e.values, e.text)\nend"));
    const auto said_of = [&](const LinkMessage& message) {
        output.clear();
        EXPECT_EQ(host.call(kSlot, message, output).status, CallbackStatus::ok);
        return output.logs.empty() ? "" : output.logs.front().text;
    };
    EXPECT_EQ(said_of({"quality", "frozen", "bad", "NIFTY", "stood_s=120.0 max_s=120", "NIFTY stands"}),
              "quality frozen bad NIFTY stood_s=120.0 max_s=120 NIFTY stands");
    EXPECT_EQ(said_of({"feed", "synthetic", "down", "", "", "silence"}), "feed synthetic down nil  silence");
}

TEST_F(LuaHostTest, an_error_in_on_link_names_its_line) {
    load(strategy_text("function S.on_link(ctx, e)\nerror('no ' .. e.what)\nend"));
    output.clear();
    const CallbackResult result = host.call(kSlot, LinkMessage{"gap", "gap_mode", "bad", "NIFTY", "", ""}, output);
    EXPECT_EQ(result.status, CallbackStatus::error);
    EXPECT_NE(result.message.find("no gap_mode"), std::string::npos) << result.message;
}

TEST_F(LuaHostTest, quality_is_a_table_of_what_is_wrong_and_nil_before_the_first_price) {
    QualityMessage sound;
    sound.known = true;
    sound.age_s = 0.5;
    services.qualities["NIFTY"] = sound;
    QualityMessage bad = sound;
    bad.bad = "stale,suspect";
    bad.cadence_s = 1.5;
    bad.missing_pct = 12.5;
    bad.skew_s = -11;
    services.qualities["RELIANCE"] = bad;
    EXPECT_EQ(said("local q = ctx:quality('NIFTY') ctx:log(q.ok, q.bad == '', q.age, q.cadence, q.stale)"),
              "true true 0.5 nil nil");
    EXPECT_EQ(said("local q = ctx:quality('RELIANCE')\n"
                   "ctx:log(q.ok, q.bad, q.stale, q.suspect, q.frozen, q.cadence, q.missing_pct, q.skew)"),
              "false stale,suspect true true nil 1.5 12.5 -11");
    EXPECT_EQ(said("ctx:log(ctx:quality('BANKNIFTY'))"), "nil");
    EXPECT_NE(said("ctx:quality(5)").find("ctx:quality: symbol must be a text, got 5"), std::string::npos);
}

TEST_F(LuaHostTest, gap_is_per_cent_and_mode_and_nil_before_the_opening_is_known) {
    EXPECT_EQ(said("local pct, mode = ctx:gap('NIFTY') ctx:log(pct, mode)"), "nil false");
    services.gap = {2.5, true};
    EXPECT_EQ(said("local pct, mode = ctx:gap('NIFTY') ctx:log(pct, mode)"), "2.5 true");
    EXPECT_NE(said("ctx:gap()").find("ctx:gap: symbol must be a text, got nil"), std::string::npos);
}

TEST_F(LuaHostTest, callbacks_that_are_not_defined_cost_nothing_and_say_so) {
    load(strategy_text(""));
    EXPECT_EQ(bar().status, CallbackStatus::not_defined);
    EXPECT_EQ(host.call(ScriptSlot(9), BarMessage{}, output).status, CallbackStatus::not_defined);
}

TEST_F(LuaHostTest, every_callback_gets_its_message) {
    load(strategy_text(
        "function S.on_start(ctx) ctx:log('start') end function S.on_stop(ctx, reason) ctx:log(reason) end\n"
        "function S.on_tick(ctx, t) ctx:log(t.symbol, t.last, t.bid, t.ask) end\n"
        "function S.on_order(ctx, o) ctx:log(o.id, o.intent, o.state, o.average) end\n"
        "function S.on_fill(ctx, f) ctx:log(f.order, f.position, f.side, f.quantity, f.price, f.charges) end\n"
        "function S.on_timer(ctx, name) ctx:log(name) end function S.on_session(ctx, phase) ctx:log(phase) end\n",
        "ticks = true"));
    TickMessage tick;
    tick.last = 10;
    tick.bid = 9.5;
    OrderMessage order;
    order.id = 5;
    order.intent = 3;
    order.state = "open";
    FillMessage fill{5, 2, "NIFTY", "buy", 50, 10.5, 1.25};
    EXPECT_EQ(host.call(kSlot, StartMessage{}, output).status, CallbackStatus::ok);
    EXPECT_EQ(host.call(kSlot, tick, output).status, CallbackStatus::ok);
    EXPECT_EQ(host.call(kSlot, order, output).status, CallbackStatus::ok);
    EXPECT_EQ(host.call(kSlot, fill, output).status, CallbackStatus::ok);
    EXPECT_EQ(host.call(kSlot, TimerMessage{"wake"}, output).status, CallbackStatus::ok);
    EXPECT_EQ(host.call(kSlot, PhaseMessage{"open"}, output).status, CallbackStatus::ok);
    EXPECT_EQ(host.call(kSlot, StopMessage{"end of day"}, output).status, CallbackStatus::ok);
    std::vector<std::string> said;
    for (const LogNote& note : output.logs) said.push_back(note.text);
    EXPECT_EQ(said, (std::vector<std::string>{"start", "NIFTY 10 9.5 nil", "5 3 open nil", "5 2 buy 50 10.5 1.25",
                                              "wake", "open", "end of day"}));
}

TEST_F(LuaHostTest, a_failed_callback_keeps_its_log_and_nothing_else) {
    load(strategy_text(
        "function S.on_bar(ctx, bar) ctx:log('before') ctx:skip('why') ctx:after(5, 'x') ctx:state('NIFTY', 'a', 1)\n"
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
    EXPECT_FALSE(host.quarantined(kSlot));
    const CallbackResult last = bar();
    EXPECT_EQ(last.status, CallbackStatus::quarantined);
    EXPECT_NE(last.message.find("no 6"), std::string::npos);
    EXPECT_TRUE(host.quarantined(kSlot));
    EXPECT_EQ(bar().status, CallbackStatus::quarantined);
    load(strategy_text("function S.on_bar(ctx) end"));
    EXPECT_EQ(bar().status, CallbackStatus::ok);
}

TEST_F(LuaHostTest, a_budget_error_ends_with_its_callback) {
    load(strategy_text(
        "local n = 0 function S.on_bar(ctx) n = n + 1 if n == 1 then while true do end end ctx:log('fine') end"));
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
    ASSERT_TRUE(
        host.load(ScriptSlot(2), bundle_of(strategy_text("function S.on_bar(ctx) ctx:log('alive') end")), services));
    EXPECT_EQ(bar().status, CallbackStatus::quarantined);
    host.push_indicator(kSlot, {0, {}});
    CallbackOutput other;
    EXPECT_EQ(host.call(ScriptSlot(2), bar_of(kMorning, 1, 1, 1, 1), other).status, CallbackStatus::ok);
    EXPECT_EQ(other.logs.at(0).text, "alive");
    load(strategy_text("function S.on_bar(ctx) end"));
    EXPECT_EQ(bar().status, CallbackStatus::ok);
}

// ---- determinism

TEST_F(LuaHostTest, pairs_and_next_go_through_keys_in_order) {
    EXPECT_EQ(
        said("local t, keys = { b = 1, a = 2, [3] = 3, [-1] = 4, [2.5] = 5, B = 6, [true] = 7, [false] = 8 }, {}\n"
             "for k in pairs(t) do keys[#keys + 1] = tostring(k) end ctx:log(table.concat(keys, ' '))"),
        "-1 2.5 3 B a b false true");
    EXPECT_EQ(said("local t, keys, k = { x = 1, y = 2, z = 3, 10 }, {}, nil repeat k = next(t, k) keys[#keys + 1] = "
                   "tostring(k) until k == nil\n"
                   "ctx:log(table.concat(keys, ' '))"),
              "1 x y z nil");
    EXPECT_EQ(said("local t, keys = { a = 1, b = 2, c = 3, d = 4 }, {} for k in pairs(t) do keys[#keys + 1] = k t.c = "
                   "nil t.e = 5 end ctx:log(table.concat(keys))"),
              "abd");
}

TEST_F(LuaHostTest, random_numbers_follow_from_the_seed) {
    const std::string body = "ctx:log(math.random(1, 1000000), math.random(6), math.random() < 1)";
    const std::string first = said(body);
    EXPECT_EQ(said(body), first);
    ScriptBundle other = bundle_of(strategy_text("function S.on_bar(ctx, bar)\n" + body + "\nend"));
    other.seed = 8;
    ASSERT_TRUE(host.load(kSlot, other, services));
    bar();
    EXPECT_NE(output.logs.at(0).text, first);
}

TEST_F(LuaHostTest, ceil_of_a_small_negative_number_has_one_sign_compiled_or_not) {
    const std::string body =
        "local s = 0 for i = 1, 300 do s = 1 / math.ceil(-0.5) end ctx:log(s, math.ceil(1.2), math.ceil(-1.2), "
        "math.ceil(3))";
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
        "    ctx:enter { symbol = 'NIFTY', lots = 1 + math.floor(math.abs(sum) % 5), stop_pct = 0.5 + math.abs(sum) % "
        "3, why = string.format('%.17g', sum) }\n"
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
        if (!host.load(kSlot, bundle_of(text), services)) return told;
        CallbackOutput output;
        host.call(kSlot, StartMessage{}, output);
        for (int64_t i = 0; i < 5000; ++i) {
            const double close = 100 + static_cast<double>(i * 7919 % 1000) / 8;
            const BarMessage bar = bar_of(kMorning + 60 * i, close - 1, close + 2, close - 2, close);
            host.push_bar(kSlot, bar);
            const double ema[] = {close / 3};
            host.push_indicator(kSlot, {0, ema});
            output = {};
            const CallbackResult result = host.call(kSlot, bar, output);
            told += result.message;
            for (const Intent& intent : output.intents)
                told += fmt::format("{} {} {} {};", intent.id.value(), intent.lots, intent.stop_pct.value_or(0),
                                    intent.why);
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
