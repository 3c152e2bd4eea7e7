#include <fstream>
#include <lua.hpp>
#include <set>
#include <sstream>

#include "bindings/api_documents.hpp"
#include "bindings/api_registry.hpp"
#include "bindings/lua_strategy.hpp"
#include "core/settings.hpp"
#include "lua_host_fixture.hpp"
#include "support/paths.hpp"

// The registry against the live sandbox, in both directions, and what is made of it against the files in the
// repository.
namespace tide::test {
namespace {

std::string file_text(const std::string& path) {
    std::ifstream file(source_dir() / path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

using Names = std::set<std::string>;

Names registered(std::string_view owner) {
    Names names;
    for (const ApiName* entry : api_members(owner)) {
        if (entry->kind != ApiKind::callback) names.emplace(entry->name);
    }
    return names;
}

// Text keys of the table on top of the stack, which is popped.
Names keys_of_top(lua_State* state) {
    Names names;
    lua_pushnil(state);
    while (lua_next(state, -2) != 0) {
        lua_pop(state, 1);
        if (lua_type(state, -1) == LUA_TSTRING) names.emplace(lua_tostring(state, -1));
    }
    lua_pop(state, 1);
    return names;
}

// What reads of the table on top go to: its own fields, or the table behind its metatable.
void push_behind(lua_State* state) {
    ASSERT_NE(lua_getmetatable(state, -1), 0);
    lua_getfield(state, -1, "__index");
    lua_replace(state, -3);
    lua_pop(state, 1);
}

constexpr const char* kWitness = R"(
local S = strategy { name = "probe", version = "1", api = 1, params = { p = param.number(1, 0, 2) },
  needs = { symbols = { "NIFTY" }, bars = { "1m" }, chain = { strikes = 5 }, ticks = true } }
local definition = indicator { name = "own", update = function() return 1 end }
function S.on_bar(ctx, bar)
  ctx.saw = { ctx = ctx, bar = bar, bars = ctx:bars("NIFTY", "1m"), indicator = ctx:indicator("NIFTY", "1m", "ema", 9),
    chain = ctx:chain("NIFTY"), leg = ctx:chain("NIFTY").rows[1], account = ctx:account(), volatility = ctx:volatility(),
    quality = ctx:quality("NIFTY"), position = ctx:positions()[1], indicator_definition = definition }
end
function S.on_tick(ctx, tick) ctx.saw.tick = tick end
function S.on_exit_check(ctx, position, quote) ctx.saw.quote = quote end
function S.on_order(ctx, order) ctx.saw.order = order end
function S.on_fill(ctx, fill) ctx.saw.fill = fill end
function S.on_risk(ctx, event) ctx.saw.risk_event = event end
function S.on_link(ctx, event) ctx.saw.link_event = event end
return S
)";

PositionMessage whole_position() {
    PositionMessage position;
    position.id = 7;
    position.symbol = "NIFTY 2024-01-25 21750 CE";
    position.underlying = "NIFTY";
    position.right = "CE";
    position.strike = position.stop = position.target = 21'750;
    position.days_to_expiry = 3;
    position.group = 1;
    return position;
}

// A strategy that was told everything once, with nothing missing.
class LiveSandboxTest : public testing::Test {
  protected:
    void SetUp() override {
        fill_market();
        auto loaded = LuaStrategy::load(bundle_of(kWitness), services, LuaLimits());
        ASSERT_TRUE(loaded) << loaded.error().message;
        strategy = std::move(*loaded);
        BarMessage bar = bar_of(kMorning, 1, 2, 1, 2);
        bar.volume = bar.oi = 5;
        call(bar);
        call(TickMessage{0, 0, 1, 1, 1, 1, 1});
        QuoteMessage quote;
        quote.last = quote.bid = quote.ask = quote.underlying = quote.age_s = 1;
        call(ExitCheckMessage{whole_position(), quote});
        OrderMessage order;
        order.average = 1;
        order.parent = order.group = 1;
        call(order);
        call(FillMessage{});
        call(RiskMessage{"regime", "NIFTY", "quiet", "gap", "", "", true});
        call(LinkMessage{"quality", "stale", "bad", "NIFTY", "", ""});
        state = strategy->runtime().state();
    }
    void fill_market() {
        ChainRow row{"NIFTY 2024-01-25 21750 CE", 21'750, "CE", 1, 1, 1, 1, 1, 1, 50, false};
        row.liquidity = Liquidity::liquid;
        row.mid = row.iv = row.delta = row.gamma = row.theta = row.vega = row.oi_change = 1;
        row.build_up = "long_build_up";
        ChainSnapshot& chain = services.snapshot;
        chain.rows = {row};
        chain.days_to_expiry = 3;
        for (double* figure : {&chain.spot, &chain.atm_strike, &chain.strike_step, &chain.forward, &chain.pcr,
                               &chain.pcr_volume, &chain.max_pain, &chain.atm_iv, &chain.skew, &chain.risk_reversal,
                               &chain.expected_move, &chain.iv_rank, &chain.iv_percentile})
            *figure = 1;
        services.volatility_reading = {15, "normal", 1, 1, 1, 1};
        services.qualities["NIFTY"] = {true, "stale,frozen,skewed,missing,gaps,suspect", 1, 1, 1, 1};
        services.open_positions = {whole_position()};
    }
    void call(const CallMessage& message) {
        CallbackOutput output;
        const auto result = strategy->call(message, output);
        ASSERT_EQ(result.status, CallbackStatus::ok) << result.message;
    }
    void environment() { lua_rawgeti(state, LUA_REGISTRYINDEX, strategy->environment_ref); }
    // Leaves the upvalue of that name of the function on top in its place.
    void upvalue(const char* name) {
        for (int i = 1;; ++i) {
            const char* found = lua_getupvalue(state, -1, i);
            ASSERT_NE(found, nullptr) << name;
            if (std::string_view(found) == name) break;
            lua_pop(state, 1);
        }
        lua_remove(state, -2);
    }
    void push_ctx() {
        lua_pushvalue(state, LuaRuntime::kHandlerSlot + 1 + static_cast<int>(ScriptCallback::bar));
        upvalue("ctx");
    }
    void push_seen(std::string_view name) {
        push_ctx();
        lua_getfield(state, -1, "saw");
        lua_getfield(state, -1, std::string(name).c_str());
        lua_replace(state, -3);
        lua_pop(state, 1);
    }

    FakeServices services;
    std::unique_ptr<LuaStrategy> strategy;
    lua_State* state = nullptr;
};

TEST_F(LiveSandboxTest, globals_and_libraries_are_those_of_the_registry) {
    environment();
    push_behind(state);
    Names expected = registered("");
    for (const char* library : {"param", "string", "table", "math", "bit", "os"}) {
        expected.emplace(library);
        lua_getfield(state, -1, library);
        push_behind(state);
        EXPECT_EQ(keys_of_top(state), registered(library)) << library;
    }
    EXPECT_EQ(keys_of_top(state), expected);
}

TEST_F(LiveSandboxTest, ctx_has_the_methods_of_the_registry) {
    push_ctx();
    ASSERT_NE(lua_getmetatable(state, -1), 0);
    lua_getfield(state, -1, "__index");
    upvalue("methods");
    Names expected;
    for (const ApiName* entry : api_members("ctx")) {
        if (entry->is_call()) {
            expected.emplace(entry->name);
        } else {
            push_ctx();
            lua_getfield(state, -1, std::string(entry->name).c_str());
            EXPECT_FALSE(lua_isnil(state, -1)) << entry->name;
            lua_pop(state, 2);
        }
    }
    EXPECT_EQ(keys_of_top(state), expected);
}

TEST_F(LiveSandboxTest, tables_have_the_fields_of_the_registry) {
    for (const char* owner : {"bar", "tick", "leg", "position", "quote", "order", "fill", "account", "volatility",
                              "quality", "risk_event", "link_event"}) {
        push_seen(owner);
        ASSERT_TRUE(lua_istable(state, -1)) << owner;
        EXPECT_EQ(keys_of_top(state), registered(owner)) << owner;
    }
}

TEST_F(LiveSandboxTest, objects_have_the_methods_of_the_registry) {
    for (const char* owner : {"bars", "indicator", "indicator_definition"}) {
        push_seen(owner);
        push_behind(state);
        Names names = keys_of_top(state);
        EXPECT_EQ(names, registered(owner)) << owner;
    }
    push_seen("chain");
    Names names = keys_of_top(state);
    push_seen("chain");
    push_behind(state);
    names.merge(keys_of_top(state));
    EXPECT_EQ(names, registered("chain"));
}

TEST(ApiRegistry, names_are_unique_and_say_what_they_are) {
    std::set<std::string> seen;
    for (const ApiName& entry : api_registry()) {
        EXPECT_TRUE(seen.insert(entry.full_name()).second) << entry.full_name();
        EXPECT_FALSE(entry.help.empty()) << entry.full_name();
        EXPECT_TRUE(entry.is_call() || !entry.type.empty()) << entry.full_name();
        EXPECT_TRUE(entry.owner.empty() || find_api_owner(entry.owner) != nullptr) << entry.full_name();
    }
}

TEST(ApiRegistry, callbacks_are_those_that_the_engine_calls) {
    std::set<std::string> engine, registry;
    for (const char* name : kScriptCallbackNames) engine.insert(name);
    for (const ApiName& entry : api_registry()) {
        if (entry.kind == ApiKind::callback) registry.emplace(entry.name);
    }
    EXPECT_EQ(registry, engine);
}

TEST(ApiRegistry, help_shows_a_call_an_object_and_what_is_spelled_nearly_so) {
    const std::string after = api_help("ctx:after");
    EXPECT_EQ(after,
              "ctx:after(seconds: number, name: string)\n  calls on_timer(ctx, name) later\n"
              "  example:  ctx:after(300, \"look again\")\n");
    EXPECT_EQ(api_help("ctx.after"), after);
    EXPECT_NE(api_help("quote").find("quote.underlying"), std::string::npos);
    EXPECT_EQ(api_help("ctx:entr"), "there is no 'ctx:entr'; did you mean 'ctx:enter'?\n");
}

TEST(ApiRegistry, the_page_is_what_the_registry_says) {
    EXPECT_EQ(file_text("docs/lua-api.md"), api_reference_markdown()) << "run ./dev docs";
}

TEST(ApiRegistry, the_annotations_are_what_the_registry_says) {
    EXPECT_EQ(file_text("scripts/_meta/tide.lua"), api_annotations()) << "run ./dev docs";
}

TEST(ApiRegistry, the_annotations_are_lua) {
    lua_State* state = luaL_newstate();
    const std::string text = api_annotations();
    EXPECT_EQ(luaL_loadbuffer(state, text.data(), text.size(), "tide.lua"), 0) << lua_tostring(state, -1);
    lua_close(state);
    EXPECT_TRUE(text.starts_with("---@meta"));
}

// ---- the checks that are made of it

class ApiChecksTest : public LuaHostTest {};

TEST_F(ApiChecksTest, a_wrong_argument_is_named_with_what_was_expected_and_what_came) {
    const std::pair<const char*, const char*> cases[] = {
        {"ctx:skip()", "ctx:skip: why must be a text that says why, got nil"},
        {"ctx:skip('')", "ctx:skip: why must be a text that says why, got ''"},
        {"ctx:skip('x', 5)", "ctx:skip: symbol must be a text, got 5"},
        {"ctx:after('5', 'x')", "ctx:after: seconds must be above 0 and at most 604800 (a week), got '5'"},
        {"ctx:after(0, 'x')", "ctx:after: seconds must be above 0 and at most 604800 (a week), got 0"},
        {"ctx:after(604801, 'x')", "ctx:after: seconds must be above 0 and at most 604800 (a week), got 604801"},
        {"ctx:after(5, ('x'):rep(65))", "ctx:after: name must be a text of 1 to 64 bytes, got"},
        {"ctx:notify {}", "ctx:notify: text must be a text, got table"},
        {"ctx:mark('m', -1)", "ctx:mark: price must be a price above 0 in rupees, got -1"},
        {"ctx:mark('m', 0 / 0)", "ctx:mark: price must be a price above 0 in rupees, got"},
        {"ctx:plot('p', math.huge)",
         "ctx:plot: value must be a number from -1000000000000000 to 1000000000000000, got inf"},
        {"ctx:plot(5, 1)", "ctx:plot: name must be a text of 1 to 64 bytes, got 5"},
        {"ctx:regime()", "ctx:regime: symbol must be a text, got nil"},
        {"ctx:chain('NIFTY', 'weekly')", "ctx:chain: options must be a table, got 'weekly'"},
        {"ctx:bars('NIFTY', '1m'):highest(0)", "bars:highest: length must be a whole number, at least 1, got 0"},
        {"ctx:bars('NIFTY', '1m'):lowest(2.5)", "bars:lowest: length must be a whole number, at least 1, got 2.5"},
    };
    for (const auto& [body, text] : cases)
        EXPECT_NE(said(body, "chain = { strikes = 5 }").find(std::string("probe.lua:3: ") + text), std::string::npos)
            << said(body, "chain = { strikes = 5 }");
}

TEST_F(ApiChecksTest, a_leg_is_asked_for_by_call_or_put) {
    services.snapshot.atm_strike = 100;
    services.snapshot.rows.push_back({"leg", 100, "CE"});
    const std::string needs = "chain = { strikes = 5 }";
    EXPECT_NE(
        said("ctx:chain('NIFTY'):atm('CALL')", needs).find("chain:atm: side must be \"CE\" or \"PE\", got 'CALL'"),
        std::string::npos);
    EXPECT_NE(
        said("ctx:chain('NIFTY'):otm('CE', -1)", needs).find("chain:otm: n must be a whole number, at least 0, got -1"),
        std::string::npos);
}

TEST_F(ApiChecksTest, another_api_is_refused_with_what_there_is) {
    EXPECT_NE(
        load_error("local S = strategy { name = 'p', version = '1', api = 2, needs = { symbols = { 'X' } } }\nreturn S")
            .find("probe.lua:1: strategy: api must be 1, got 2; this engine offers api 1: write api = 1, or use a "
                  "newer engine"),
        std::string::npos);
}

TEST_F(ApiChecksTest, plots_and_marks_reach_the_output) {
    EXPECT_EQ(said("ctx:plot('spread', 2.5) ctx:plot('hole', nil, 'BANKNIFTY') ctx:mark('breakout', bar.close)"), "");
    ASSERT_EQ(output.plots.size(), 3U);
    EXPECT_EQ(output.plots[0].symbol, "NIFTY");
    EXPECT_EQ(output.plots[0].name, "spread");
    EXPECT_EQ(output.plots[0].value, 2.5);
    EXPECT_FALSE(output.plots[0].mark);
    EXPECT_EQ(output.plots[1].symbol, "BANKNIFTY");
    EXPECT_TRUE(std::isnan(output.plots[1].value));
    EXPECT_TRUE(output.plots[2].mark);
    EXPECT_EQ(output.plots[2].value, 100);
}

TEST_F(ApiChecksTest, changed_parameters_are_in_force_and_on_params_gets_the_old_ones) {
    load(
        "local S = strategy { name = 'probe', version = '1', api = 1, needs = { symbols = { 'NIFTY' }, bars = { '1m' } "
        "},\n"
        "params = { n = param.integer(5, 1, 10), on = param.bool(true), c = param.choice('a', { 'a', 'b' }) } }\n"
        "function S.on_params(ctx, old) ctx:log(old.n, old.on, old.c, ctx.params.n, ctx.params.on, ctx.params.c) end\n"
        "return S");
    output.clear();
    EXPECT_EQ(host.call(kSlot, ParamsMessage{"c=b\nn=7\non=false\n"}, output).status, CallbackStatus::ok);
    ASSERT_EQ(output.logs.size(), 1U);
    EXPECT_EQ(output.logs[0].text, "5 true a 7 false b");
}

TEST_F(ApiChecksTest, parameters_change_for_a_script_without_on_params) {
    const auto declared = load(
        "local S = strategy { name = 'probe', version = '1', api = 1, needs = { symbols = { 'NIFTY' }, bars = { '1m' } "
        "},\n"
        "params = { n = param.integer(5, 1, 10, { help = 'how many' }), c = param.choice('a', { 'a', 'b' }) } }\n"
        "function S.on_bar(ctx) ctx:log(ctx.params.n) end\nreturn S");
    ASSERT_EQ(declared.parameter_definitions.size(), 2U);
    EXPECT_EQ(declared.parameter_definitions[0].choices, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(declared.parameter_definitions[1].kind, "integer");
    EXPECT_EQ(declared.parameter_definitions[1].max, 10);
    EXPECT_EQ(declared.parameter_definitions[1].help, "how many");
    EXPECT_EQ(host.call(kSlot, ParamsMessage{"c=a\nn=7\n"}, output).status, CallbackStatus::ok);
    bar();
    EXPECT_EQ(output.logs.at(0).text, "7");
}

TEST_F(ApiChecksTest, on_position_gets_the_position_and_what_changed) {
    load(
        strategy_text("function S.on_position(ctx, position, change) ctx:log(position.id, position.lots, position.tag, "
                      "change) end"));
    PositionMessage position = whole_position();
    position.lots = 2;
    position.tag = "entry";
    output.clear();
    EXPECT_EQ(host.call(kSlot, PositionChangeMessage{position, "opened"}, output).status, CallbackStatus::ok);
    EXPECT_EQ(output.logs.at(0).text, "7 2 entry opened");
}

TEST_F(ApiChecksTest, more_plots_than_notes_are_allowed_fail_the_callback) {
    load(strategy_text("function S.on_bar(ctx, bar) for i = 1, 1000 do ctx:plot('p', i) end end"));
    EXPECT_EQ(bar().status, CallbackStatus::budget);
    EXPECT_TRUE(output.plots.empty());
}

}  // namespace
}  // namespace tide::test
