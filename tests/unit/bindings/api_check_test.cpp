#include "bindings/api_check.hpp"

#include <filesystem>

#include "bindings/script_bundle.hpp"
#include "lua_host_fixture.hpp"
#include "support/paths.hpp"

// What `engine check` says of sources before they run.
namespace tide::test {
namespace {

class ApiCheckTest : public LuaHostTest {
  protected:
    std::vector<std::string> findings(const ScriptBundle& bundle) {
        const auto loaded = host.load(kSlot, bundle, services);
        std::vector<std::string> texts;
        for (const auto& finding : check_sources(bundle, loaded)) texts.push_back(text_of(finding));
        return texts;
    }
    // Of a strategy whose second line begins the body.
    std::vector<std::string> of_body(const std::string& body, const std::string& more_needs = "") {
        return findings(bundle_of(strategy_text(body, more_needs)));
    }
    std::string in_on_bar(const std::string& body) {
        const auto texts =
            of_body("function S.on_bar(ctx, bar)\n" + body + "\nend", "chain = { strikes = 5 }, ticks = true");
        return fmt::format("{}", fmt::join(texts, "\n"));
    }
};

TEST_F(ApiCheckTest, mistakes_in_a_callback_are_found_with_line_and_mend) {
    const std::pair<const char*, const char*> cases[] = {
        // names
        {"pirnt(1)", "error: unknown name 'pirnt'; did you mean 'print'?"},
        {"local total = 1 return totl", "error: unknown name 'totl'; did you mean 'total'?"},
        {"io.open('x')", "error: 'io' is not available to strategies"},
        {"local x = string.fromat('%d', 1)", "error: string has no function 'fromat'; did you mean 'format'?"},
        {"local x = math.Pi", "error: math has no 'Pi'; did you mean 'pi'?"},
        // ctx
        {"ctx:entr { symbol = 'NIFTY', lots = 1 }", "error: ctx has no method 'entr'; did you mean 'enter'?"},
        {"local p = ctx.parms", "error: ctx has no 'parms'; did you mean 'params'?"},
        {"ctx.skip('x')", "error: ctx.skip: call it with a colon, ctx:skip(…)"},
        {"local p = ctx.params.min_adx", "error: ctx.params: no parameter 'min_adx'"},
        {"local t = ctx:now()", "error: ctx.now is a value, not a function; write ctx.now"},
        // bars
        {"local x = bar.clos", "error: bar has no 'clos'; did you mean 'close'?"},
        {"local x = bar:close()", "error: bar.close is a value, not a function; write bar.close"},
        {"local b = ctx:bars('NIFTY', '5m') return b:clos(0)",
         "error: bars has no method 'clos'; did you mean 'close'?"},
        {"local x = ctx:bars('NIFTY', '5m'):close(-1)",
         "error: bars:close: -1 bars back is a bar that has not closed; 0 is the bar that just closed"},
        {"local x = ctx:indicator('NIFTY', '5m', 'ema', 9):value(-2)",
         "error: indicator:value: -2 bars back is a bar that has not closed; 0 is the bar that just closed"},
        {"local x = ctx:bars('NIFTY', '5m'):highest(0)",
         "error: bars:highest: length must be a whole number, at least 1, got 0"},
        {"local b = ctx:bars('NIFTY', '5m') return b.close > 5",
         "warning: bars.close is a function, not a value; write bars:close(…)"},
        {"local b = ctx:bars('NIFTY')", "error: ctx:bars: tf is missing: ctx:bars(symbol, tf)"},
        {"local b = ctx:bars('NIFTI', '5m')",
         "error: ctx:bars: symbol 'NIFTI' is not in needs.symbols; did you mean 'NIFTY'?"},
        {"local b = ctx:bars('NIFTY', '15m')",
         "error: ctx:bars: timeframe '15m' is not in needs.bars; did you mean '1m'?"},
        {"local i = ctx:indicator('NIFTY', '5m', 'supertrnd')",
         "error: ctx:indicator: no indicator 'supertrnd'; did you mean 'supertrend'?"},
        {"local i = ctx:indicator('NIFTY', '5m', 'ema', 9) return i:vale()",
         "error: indicator has no method 'vale'; did you mean 'value'?"},
        // chain
        {"local c = ctx:chain('NIFTY') return c and c:atm('CALL')",
         "error: chain:atm: side must be \"CE\" or \"PE\", got 'CALL'"},
        {"local leg = ctx:chain('NIFTY'):atm('CE') return leg.detla",
         "error: leg has no 'detla'; did you mean 'delta'?"},
        {"for _, leg in ipairs(ctx:chain('NIFTY').rows) do ctx:log(leg.strik) end",
         "error: leg has no 'strik'; did you mean 'strike'?"},
        {"ctx:chain('NIFTY', { expirey = 'weekly' })",
         "error: ctx:chain: unknown field 'expirey'; did you mean 'expiry'?"},
        // intents and notes
        {"ctx:enter { symbol = 'NIFTY', lots = 1, stoppct = 1 }",
         "error: ctx:enter: unknown field 'stoppct'; did you mean 'stop_pct'?"},
        {"ctx:enter { symbol = 'NIFTY', lots = '1' }", "error: ctx:enter: lots must be a whole number, got '1'"},
        {"ctx:enter { symbol = 'NIFTY', lots = 1, side = 'long' }",
         "error: ctx:enter: side must be \"buy\" or \"sell\", got 'long'"},
        {"ctx:enter { symbol = 'NIFTY' }", "error: ctx:enter: lots is missing: 1 to 1000000"},
        {"for _, p in ipairs(ctx:positions()) do ctx:exit(p, { fracton = 0.5 }) end",
         "error: ctx:exit: unknown field 'fracton'; did you mean 'fraction'?"},
        {"ctx:after('5', 'again')", "error: ctx:after: seconds must be above 0 and at most 604800 (a week), got '5'"},
        {"ctx:skip()", "error: ctx:skip: why is missing: ctx:skip(why, symbol)"},
        {"ctx:notify('a', 'b')", "warning: ctx:notify: takes 1 argument, got 2"},
        // globals
        {"count = 1", "warning: sets the global 'count', which every module sees; write 'local count'"},
        {"print = 5", "error: 'print' is part of the language and cannot be replaced; choose another name"},
    };
    for (const auto& [body, text] : cases) EXPECT_EQ(in_on_bar(body), fmt::format("probe.lua:3: {}", text)) << body;
}

// A handle is mostly kept in a local of the file, set in on_start and used in on_bar.
TEST_F(ApiCheckTest, bars_that_have_not_closed_are_found_through_names_that_keep_a_handle) {
    const std::string not_closed = "bars back is a bar that has not closed; 0 is the bar that just closed";
    const std::string of_indicator = "probe.lua:4: error: indicator:value: ";
    const std::string whole = "error: indicator:value: back must be a whole number, at least 0, got ";
    const std::string make = "ctx:indicator('NIFTY', '5m', 'ema', 9)";
    // The first line of the body is line 2 of the file; what is wrong is on line 4.
    const auto at_file_level = [](const std::string& first, const std::string& start, const std::string& bar) {
        return first + "\nfunction S.on_start(ctx) " + start + " end\nfunction S.on_bar(ctx, bar) " + bar + " end";
    };
    const std::pair<std::string, std::string> cases[] = {
        {at_file_level("local average", "average = " + make, "return average:value(-1)"),
         of_indicator + "-1 " + not_closed},
        {at_file_level("local average = nil", "average = " + make, "local x = average:value(1.5)"),
         "probe.lua:4: " + whole + "1.5"},
        {at_file_level("local average", "average = " + make, "local x = average:value('1')"),
         "probe.lua:4: " + whole + "'1'"},
        {at_file_level("local back, average = -2", "average = " + make, "local x = average:value(back)"),
         of_indicator + "-2 " + not_closed},
        {at_file_level("local back, average = 1", "average = " + make, "local x = average:value(-back)"),
         of_indicator + "-1 " + not_closed},
        {at_file_level("local bars", "bars = ctx:bars('NIFTY', '5m')", "local x = bars:close(-1)"),
         "probe.lua:4: error: bars:close: -1 " + not_closed},
        {at_file_level("local bars", "bars = ctx:bars('NIFTY', '5m')", "local x = bars:highest(0)"),
         "probe.lua:4: error: bars:highest: length must be a whole number, at least 1, got 0"},
        {at_file_level("local bars", "bars = ctx:bars('NIFTY', '5m')", "local x = bars:highest(20, -1)"),
         "probe.lua:4: error: bars:highest: -1 " + not_closed},
        {at_file_level("local average", "average = " + make, "local x = average:vale()"),
         "probe.lua:4: error: indicator has no method 'vale'; did you mean 'value'?"},
        // through more names, and fields that the script makes
        {at_file_level("local one, two", "one = " + make + " two = one", "local x = two:value(-1)"),
         of_indicator + "-1 " + not_closed},
        {at_file_level("-- kept in ctx", "ctx.average = " + make, "local x = ctx.average:value(-1)"),
         of_indicator + "-1 " + not_closed},
        {at_file_level("local kept = {}", "kept.average = " + make, "local x = kept.average:value(-1)"),
         of_indicator + "-1 " + not_closed},
        {at_file_level("local kept", "kept = { average = " + make + " }", "local x = kept.average:value(-1)"),
         of_indicator + "-1 " + not_closed},
        {at_file_level("local average", "average = " + make, "local function up() return average:value(-1) end up()"),
         of_indicator + "-1 " + not_closed},
        // texts
        {at_file_level("local frame = '15m'", "", "local b = ctx:bars('NIFTY', frame)"),
         "probe.lua:4: error: ctx:bars: timeframe '15m' is not in needs.bars; did you mean '1m'?"},
    };
    for (const auto& [body, text] : cases) EXPECT_EQ(of_body(body), std::vector<std::string>{text}) << body;
}

TEST_F(ApiCheckTest, arithmetic_on_what_is_no_number_is_found) {
    const std::string numbers = "error: '+' works on numbers; ";
    const std::pair<std::string, std::string> cases[] = {
        // objects of the engine
        {"local x = bar + 1", numbers + "bar is a table; one of its numbers is bar.close"},
        {"local x = 2 * 3 + bar", numbers + "bar is a table; one of its numbers is bar.close"},
        {"local b = ctx:bars('NIFTY', '5m') return b / 2",
         "error: '/' works on numbers; b is a series of bars; write b:close(0) for the last close"},
        {"local ema = ctx:indicator('NIFTY', '5m', 'ema', 9) return bar.close - ema",
         "error: '-' works on numbers; ema is an indicator; write ema:value() for its value"},
        {"ctx.ema = ctx:indicator('NIFTY', '5m', 'ema', 9) return -ctx.ema",
         "error: '-' works on numbers; ctx.ema is an indicator; write ctx.ema:value() for its value"},
        {"local x = ctx:positions() + 1",
         numbers + "ctx:positions() is a list; take one of it, as in ctx:positions()[1]"},
        {"local x = ctx.params + 1", numbers + "ctx.params is the table of all parameters; write ctx.params.NAME"},
        {"local x = math + 1", numbers + "math is a library"},
        // the script's own
        {"local t = {} return t + 1", numbers + "t is a table"},
        {"local x = 1 + function() end", numbers + "function() end is a function"},
        {"local x = 'up' + 1", numbers + "'up' is a text; texts are joined with .."},
        {"local x = nil + 1", numbers + "nil is neither a number nor a text"},
        {"local x = bar.close % true", "error: '%' works on numbers; true is neither a number nor a text"},
        // texts
        {"ctx:log('now ' .. bar)",
         "error: '..' joins texts and numbers; bar is a table; one of its numbers is bar.close"},
        {"ctx:log(bar.close .. nil)", "error: '..' joins texts and numbers; nil is neither a number nor a text"},
        {"ctx:log('a' .. bar + 1)", numbers + "bar is a table; one of its numbers is bar.close"},
        // comparisons
        {"local ema = ctx:indicator('NIFTY', '5m', 'ema', 9) return bar.close > ema",
         "error: '>' compares two numbers or two texts; ema is an indicator; write ema:value() for its value"},
        {"return 5 <= ctx:bars('NIFTY', '5m') and bar.close > 1",
         "error: '<=' compares two numbers or two texts; ctx:bars('NIFTY', '5m') is a series of bars; write "
         "ctx:bars('NIFTY', '5m'):close(0) for the last close"},
        // by a text in brackets
        {"local x = bar['clos']", "error: bar has no 'clos'; did you mean 'close'?"},
        {"local x = ctx['params'].min_adx", "error: ctx.params: no parameter 'min_adx'"},
    };
    for (const auto& [body, text] : cases) EXPECT_EQ(in_on_bar(body), fmt::format("probe.lua:3: {}", text)) << body;
}

TEST_F(ApiCheckTest, arithmetic_on_what_may_be_a_number_is_left_alone) {
    const char* bodies[] = {
        "local x = bar.close - bar.open * 2 ^ 3 ctx:log(x .. ' points')",
        "local adx = ctx:indicator('NIFTY', '5m', 'adx', 14) if adx.adx and adx.adx > 25 then ctx:log(adx.adx + 1) end",
        "ctx.adx = ctx:indicator('NIFTY', '5m', 'adx', 14) if ctx.adx.adx then ctx:log(ctx.adx.adx + 1) end",
        "local x = '5' + 1 ctx:log(x)",
        "local n = setmetatable({}, { __add = function() return 1 end }) ctx:log(n + 1)",
        "local t = {} ctx:log(#t + 1, not t == false, t == nil, t ~= bar)",
        "local t = { n = 1 } t.n = t.n + 1 ctx:log(t['n'] + 1, t.n < 5)",
        "local last if last then ctx:log(bar.close - last) end last = bar.close",
        "local low = nil for i = 1, 3 do low = low and math.min(low, i) or i end ctx:log(low + 1)",
        "local function f(a, b) a = a or {} return a.x, b + 1 end ctx:log(f(nil, 1))",
        "ctx['total'] = (ctx.total or 0) + 1 ctx:log(ctx.total + 1)",
        "local kept = { ['ema'] = 5 } ctx:log(kept.ema + 1)",
        "local v = ctx:vix() if v and v > 20 then ctx:log(v - 1) end",
        "local side = bar.close > bar.open and 'CE' or 'PE' ctx:log(side .. ' ' .. tostring(bar))",
        "local on = bar.close > 1 == (bar.open < 2) ctx:log(tostring(on))",
    };
    for (const char* body : bodies) EXPECT_EQ(in_on_bar(body), "") << body;
}

TEST_F(ApiCheckTest, parameters_are_known_under_other_names_too) {
    const std::string head =
        "local S = strategy { name = 'probe', version = '1', api = 1,\n"
        "  params = { min_adx = param.number(25, 10, 50) },\n"
        "  needs = { symbols = { 'NIFTY' }, bars = { '5m' } } }\n";
    const auto of = [&](const std::string& body) { return findings(bundle_of(head + body + "\nreturn S")); };
    EXPECT_EQ(
        of("function S.on_bar(ctx, bar) local p = ctx.params ctx:log(p.min_adx, p.min_adz) end"),
        std::vector<std::string>{"probe.lua:4: error: ctx.params: no parameter 'min_adz'; did you mean 'min_adx'?"});
    EXPECT_EQ(
        of("function S.on_params(ctx, old) ctx:log(old.min_adx, old.max_adx) end"),
        std::vector<std::string>{"probe.lua:4: error: ctx.params: no parameter 'max_adx'; did you mean 'min_adx'?"});
    EXPECT_EQ(of("function S.on_bar(ctx, bar) return bar.close > ctx.params end"),
              std::vector<std::string>{
                  "probe.lua:4: error: '>' compares two numbers or two texts; ctx.params is the table of "
                  "all parameters; write ctx.params.min_adx"});
    EXPECT_EQ(of("function S.on_bar(ctx, bar) return bar.close > ctx.params.min_adx end"), std::vector<std::string>{});
}

TEST_F(ApiCheckTest, a_name_that_is_now_this_and_now_that_is_left_alone) {
    const char* bodies[] = {
        "local x\nfunction S.on_start(ctx) x = ctx:indicator('NIFTY', '5m', 'ema', 9) end\n"
        "function S.on_bar(ctx) x = { value = function() end } x:value(-1) end",
        "local x = {}\nfunction S.on_start(ctx) x = ctx:indicator('NIFTY', '5m', 'ema', 9) end\n"
        "function S.on_bar(ctx) x:value(-1) end",
        "local back = 0\nfunction S.on_bar(ctx) back = back - 1 ctx:bars('NIFTY', '5m'):close(back) end",
        "local kept, other = {}, {}\nfunction S.on_start(ctx) kept.x = ctx:indicator('NIFTY', '5m', 'ema', 9) end\n"
        "function S.on_bar(ctx) other.x = { value = function() end } kept.x:value(-1) end",
        "local back = -1\nlocal function at(back) return back end\n"
        "function S.on_bar(ctx) ctx:bars('NIFTY', '5m'):close(at(back)) end",
        "local n = 5\nfor n = 1, 3 do local m = n end\nfunction S.on_bar(ctx) ctx:log(n) end",
        "local lots, tag = 1, 'x'\nfunction S.on_bar(ctx) ctx:enter { symbol = 'NIFTY', lots = lots, tag = tag } end",
    };
    for (const char* body : bodies) EXPECT_EQ(of_body(body), std::vector<std::string>{}) << body;
}

TEST_F(ApiCheckTest, mistakes_of_shape_are_found) {
    EXPECT_EQ(of_body("function S.on_bars(ctx) end").at(0),
              "probe.lua: error: unknown callback 'on_bars'; did you mean 'on_bar'?");
    EXPECT_EQ(of_body("local function on_bar(ctx, bar) end").at(0),
              "probe.lua:2: warning: this on_bar is never called by the engine; write function S.on_bar(…)");
    EXPECT_EQ(of_body("function S.on_timer(ctx, name) end").at(0),
              "probe.lua:2: warning: on_timer is never called: nothing in this strategy calls ctx:after");
    EXPECT_EQ(of_body("function S.on_fill(ctx, fill) end").at(0),
              "probe.lua:2: warning: on_fill is never called: nothing in this strategy calls ctx:enter");
    EXPECT_EQ(of_body("function S.on_params(ctx, old) end").at(0),
              "probe.lua:2: warning: on_params is never called: the strategy has no params");
    EXPECT_EQ(
        of_body("function S.on_exit_check(ctx, position, quote)\nif quote.last then return { exits = 1 } end\n"
                "ctx:enter { symbol = position.symbl, lots = 1 }\nend"),
        (std::vector<std::string>{"probe.lua:3: error: on_exit_check: unknown field 'exits'; did you mean 'exit'?",
                                  "probe.lua:4: error: position has no 'symbl'; did you mean 'symbol'?"}));
}

TEST_F(ApiCheckTest, a_syntax_error_in_any_file_is_found) {
    EXPECT_EQ(of_body("function S.on_bar(ctx, bar)\nif bar.close > 5 the\nend end").at(0),
              "probe.lua:3: error: 'then' expected near 'the'");
    const auto both =
        findings(bundle_of(strategy_text("local m = require 'helper'\nfunction S.on_bar(ctx) ctx:entr() end"),
                           {{"helper", "local M = {}\nM.x = = 1\nreturn M"}}));
    ASSERT_EQ(both.size(), 2U);
    EXPECT_EQ(both[0], "helper.lua:2: error: unexpected symbol near '='");
    EXPECT_EQ(both[1], "probe.lua:3: error: ctx has no method 'entr'; did you mean 'enter'?");
}

TEST_F(ApiCheckTest, wrong_needs_and_parameters_are_found_by_loading) {
    EXPECT_EQ(findings(bundle_of("local S = strategy { name = 'p', version = '1', api = 1,\n"
                                 "needs = { symbol = { 'NIFTY' } } }\nreturn S")),
              std::vector<std::string>{
                  "probe.lua:1: error: strategy: needs: unknown field 'symbol'; did you mean 'symbols'?"});
    EXPECT_EQ(findings(bundle_of("local n = param.number(5, 6, 7)\nreturn n")).at(0),
              "probe.lua:1: error: param.number: the default 5 is outside 6 to 7");
}

TEST_F(ApiCheckTest, what_cannot_be_known_is_left_alone) {
    const char* bodies[] = {
        "ctx.count = (ctx.count or 0) + 1",  // own fields of ctx
        "bar.mine = 1 ctx:log(bar.mine)",    // own fields of a bar
        "local x = ctx:bars('NIFTY', '5m') x = { clos = function() end } x:clos()",
        "local t = { close = 1 } ctx:log(t.clos)",  // a table of the script's own
        "pcall(ctx.bars, ctx, 'NIFTY', '5m')",
        "local i = ctx:indicator('NIFTY', '5m', 'adx', 14) ctx:log(i.plus_di)",  // outputs
        "local function f(...) return ctx:bars(...) end f('NIFTY', '5m')",
        "local a, b = ctx.now, ctx.time if a ~= 5 and b == '11:05' then ctx:skip('x') end",
        "local s = ('x'):rep(3) ctx:log(#s, -1, not s, s .. '\\n', 0x10, 1e-3)",
        "for i = 10, 1, -1 do ctx:log(i) end repeat local done = true until done",
        "goto over do ctx:log(1) end ::over::",
        "local o = { symbol = 'NIFTY', lots = 1 } o.tag = 'x' ctx:enter(o)",
        "local e = bar.tf == '5m' and { symbol = 'NIFTY' } or nil ctx:log(e and e.symbol)",
        "ctx:plot('x', nil) ctx:mark('y', bar.close)",
        "local side = bar.close > bar.open and 'CE' or 'PE' ctx:chain('NIFTY'):atm(side)",
        "local t = {} t[1], t.b = 1, 2 ctx:log(t[1])",
    };
    for (const char* body : bodies) EXPECT_EQ(in_on_bar(body), "") << body;
}

TEST_F(ApiCheckTest, a_global_that_another_module_sets_is_known) {
    const auto texts = findings(bundle_of(strategy_text("require 'helper'\nfunction S.on_bar(ctx) ctx:log(shared) end"),
                                          {{"helper", "shared = 5\nreturn {}"}}));
    ASSERT_EQ(texts.size(), 1U);
    EXPECT_EQ(texts[0],
              "helper.lua:1: warning: sets the global 'shared', which every module sees; write 'local shared'");
}

TEST_F(ApiCheckTest, the_strategies_that_ship_have_no_findings) {
    int64_t checked = 0;
    for (const auto& entry : std::filesystem::directory_iterator(source_dir() / "strategies")) {
        const auto& path = entry.path();
        if (path.extension() != ".lua" || path.stem().string().ends_with("_test")) continue;
        const auto bundle = load_bundle(path, {source_dir() / "scripts"});
        ASSERT_TRUE(bundle) << path;
        EXPECT_EQ(findings(*bundle), std::vector<std::string>{}) << path;
        ++checked;
    }
    EXPECT_GE(checked, 2);
}

// They do many odd things, but nothing of this.
TEST_F(ApiCheckTest, no_hostile_script_calculates_with_what_is_no_number) {
    int checked = 0;
    for (const auto& entry : std::filesystem::directory_iterator(source_dir() / "tests/hostile")) {
        if (entry.path().extension() != ".lua") continue;
        const auto bundle = load_bundle(entry.path(), {source_dir() / "scripts"});
        if (!bundle) continue;  // no text at all
        ++checked;
        for (const auto& finding : check_sources(*bundle, make_error(ErrorCode::script, "not loaded"))) {
            for (const char* text : {"works on numbers", "joins texts", "compares two"})
                EXPECT_EQ(finding.text.find(text), std::string::npos) << text_of(finding);
        }
    }
    EXPECT_GE(checked, 120);
}

// Damaged sources: no finding is expected, but none may hang or crash the walk.
TEST_F(ApiCheckTest, every_beginning_of_a_source_is_survived) {
    const auto bundle = load_bundle(source_dir() / "strategies/adx_trend.lua", {source_dir() / "scripts"});
    ASSERT_TRUE(bundle);
    for (size_t bytes = 0; bytes < bundle->text.size(); bytes += 37) {
        ScriptBundle cut = *bundle;
        cut.text.resize(bytes);
        EXPECT_FALSE(check_sources(cut, make_error(ErrorCode::script, "adx_trend.lua: cut")).empty());
    }
}

}  // namespace
}  // namespace tide::test
